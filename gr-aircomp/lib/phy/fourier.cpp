// SPDX-License-Identifier: GPL-3.0-or-later
// Batches of transforms by FFTW. Plans are estimated, not measured: a measured plan may differ from
// run to run, and results with it.
#include "fourier.hpp"

#include <algorithm>
#include <mutex>
#include <new>
#include <stdexcept>

namespace gr::aircomp::phy {
namespace {

/// FFTW's planner is the one part of it that threads must not enter together.
std::mutex& planner() {
    static std::mutex mutex;
    return mutex;
}

}  // namespace

void FourierBatch::DestroyPlan::operator()(fftwf_plan_s* plan) const {
    const std::lock_guard<std::mutex> lock(planner());
    fftwf_destroy_plan(plan);
}

FourierBatch::FourierBatch(std::size_t size, std::size_t count, Direction direction)
    : size_(size), total_(size * count) {
    auto* const raw = fftwf_alloc_complex(std::max<std::size_t>(total_, 1));
    if (raw == nullptr) throw std::bad_alloc();
    buffer_.reset(reinterpret_cast<Sample*>(raw));
    std::fill_n(buffer_.get(), total_, Sample());
    const int n = static_cast<int>(size);
    const int sign = direction == Direction::forward ? FFTW_FORWARD : FFTW_BACKWARD;
    const std::lock_guard<std::mutex> lock(planner());
    plan_.reset(fftwf_plan_many_dft(1, &n, static_cast<int>(count), raw, nullptr, 1, n, raw,
                                    nullptr, 1, n, sign, FFTW_ESTIMATE));
    if (!plan_) throw std::runtime_error("FFTW cannot plan a transform");
}

}  // namespace gr::aircomp::phy
