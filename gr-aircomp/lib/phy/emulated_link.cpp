// SPDX-License-Identifier: GPL-3.0-or-later
// The link between two antennas as the channel emulator imitates it.
#include "emulated_link.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "gnuradio/aircomp/phy/noise.hpp"
#include "gnuradio/aircomp/phy/seed.hpp"
#include "trigonometry.hpp"

namespace gr::aircomp::phy::emulation {
namespace {

/// Steps of the kernel's table, linear in between, and its window's shape.
constexpr std::size_t kernel_steps = 256;
constexpr double kernel_beta = 4;
/// Rays that make a fading path.
constexpr std::size_t rays = 8;

/// Modified Bessel function of order 0, by its series; |x| below 10.
double bessel_i0(double x) {
    double term = 1;
    double sum = 1;
    for (int k = 1; k < 40; ++k) {
        term *= x * x / (4.0 * k * k);
        sum += term;
    }
    return sum;
}

double sinc(double x) {
    if (x == std::floor(x)) return x == 0 ? 1 : 0;
    return std::sin(pi * x) / (pi * x);
}

using Kernel = std::array<float, kernel_taps>;

/// A delay of kernel_taps / 2 - 1 + fraction samples: sinc under a Kaiser window, sum 1.
Kernel make_kernel(double fraction) {
    constexpr double half = kernel_taps / 2.0;
    std::array<double, kernel_taps> taps{};
    for (std::size_t i = 0; i < kernel_taps; ++i) {
        const double x = static_cast<double>(i) - (half - 1) - fraction;
        const double fall = std::sqrt(std::max(0.0, 1 - x * x / (half * half)));
        taps[i] = sinc(x) * bessel_i0(kernel_beta * fall);
    }
    const double sum = std::accumulate(taps.begin(), taps.end(), 0.0);
    Kernel kernel{};
    std::transform(taps.begin(), taps.end(), kernel.begin(),
                   [sum](double tap) { return static_cast<float>(tap / sum); });
    return kernel;
}

/// Kernels of fractions 0, 1 / kernel_steps, ..., 1.
const std::vector<Kernel>& kernels() {
    static const std::vector<Kernel> table = [] {
        std::vector<Kernel> rows;
        for (std::size_t s = 0; s <= kernel_steps; ++s)
            rows.push_back(make_kernel(static_cast<double>(s) / static_cast<double>(kernel_steps)));
        return rows;
    }();
    return table;
}

/// exp(j 2 pi turns), any number of turns, to float's precision.
std::complex<float> phasor(double turns) {
    float cosine, sine;
    unit_circle(static_cast<float>(turns - std::floor(turns)), cosine, sine);
    return {cosine, sine};
}

double angle_in_turns(std::complex<double> z) {
    return std::arg(z) / (2 * pi);
}

}  // namespace

Link::Link(std::uint64_t seed, double most_delay) : seed_(seed), most_delay_(most_delay) {
    const std::size_t most_taps = static_cast<std::size_t>(std::ceil(most_delay)) + kernel_taps + 1;
    real_.resize(most_taps);
    imaginary_.resize(most_taps);
    paths_.reserve(ChannelEmulator::most_paths);
    rays_.resize(ChannelEmulator::most_paths * rays);
}

void Link::set(gsl::span<const Path> paths) {
    require(paths.size() <= ChannelEmulator::most_paths, "paths", "at most 64", paths.size());
    for (const Path& path : paths) {
        require(path.delay >= 0 && path.delay <= most_delay_, "path delay", "from 0 to most_delay",
                path.delay);
        require(std::isfinite(std::norm(path.gain)), "path gain", "finite", path.gain);
        require(path.spread_hz >= 0 && std::isfinite(path.spread_hz), "path spread_hz", ">= 0",
                path.spread_hz);
        require(std::isfinite(path.shift_hz), "path shift_hz", "finite", path.shift_hz);
    }
    paths_.assign(paths.begin(), paths.end());
    moves_ = std::any_of(paths.begin(), paths.end(),
                         [](const Path& p) { return p.shift_hz != 0 || p.spread_hz != 0; });
    draw_rays();
}

// Jakes: rays from directions spread evenly, turned by a random part of their distance.
void Link::draw_rays() {
    std::array<std::complex<float>, rays + 1> draws{};
    for (std::size_t p = 0; p < paths_.size(); ++p) {
        const std::uint64_t own = paths_[p].fading_seed;
        NoiseGenerator(own != 0 ? own : derive_seed(seed_, p)).fill(draws, 1.0F);
        const double offset = angle_in_turns(draws[rays]);
        for (std::size_t s = 0; s < rays; ++s) {
            const double direction = (static_cast<double>(s) + offset) / static_cast<double>(rays);
            rays_[p * rays + s] = {paths_[p].spread_hz * std::cos(2 * pi * direction),
                                   angle_in_turns(draws[s])};
        }
    }
}

std::complex<float> Link::gain(std::size_t path, double seconds) const {
    const Path& p = paths_[path];
    std::complex<float> gain(p.gain);
    if (p.shift_hz != 0) gain *= phasor(p.shift_hz * seconds);
    if (p.spread_hz == 0) return gain;
    std::complex<float> sum = 0;
    for (std::size_t s = path * rays; s < (path + 1) * rays; ++s)
        sum += phasor(rays_[s].shift_hz * seconds + rays_[s].turns);
    return gain * sum / std::sqrt(static_cast<float>(rays));
}

void Link::refresh(double seconds, double lag) {
    first_ = taps_ = skipped_ = 0;
    if (paths_.empty()) return;
    const auto sooner = [](const Path& a, const Path& b) { return a.delay < b.delay; };
    const auto ends = std::minmax_element(paths_.begin(), paths_.end(), sooner);
    const auto first = static_cast<std::size_t>(lag + ends.first->delay);
    const auto last = static_cast<std::size_t>(lag + ends.second->delay);
    first_ = first - (kernel_taps / 2 - 1);
    taps_ = last - first + kernel_taps;
    std::fill_n(real_.begin(), taps_, 0.0F);
    std::fill_n(imaginary_.begin(), taps_, 0.0F);
    for (std::size_t p = 0; p < paths_.size(); ++p)
        add(gain(p, seconds), lag + paths_[p].delay - static_cast<double>(first));
    trim();
}

void Link::add(std::complex<float> gain, double delay) {
    const auto whole = static_cast<std::size_t>(delay);
    const double steps = (delay - static_cast<double>(whole)) * kernel_steps;
    const auto row = static_cast<std::size_t>(steps);
    const auto weight = static_cast<float>(steps - static_cast<double>(row));
    const Kernel& low = kernels()[row];
    const Kernel& high = kernels()[row + 1];
    float* const real = real_.data() + whole;
    float* const imaginary = imaginary_.data() + whole;
    const float gain_real = gain.real();
    const float gain_imaginary = gain.imag();
    for (std::size_t i = 0; i < kernel_taps; ++i) {
        const float tap = low[i] + weight * (high[i] - low[i]);
        real[i] += gain_real * tap;
        imaginary[i] += gain_imaginary * tap;
    }
}

// Whole delays leave most of the kernel zero.
void Link::trim() {
    const auto zero = [this](std::size_t m) { return real_[m] == 0 && imaginary_[m] == 0; };
    while (taps_ > 0 && zero(taps_ - 1))
        --taps_;
    while (skipped_ < taps_ && zero(skipped_))
        ++skipped_;
    first_ += skipped_;
    taps_ -= skipped_;
}

loops::Filter Link::filter(const float* samples) const {
    return {samples - 2 * static_cast<std::ptrdiff_t>(first_), real_.data() + skipped_,
            imaginary_.data() + skipped_, taps_};
}

std::complex<double> Link::response(double frequency, double latency) const {
    std::complex<double> sum = 0;
    for (std::size_t m = 0; m < taps_; ++m) {
        const double delay = static_cast<double>(first_ + m) - latency;
        sum += std::complex<double>(real_[skipped_ + m], imaginary_[skipped_ + m]) *
               std::polar(1.0, -2 * pi * frequency * delay);
    }
    return sum;
}

}  // namespace gr::aircomp::phy::emulation
