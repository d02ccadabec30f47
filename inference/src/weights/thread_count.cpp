// SPDX-License-Identifier: GPL-3.0-or-later
// Counts cores.
#include "aircomp/inference/thread_count.hpp"

#include <algorithm>
#include <thread>

namespace aircomp::inference {

int thread_count(int wanted, int processes) {
    if (wanted > 0) return wanted;
    // 0 cores: the system does not say.
    return std::max(1, static_cast<int>(std::thread::hardware_concurrency()) / processes);
}

}  // namespace aircomp::inference
