// SPDX-License-Identifier: GPL-3.0-or-later
// The soft limit becomes the hard one.
#include "open_files.hpp"

#include <sys/resource.h>

namespace aircomp::app {

void allow_many_files() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace aircomp::app
