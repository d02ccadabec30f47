// SPDX-License-Identifier: GPL-3.0-or-later
// Post-processing: synchronise, transform, combine, track, unpack, rotate back.
#include "gnuradio/aircomp/phy/postprocessor.hpp"

#include <volk/volk.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>

#include "fourier.hpp"
#include "gnuradio/aircomp/phy/rotation.hpp"
#include "sizes.hpp"
#include "turning.hpp"
#include "usable.hpp"

namespace gr::aircomp::phy {
namespace {

constexpr double two_pi = 6.28318530717958647692;
// An estimate below so many of its standard errors is rather none: pilots carry the rest.
constexpr double significant = 4;
// Pilots that agree with their reference as well as chance does so often are none.
constexpr double by_chance = 0.05;

double normal_probability_below(double x) {
    return 0.5 * std::erfc(-x / std::sqrt(2.0));
}

}  // namespace

struct Postprocessor::State {
    State(const BurstFormat& burst_format, const Payload& burst_payload, std::size_t antenna_count,
          std::size_t window_samples)
        : format(burst_format),
          payload(burst_payload),
          antennas(antenna_count),
          window(window_samples),
          plan(carrier_plan(burst_format)),
          symbols(format.data_symbols(payload.length, payload.streams)),
          searched(window - symbols * format.symbol_samples()),
          transform(format.fft_size, antennas * symbols, Direction::forward),
          combiners(payload.streams * antennas * plan.data.size()),
          gathered(antennas * plan.data.size()),
          product(plan.data.size()),
          combined(payload.streams * symbols * plan.data.size()),
          pilots(symbols * plan.pilots.size() * payload.streams),
          pilot_sums(symbols * plan.pilots.size()) {
        if (format.data_preamble != 0) sync.emplace(format, antennas, searched);
        if (payload.rotation_seed) {
            rotation.emplace(static_cast<std::int64_t>(payload.length), *payload.rotation_seed);
        }
        for (const std::size_t k : plan.data)
            data_bin.push_back(plan.used_bin[k]);
        report.evm.resize(payload.streams);
        report.phase.resize(symbols);
    }

    const Sample* bins(std::size_t antenna, std::size_t symbol) {
        return transform.transform(antenna * symbols + symbol).data();
    }
    Sample& pilot(std::size_t symbol, std::size_t i, std::size_t stream) {
        return pilots[(symbol * plan.pilots.size() + i) * payload.streams + stream];
    }
    Sample reference(const ReceiveSettings& settings, std::size_t i, std::size_t stream) const {
        return settings.pilot_reference[plan.used_block[plan.pilots[i]] * payload.streams + stream];
    }

    bool synchronise(gsl::span<const Sample> received, const ReceiveSettings& settings);
    std::ptrdiff_t choose_window(const ReceiveSettings& settings) const;
    void to_carriers(gsl::span<const Sample> received, std::ptrdiff_t begin);
    void measure_noise();
    void shift_pilots(double slope);
    void spread_combiners(const ReceiveSettings& settings, double slope);
    void combine_data();
    void combine_pilots(const ReceiveSettings& settings);
    void track_phase(const ReceiveSettings& settings);
    void track_slope();
    bool judge(const ReceiveSettings& settings);
    void unpack(double scale, gsl::span<float> vector);

