// SPDX-License-Identifier: GPL-3.0-or-later
// Frame synchronisation: correlation by overlap-save, detection, timing, carrier offset.
#include "gnuradio/aircomp/phy/frame_sync.hpp"

#include <volk/volk.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <stdexcept>
#include <string>

#include "fourier.hpp"
#include "usable.hpp"

namespace gr::aircomp::phy {
namespace {

constexpr double pi = 3.14159265358979323846;
constexpr double two_pi = 2 * pi;
// A path this much weaker than the strongest moves no window: -13 dB, above the sidelobes.
constexpr float weakest_path = 0.05F;
// Below so much of a window's highest power there is only rounding of the transforms.
constexpr float silence = 1e-9F;
// And of a preamble's: correlations are as exact as floats.
constexpr double rounding = 1e-12;

/// log of the Chernoff bound on P(Re D > x): min over s of -s x - N_r sum_k log(1 - s lambda_k).
double chernoff_exponent(std::size_t antennas, std::size_t periods, double x) {
    double best = 0;
    const double largest = std::cos(pi / static_cast<double>(periods + 1));
    for (int step = 1; step < 1000; ++step) {
        const double s = step * 1e-3 / largest;
        double exponent = -s * x;
        for (std::size_t k = 1; k <= periods; ++k) {
            const double lambda =
                std::cos(pi * static_cast<double>(k) / static_cast<double>(periods + 1));
            exponent -= static_cast<double>(antennas) * std::log1p(-s * lambda);
        }
        best = std::min(best, exponent);
    }
    return best;
}

}  // namespace

double sync_threshold(std::size_t antennas, std::size_t periods, double false_alarm) {
    // |D| > x implies Re(D e^(-j theta)) > x cos(pi / 8) for one of eight phases theta.
    const double target = std::log(false_alarm / 8);
    double low = 0;
    double high = 1e4;
    while (high - low > 1e-6 * high) {
        const double middle = (low + high) / 2;
        (chernoff_exponent(antennas, periods, middle) > target ? low : high) = middle;
    }
    return high / std::cos(pi / 8);
}

namespace {

/// A function of the angle by which a period turns, and its derivatives.
struct Periodogram {
    double value = 0;
    double slope = 0;
    double curvature = 0;
};

}  // namespace

struct FrameSync::State {
    State(const BurstFormat& burst_format, std::size_t antenna_count, std::size_t samples,
          double false_alarm)
        : format(burst_format),
          antennas(antenna_count),
          most_samples(samples),
          threshold(sync_threshold(antenna_count, burst_format.sync_periods, false_alarm)),
          block(std::max<std::size_t>(256, 8 * burst_format.sync_period)),
          forward(block, 1, Direction::forward),
          backward(block, 1, Direction::backward),
          correlation(antenna_count * samples),
          neighbour_products(samples),
          products(samples),
          power(samples),
          metric(samples),
          sequence(sync_sequence(burst_format)) {
        FourierBatch transform(block, 1, Direction::forward);
        std::copy(sequence.begin(), sequence.end(), transform.samples().begin());
        transform.execute();
        // Correlations of noise of power one shall have power one; FFTW does not normalise.
        const float gain =
            1 / (static_cast<float>(block) * std::sqrt(static_cast<float>(format.sync_period)));
        for (const Sample value : transform.samples())
            template_spectrum.push_back(std::conj(value) * gain);
    }

    std::size_t length() const {
        return static_cast<std::size_t>(format.sync_period) * format.sync_periods;
    }
    Sample* correlation_of(std::size_t antenna) { return &correlation[antenna * most_samples]; }

    void correlate(gsl::span<const Sample> received, std::size_t antenna);
    void measure_power(gsl::span<const Sample> received, std::size_t samples);
    void combine(std::size_t samples);
    Periodogram periodogram(std::size_t position, double angle);
    double refine_angle(std::size_t position, double angle);
    double aligned_power(gsl::span<const Sample> received, std::size_t peak, double offset) const;
    Sync describe(gsl::span<const Sample> received, std::size_t peak, std::size_t positions);

