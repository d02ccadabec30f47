// SPDX-License-Identifier: GPL-3.0-or-later
// What this machine reaches: how fast it reads memory and how fast it computes. One token reads
// every weight once, so that both bound a decoder.
#pragma once

#include <memory>

#include "aircomp/inference/compute.hpp"

namespace aircomp::inference {

/// Memory of our own, far beyond any cache, to measure read bandwidth with.
class ReadProbe {
public:
    /// `threads` read at once, >= 1.
    explicit ReadProbe(int threads);
    ~ReadProbe();

    /// Bytes per second at which all of it is read once.
    double bytes_per_s();

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// FLOP per second of this machine in an MLP of one token, measured within some 50 ms. Throws as
/// require_compute() does.
double measure_compute_rate(int threads, const Compute& compute = {});

}  // namespace aircomp::inference
