// SPDX-License-Identifier: GPL-3.0-or-later
// What an all-reduce over the control link takes by itself, beside what TCP takes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <vector>

namespace aircomp::runtime::testbed {

struct ControlBenchOptions {
    std::filesystem::path program;  ///< aircomp, which is run as `aircomp device`.
    int devices = 4;
    std::int64_t length = 2048;  ///< D, reals of a vector; a power of two or a multiple of 64.
    int rounds = 4400;           ///< All-reduces to time at least.
};

struct ControlBench {
    std::size_t frame_bytes = 0;       ///< Of the message that carries a sum.
    std::vector<double> all_reduce_s;  ///< From one sum to the next, one each.
    std::vector<double> echo_s;        ///< Of so many bytes to one process and back.
    std::vector<double> echo_all_s;    ///< To as many processes as devices, and back from all.
    double compute_s = 0;              ///< Of an all-reduce, mean: a device's arithmetic.
};

/// Runs a coordinator here and `devices` device processes on the loopback interface over a model
/// whose slices are next to nothing, a token at a time, and echoes between the tokens. Throws
/// std::runtime_error where a device does not start or is lost.
ControlBench measure_control(const ControlBenchOptions& options);

}  // namespace aircomp::runtime::testbed