    BurstFormat format;
    std::size_t antennas;
    std::size_t most_samples;
    double threshold;
    std::size_t block;  // of overlap-save
    FourierBatch forward, backward;
    std::vector<Sample> template_spectrum;
    std::vector<Sample> correlation;         // q, [antennas, most_samples]
    std::vector<Sample> neighbour_products;  // sum over antennas of q(t + period) conj(q(t))
    std::vector<Sample> products;
    std::vector<float> power;      // mean over antennas and a preamble's length, per position
    std::vector<float> metric;     // |D|
    std::vector<Sample> sequence;  // one period of the preamble
};

// q(t) = sum_n x(t + n) conj(z(n)), for every t at which a whole period lies in the window.
void FrameSync::State::correlate(gsl::span<const Sample> received, std::size_t antenna) {
    Sample* const out = correlation_of(antenna);
    const std::size_t valid = block - format.sync_period + 1;
    const std::size_t positions = received.size() - format.sync_period + 1;
    for (std::size_t begin = 0; begin < positions; begin += valid) {
        const std::size_t count = std::min(block, received.size() - begin);
        auto in = forward.samples();
        const auto from = received.begin() + static_cast<std::ptrdiff_t>(begin);
        std::transform(from, from + static_cast<std::ptrdiff_t>(count), in.begin(),
                       [](Sample x) { return usable(std::norm(x)) ? x : Sample(); });
        std::fill(in.begin() + static_cast<std::ptrdiff_t>(count), in.end(), Sample());
        forward.execute();
        volk_32fc_x2_multiply_32fc(backward.samples().data(), in.data(), template_spectrum.data(),
                                   static_cast<unsigned>(block));
        backward.execute();
        std::copy_n(backward.samples().begin(), std::min(valid, positions - begin), out + begin);
    }
}

void FrameSync::State::measure_power(gsl::span<const Sample> received, std::size_t samples) {
    const std::size_t stride = received.size() / antennas;
    std::fill_n(power.begin(), samples, 0.0F);
    for (std::size_t r = 0; r < antennas; ++r) {
        const auto* const x = reinterpret_cast<const float*>(&received[r * stride]);
        for (std::size_t t = 0; t < samples; ++t) {
            const float own = x[2 * t] * x[2 * t] + x[2 * t + 1] * x[2 * t + 1];
            power[t] += usable(own) ? own : 0;
        }
    }
    // In double: what enters a running sum has to leave it again exactly enough.
    double sum = 0;
    const double gain = 1.0 / static_cast<double>(antennas * length());
    for (std::size_t t = 0; t < length(); ++t)
        sum += power[t];
    for (std::size_t t = 0; t + length() <= samples; ++t) {
        const double leaving = power[t];
        const double entering = t + length() < samples ? power[t + length()] : 0.0;
        power[t] = static_cast<float>(sum * gain);
        sum += entering - leaving;
    }
}

// D(t) = sum over antennas and periods of s_m s_(m+1) q(t + (m+1) T) conj(q(t + m T)).
void FrameSync::State::combine(std::size_t samples) {
    const std::size_t period = format.sync_period;
    const std::size_t pairs = samples - 2 * period + 1;
    const std::size_t positions = samples - length() + 1;
    std::fill_n(neighbour_products.begin(), pairs, Sample());
    for (std::size_t r = 0; r < antennas; ++r) {
        const Sample* const q = correlation_of(r);
        volk_32fc_x2_multiply_conjugate_32fc(products.data(), q + period, q,
                                             static_cast<unsigned>(pairs));
        for (std::size_t t = 0; t < pairs; ++t)
            neighbour_products[t] += products[t];
    }
    std::fill_n(products.begin(), positions, Sample());
    for (std::size_t m = 0; m + 1 < format.sync_periods; ++m) {
        const auto sign = static_cast<float>(sync_sign(format, m) * sync_sign(format, m + 1));
        const Sample* const from = &neighbour_products[m * period];
        for (std::size_t t = 0; t < positions; ++t)
            products[t] += sign * from[t];
    }
    volk_32fc_magnitude_32f(metric.data(), products.data(), static_cast<unsigned>(positions));
}

// sum_r |S_r(f)|^2 with S_r(f) = sum_m s_m q_r(t + m T) e^(-j 2 pi f m T), by the angle 2 pi f T.
Periodogram FrameSync::State::periodogram(std::size_t position, double angle) {
    Periodogram result;
    for (std::size_t r = 0; r < antennas; ++r) {
        std::complex<double> s, s1, s2;
        for (std::size_t m = 0; m < format.sync_periods; ++m) {
            const std::complex<double> q = correlation_of(r)[position + m * format.sync_period];
            const auto turned = q * static_cast<double>(sync_sign(format, m)) *
                                std::polar(1.0, -angle * static_cast<double>(m));
            const std::complex<double> factor(0, -static_cast<double>(m));
            s += turned;
            s1 += factor * turned;
            s2 += factor * factor * turned;
        }
        result.value += std::norm(s);
        result.slope += 2 * std::real(std::conj(s) * s1);
        result.curvature += 2 * (std::norm(s1) + std::real(std::conj(s) * s2));
    }
    return result;
}

/// Newton's method on the periodogram, from an estimate within its main lobe; never further a step
/// than half of that.
double FrameSync::State::refine_angle(std::size_t position, double angle) {
    const double step_limit = pi / format.sync_periods;
    for (int step = 0; step < 3; ++step) {
        const Periodogram at = periodogram(position, angle);
        if (at.curvature >= 0) break;
        angle -= std::clamp(at.slope / at.curvature, -step_limit, step_limit);
    }
    return angle;
}

/// What correlates with the preamble turned by `offset`: power a sample, all antennas together.
double FrameSync::State::aligned_power(gsl::span<const Sample> received, std::size_t peak,
                                       double offset) const {
    const std::size_t stride = received.size() / antennas;
    const auto step = std::polar(1.0, -two_pi * offset);
    double aligned = 0;
    for (std::size_t r = 0; r < antennas; ++r) {
        std::complex<double> sum;
        std::complex<double> turn = 1;
        for (std::size_t n = 0; n < length(); ++n, turn *= step) {
            const Sample x = received[r * stride + peak + n];
            if (!usable(std::norm(x))) continue;
            const auto sign = static_cast<double>(sync_sign(format, n / format.sync_period));
            sum += std::complex<double>(x) * turn * sign *
                   std::conj(std::complex<double>(sequence[n % format.sync_period]));
        }
        aligned += std::norm(sum / static_cast<double>(length()));
    }
    return aligned;
}

Sync FrameSync::State::describe(gsl::span<const Sample> received, std::size_t peak,
                                std::size_t positions) {
    const float floor =
        std::max(weakest_path * metric[peak], static_cast<float>(threshold / 2) * power[peak]);
    std::size_t first = peak;
    std::size_t last = peak;
    const std::size_t reach = format.prefix;
    for (std::size_t t = peak > reach ? peak - reach : 0; t < peak && first == peak; ++t)
        if (metric[t] > floor) first = t;
    for (std::size_t t = std::min(first + reach, positions - 1); t > peak && last == peak; --t)
        if (metric[t] > floor) last = t;
    Sync sync;
    sync.start = static_cast<std::ptrdiff_t>(first) - format.prefix - format.ramp;
    sync.spread = static_cast<std::ptrdiff_t>(last - first);
    sync.statistic = metric[peak] / (threshold * power[peak]);
    const double turn = two_pi * format.sync_period;
    const double angle = refine_angle(peak, std::arg(products[peak]));
    sync.offset = angle / turn;
    // What is not aligned with the turned preamble is noise, or a path that serves as such.
    const double all = static_cast<double>(power[peak]) * static_cast<double>(antennas);
    const double aligned = aligned_power(received, peak, sync.offset);
    sync.snr = aligned * static_cast<double>(antennas) / std::max(all - aligned, rounding * all);
    // What turns within a period is lost to the periods' correlations.
    const double half = angle / 2;
    const double kept = half == 0 ? 1 : std::pow(std::sin(half) / half, 2);
    const double m = format.sync_periods;
    // Cramer and Rao's bound for the phases of m segments of signal-to-noise ratio T snr each.
    sync.offset_variance =
        12 / kept / (turn * turn * 2 * format.sync_period * sync.snr * m * (m * m - 1));
    return sync;
}

FrameSync::FrameSync(const BurstFormat& format, std::size_t antennas, std::size_t most_samples,
                     double false_alarm) {
    validate(format);
    if (antennas < 1)
        throw std::invalid_argument("frame sync: expected at least 1 antenna, found 0");
    const std::size_t length = static_cast<std::size_t>(format.sync_period) * format.sync_periods;
    if (most_samples < length) {
        throw std::invalid_argument("frame sync: expected a window of at least " +
                                    std::to_string(length) + " samples, found " +
                                    std::to_string(most_samples));
    }
    if (!(false_alarm > 0 && false_alarm < 1)) {
        throw std::invalid_argument(
            "frame sync: expected a false alarm probability in (0, 1), found " +
            std::to_string(false_alarm));
    }
    state_ = std::make_unique<State>(format, antennas, most_samples, false_alarm);
}

FrameSync::~FrameSync() = default;
FrameSync::FrameSync(FrameSync&&) noexcept = default;
FrameSync& FrameSync::operator=(FrameSync&&) noexcept = default;

double FrameSync::threshold() const {
    return state_->threshold;
}

std::optional<Sync> FrameSync::find(gsl::span<const Sample> received, std::size_t searched) {
    State& s = *state_;
    const std::size_t stride = received.size() / s.antennas;
    const std::size_t samples = std::min(stride, searched);
    if (stride * s.antennas != received.size() || samples > s.most_samples) {
        throw std::invalid_argument("frame sync: expected " + std::to_string(s.antennas) +
                                    " antennas of at most " + std::to_string(s.most_samples) +
                                    " samples, found " + std::to_string(received.size()) +
                                    " samples in all");
    }
    if (samples < s.length()) return std::nullopt;
    for (std::size_t r = 0; r < s.antennas; ++r)
        s.correlate(received.subspan(r * stride, samples), r);
    s.measure_power(received, samples);
    s.combine(samples);
    const std::size_t positions = samples - s.length() + 1;
    const auto limit = static_cast<float>(s.threshold);
    const float floor =
        silence * *std::max_element(s.power.begin(),
                                    s.power.begin() + static_cast<std::ptrdiff_t>(positions));
    for (std::size_t i = 0; i < positions; ++i)
        s.power[i] = std::max(s.power[i], floor);
    std::size_t t = 0;
    while (t < positions && !(s.metric[t] > limit * s.power[t]))
        ++t;
    if (t == positions) return std::nullopt;
    // Shifted by whole periods a preamble correlates with itself as well, though less; and what
    // follows it may be far stronger, hence the comparison relative to the power of each position.
    std::size_t peak = t;
    const std::size_t end = std::min(positions, t + s.length() + s.format.prefix);
    for (; t < end; ++t)
        if (s.metric[t] * s.power[peak] > s.metric[peak] * s.power[t]) peak = t;
    return s.describe(received, peak, positions);
}

}  // namespace gr::aircomp::phy
