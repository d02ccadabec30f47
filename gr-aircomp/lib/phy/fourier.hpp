// SPDX-License-Identifier: GPL-3.0-or-later
// A batch of equal Fourier transforms in one aligned buffer, planned once.
#pragma once

#include <fftw3.h>

#include <cstddef>
#include <gsl/span>
#include <memory>

#include "gnuradio/aircomp/phy/burst_format.hpp"

namespace gr::aircomp::phy {

enum class Direction { forward, backward };

/// `count` unnormalised transforms of `size` samples each, in place, one after the other.
class FourierBatch {
public:
    FourierBatch(std::size_t size, std::size_t count, Direction direction);

    /// All samples; transform i is [i * size, (i + 1) * size).
    gsl::span<Sample> samples() { return {buffer_.get(), total_}; }
    gsl::span<const Sample> samples() const { return {buffer_.get(), total_}; }
    gsl::span<Sample> transform(std::size_t i) { return {buffer_.get() + i * size_, size_}; }

    void execute() { fftwf_execute(plan_.get()); }

private:
    struct FreeBuffer {
        void operator()(Sample* samples) const { fftwf_free(samples); }
    };
    struct DestroyPlan {
        void operator()(fftwf_plan_s* plan) const;
    };
    std::size_t size_;
    std::size_t total_;
    std::unique_ptr<Sample[], FreeBuffer> buffer_;
    std::unique_ptr<fftwf_plan_s, DestroyPlan> plan_;
};

}  // namespace gr::aircomp::phy