    BurstFormat format;
    Payload payload;
    std::size_t antennas;
    std::size_t window;
    CarrierPlan plan;
    std::size_t symbols;
    std::size_t searched;
    std::optional<FrameSync> sync;  // where bursts have preambles
    std::optional<Rotation> rotation;
    FourierBatch transform;         // [antennas, symbols, fft_size]
    std::vector<Sample> combiners;  // [streams, antennas, data subcarriers]
    std::vector<Sample> gathered;   // [antennas, data subcarriers]
    std::vector<Sample> product;
    std::vector<Sample> combined;    // [symbols, streams, data subcarriers]
    std::vector<Sample> pilots;      // combined, without sign, [symbols, pilots, streams]
    std::vector<Sample> pilot_sums;  // over streams, times conj(reference), [symbols, pilots]
    std::vector<std::size_t> data_bin;
    ReceiveReport report;
};

/// False where there is no preamble and ought to be one. Without preambles the burst is taken to
/// begin where the sounding's did, its paths in the middle of the prefix.
bool Postprocessor::State::synchronise(gsl::span<const Sample> received,
                                       const ReceiveSettings& settings) {
    report.sync = {};
    report.offset_corrected = false;
    if (!sync) {
        report.sync.start = settings.channel_reference;
        return true;
    }
    const auto found = sync->find(received, searched);
    if (!found) return false;
    report.sync = *found;
    report.offset_corrected =
        found->offset * found->offset > significant * significant * found->offset_variance;
    return true;
}

// Where paths allow it, half a prefix before the reference, whichever paths stand out this time.
std::ptrdiff_t Postprocessor::State::choose_window(const ReceiveSettings& settings) const {
    const std::ptrdiff_t latest = report.sync.start;
    const std::ptrdiff_t earliest =
        std::min<std::ptrdiff_t>(latest, latest + report.sync.spread - format.prefix);
    return std::clamp(settings.channel_reference - format.prefix / 2, earliest, latest);
}

void Postprocessor::State::to_carriers(gsl::span<const Sample> received, std::ptrdiff_t begin) {
    const double size = format.fft_size;
    const auto gain = static_cast<float>(std::sqrt(format.used_subcarriers()) / size);
    const Sample step(std::polar(1.0, -two_pi * report.sync.offset));
    for (std::size_t r = 0; r < antennas; ++r) {
        for (std::size_t s = 0; s < symbols; ++s) {
            const std::ptrdiff_t first =
                begin + static_cast<std::ptrdiff_t>(format.data_head_samples() + format.prefix +
                                                    s * format.symbol_samples());
            const auto body = transform.transform(r * symbols + s);
            const Sample* const from = &received[r * window + static_cast<std::size_t>(first)];
            if (report.offset_corrected) {
                Sample phase(std::polar<double>(
                    gain, -two_pi * report.sync.offset * static_cast<double>(first)));
                turn(body.data(), from, step, phase, format.fft_size);
            } else {
                volk_32f_s32f_multiply_32f(reinterpret_cast<float*>(body.data()),
                                           reinterpret_cast<const float*>(from), gain,
                                           2U * format.fft_size);
            }
        }
    }
    transform.execute();
}

void Postprocessor::State::measure_noise() {
    double power = 0;
    for (std::size_t i = 0; i < antennas * symbols; ++i) {
        const auto body = transform.transform(i);
        for (const std::size_t bin : plan.null_bins)
            power += std::norm(body[bin]);
    }
    report.noise_power_w = power / static_cast<double>(antennas * symbols * plan.null_bins.size());
}

void Postprocessor::State::spread_combiners(const ReceiveSettings& settings, double slope) {
    const std::size_t carriers = plan.data.size();
    const std::size_t size = payload.streams * antennas;
    for (std::size_t i = 0; i < carriers; ++i) {
        const std::size_t k = plan.data[i];
        const Sample* const a = &settings.combiners[plan.used_block[k] * size];
        const Sample turn =
            slope == 0 ? Sample(1) : Sample(std::polar(1.0, -slope * plan.used_frequency[k]));
        for (std::size_t j = 0; j < size; ++j)
            combiners[j * carriers + i] = turn * a[j];
    }
}

void Postprocessor::State::combine_data() {
    const std::size_t carriers = plan.data.size();
    const auto count = static_cast<unsigned>(carriers);
    for (std::size_t s = 0; s < symbols; ++s) {
        for (std::size_t r = 0; r < antennas; ++r) {
            const Sample* const from = bins(r, s);
            for (std::size_t i = 0; i < carriers; ++i)
                gathered[r * carriers + i] = from[data_bin[i]];
        }
        for (std::size_t l = 0; l < payload.streams; ++l) {
            Sample* const out = &combined[(s * payload.streams + l) * carriers];
            const Sample* const a = &combiners[l * antennas * carriers];
            volk_32fc_x2_multiply_32fc(out, gathered.data(), a, count);
            auto* const sum = reinterpret_cast<float*>(out);
            for (std::size_t r = 1; r < antennas; ++r) {
                volk_32fc_x2_multiply_32fc(product.data(), &gathered[r * carriers],
                                           a + r * carriers, count);
                volk_32f_x2_add_32f(sum, sum, reinterpret_cast<const float*>(product.data()),
                                    2 * count);
            }
        }
    }
}

void Postprocessor::State::combine_pilots(const ReceiveSettings& settings) {
    for (std::size_t s = 0; s < symbols; ++s) {
        for (std::size_t i = 0; i < plan.pilots.size(); ++i) {
            const std::size_t k = plan.pilots[i];
            const Sample* a = &settings.combiners[plan.used_block[k] * payload.streams * antennas];
            Sample sum = 0;
            for (std::size_t l = 0; l < payload.streams; ++l) {
                Sample z = 0;
                for (std::size_t r = 0; r < antennas; ++r)
                    z += *a++ * bins(r, s)[plan.used_bin[k]];
                z *= pilot_sign(s, i);
                pilot(s, i, l) = z;
                sum += std::conj(reference(settings, i, l)) * z;
            }
            pilot_sums[s * plan.pilots.size() + i] = sum;
        }
    }
}

/// Turns the pilots as spread_combiners() does the data.
void Postprocessor::State::shift_pilots(double slope) {
    if (slope == 0) return;
    for (std::size_t s = 0; s < symbols; ++s) {
        for (std::size_t i = 0; i < plan.pilots.size(); ++i) {
            const double angle = -slope * plan.used_frequency[plan.pilots[i]];
            const Sample turn(std::polar(1.0, angle));
            pilot_sums[s * plan.pilots.size() + i] *= turn;
            for (std::size_t l = 0; l < payload.streams; ++l)
                pilot(s, i, l) *= turn;
        }
    }
}

// A straight line through the burst, then a moving mean about it: the mean alone would lag behind
// an offset at either end.
void Postprocessor::State::track_phase(const ReceiveSettings& settings) {
    const std::size_t count = plan.pilots.size();
    const auto symbol_sum = [&](std::size_t s) {
        std::complex<double> sum;
        for (std::size_t i = 0; i < count; ++i)
            sum += pilot_sums[s * count + i];
        return sum;
    };
    std::complex<double> turn;
    for (std::size_t s = 0; s + 1 < symbols; ++s)
        turn += std::conj(symbol_sum(s)) * symbol_sum(s + 1);
    const double rate = symbols > 1 ? std::arg(turn) : 0;
    for (std::size_t s = 0; s < symbols; ++s) {
        const std::size_t first = s > settings.tracking_reach ? s - settings.tracking_reach : 0;
        const std::size_t last = std::min(s + settings.tracking_reach, symbols - 1);
        std::complex<double> sum;
        for (std::size_t j = first; j <= last; ++j)
            sum += symbol_sum(j) *
                   std::polar(1.0, rate * (static_cast<double>(s) - static_cast<double>(j)));
        report.phase[s] = std::arg(sum);
    }
}

// Least squares over the pilots' mean phases; a slope within its own error is left alone.
void Postprocessor::State::track_slope() {
    const std::size_t count = plan.pilots.size();
    double weights = 0;
    double mean = 0;
    double square = 0;
    double moment = 0;
    double angles = 0;
    for (std::size_t i = 0; i < count; ++i) {
        std::complex<double> sum;
        for (std::size_t s = 0; s < symbols; ++s)
            sum +=
                std::complex<double>(pilot_sums[s * count + i]) * std::polar(1.0, -report.phase[s]);
        const double weight = std::abs(sum);
        const double frequency = plan.used_frequency[plan.pilots[i]];
        weights += weight;
        mean += weight * frequency;
        square += weight * frequency * frequency;
        moment += weight * frequency * std::arg(sum);
        angles += weight * std::arg(sum);
    }
    const double spread = square - mean * mean / weights;
    const double slope = spread > 0 ? (moment - angles * mean / weights) / spread : 0;
    double noise = 0;  // half of it across the phase, per pilot
    for (std::size_t j = 0; j < pilot_sums.size(); ++j) {
        const auto turned =
            std::complex<double>(pilot_sums[j]) * std::polar(1.0, -report.phase[j / count]);
        noise += std::pow(turned.imag(), 2) / static_cast<double>(pilot_sums.size());
    }
    // Var(arg sum_s) = symbols noise / weight^2; in the fit weights of one size cancel.
    const double amplitude = weights / static_cast<double>(count * symbols);
    const double variance = noise / (amplitude * amplitude * static_cast<double>(symbols)) /
                            (spread / (amplitude * static_cast<double>(symbols)));
    report.phase_slope = slope * slope > significant * significant * variance ? slope : 0;
}

/// False where the pilots have nothing to do with their reference.
bool Postprocessor::State::judge(const ReceiveSettings& settings) {
    double total_reference = 0;
    double total_found = 0;
    double total_error = 0;
    double projection = 0;
    for (std::size_t l = 0; l < payload.streams; ++l) {
        double error = 0;
        double expected = 0;
        for (std::size_t s = 0; s < symbols; ++s) {
            const Sample turn(std::polar(1.0, -report.phase[s]));
            for (std::size_t i = 0; i < plan.pilots.size(); ++i) {
                const Sample ref = reference(settings, i, l);
                const Sample found = turn * pilot(s, i, l);
                error += std::norm(found - ref);
                total_found += std::norm(found);
                expected += std::norm(ref);
                projection += std::real(std::conj(ref) * found);
            }
        }
        report.evm[l] = std::sqrt(error / expected);
        total_error += error;
        total_reference += expected;
    }
    report.pilot_gain = projection / total_reference;
    const double deviation =
        std::sqrt(total_error / (2 * total_reference * static_cast<double>(pilots.size())));
    const double margin = settings.smallest_part / 2;
    report.confidence = normal_probability_below((report.pilot_gain - 1 + margin) / deviation) -
                        normal_probability_below((report.pilot_gain - 1 - margin) / deviation);
    // Of so many pilots one phase is taken. Were they noise, the squared correlation with their
    // reference would exceed x with probability (1 - x)^(tracked - 1).
    const std::size_t tracked =
        std::min(2 * settings.tracking_reach + 1, symbols) * plan.pilots.size();
    if (tracked < 2) return true;
    const double least = 1 - std::pow(by_chance, 1 / static_cast<double>(tracked - 1));
    return projection > std::sqrt(least * total_reference * total_found);
}

void Postprocessor::State::unpack(double scale, gsl::span<float> vector) {
    const std::size_t row = payload.streams * plan.data.size();
    for (std::size_t s = 0; s < symbols; ++s) {
        const Sample factor(std::polar(scale, -report.phase[s]));
        phy::scale(&combined[s * row], &combined[s * row], factor, row);
    }
    // std::complex<float> is laid out as two floats (ISO C++ [complex.numbers]).
    std::copy_n(reinterpret_cast<const float*>(combined.data()), vector.size(), vector.begin());
    if (rotation) rotation->undo(vector);
}

Postprocessor::Postprocessor(const BurstFormat& format, const Payload& payload,
                             std::size_t antennas, std::size_t window_samples) {
    validate(format);
    require_payload("postprocessor", payload.length, payload.streams);
    const std::size_t burst =
        format.burst_samples(format.data_symbols(payload.length, payload.streams));
    if (antennas < 1 || window_samples < burst) {
        throw std::invalid_argument("postprocessor: expected at least 1 antenna and a window of " +
                                    std::to_string(burst) + " samples, found " +
                                    std::to_string(antennas) + " and " +
                                    std::to_string(window_samples));
    }
    if (payload.streams > antennas)
        throw std::invalid_argument("postprocessor: expected at most " + std::to_string(antennas) +
                                    " streams, as many as antennas, found " +
                                    std::to_string(payload.streams));
    state_ = std::make_unique<State>(format, payload, antennas, window_samples);
}

Postprocessor::~Postprocessor() = default;
Postprocessor::Postprocessor(Postprocessor&&) noexcept = default;
Postprocessor& Postprocessor::operator=(Postprocessor&&) noexcept = default;

void Postprocessor::check(const ReceiveSettings& settings) const {
    const State& s = *state_;
    const std::size_t blocks = s.format.resource_blocks();
    require_size("postprocessor: combiners", settings.combiners.size(),
                 blocks * s.payload.streams * s.antennas);
    require_size("postprocessor: pilot reference", settings.pilot_reference.size(),
                 blocks * s.payload.streams);
    if (!usable(settings.combiners) || !usable(settings.pilot_reference))
        throw std::invalid_argument(
            "postprocessor: combiners and pilot reference: expected finite numbers");
    require_power("postprocessor: scale", settings.scale);
    require_power("postprocessor: smallest part", settings.smallest_part);
    const auto most = static_cast<std::ptrdiff_t>(s.window);
    if (settings.channel_reference < -most || settings.channel_reference > most)
        throw std::invalid_argument("postprocessor: channel reference: expected a sample within " +
                                    std::to_string(most) + " of the window's first, found " +
                                    std::to_string(settings.channel_reference));
}

const ReceiveReport& Postprocessor::process(gsl::span<const Sample> received,
                                            const ReceiveSettings& settings,
                                            gsl::span<float> vector) {
    State& s = *state_;
    require_size("postprocessor: received", received.size(), s.antennas * s.window);
    require_size("postprocessor: vector", vector.size(), s.payload.length);
    check(settings);
    s.report.found = false;
    if (!usable(received)) return s.report;
    if (!s.synchronise(received, settings)) return s.report;
    const std::ptrdiff_t begin = s.choose_window(settings);
    const auto body = static_cast<std::ptrdiff_t>(s.format.data_head_samples());
    const auto end =
        begin + body + static_cast<std::ptrdiff_t>(s.symbols * s.format.symbol_samples());
    if (begin + body < 0 || end > static_cast<std::ptrdiff_t>(s.window)) return s.report;
    s.to_carriers(received, begin);
    s.measure_noise();
    s.combine_pilots(settings);
    const double known_slope =
        two_pi * static_cast<double>(begin - settings.channel_reference) / s.format.fft_size;
    s.shift_pilots(known_slope);
    s.track_phase(settings);
    s.track_slope();
    s.shift_pilots(s.report.phase_slope);
    s.spread_combiners(settings, known_slope + s.report.phase_slope);
    s.combine_data();
    s.report.found = s.judge(settings);
    if (s.report.found) s.unpack(settings.scale, vector);
    return s.report;
}

}  // namespace gr::aircomp::phy
