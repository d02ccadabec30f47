// SPDX-License-Identifier: GPL-3.0-or-later
// Pre-processing: scale, clip, rotate, pack, precode, transform, frame.
#include "gnuradio/aircomp/phy/preprocessor.hpp"

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

/// Writes ramp, prefix, periods and suffix of the preamble.
void write_preamble(const BurstFormat& format, gsl::span<const Sample> sequence, float amplitude,
                    gsl::span<Sample> out) {
    const std::size_t period = format.sync_period;
    const std::size_t lead = static_cast<std::size_t>(format.ramp) + format.prefix;
    for (std::size_t i = 0; i < format.ramp + format.preamble_samples(); ++i) {
        // Around the periods stands what would have come before and after them.
        const std::size_t n = (i + 2 * period - lead) % period;
        const std::size_t m =
            i < lead ? 0 : std::min<std::size_t>((i - lead) / period, format.sync_periods - 1U);
        out[i] = sequence[n] * (amplitude * static_cast<float>(sync_sign(format, m)));
    }
}

/// Clips to +-limit and counts what was.
std::size_t scale_and_clip(gsl::span<float> x, float factor, float limit) {
    int clipped = 0;
    float* const values = x.data();
    const std::size_t count = x.size();
    for (std::size_t i = 0; i < count; ++i) {
        const float value = values[i] * factor;
        clipped += std::abs(value) > limit ? 1 : 0;
        values[i] = std::min(std::max(value, -limit), limit);
    }
    return static_cast<std::size_t>(clipped);
}

void require_positive(const char* what, double value) {
    if (std::isfinite(value) && value > 0) return;
    throw std::invalid_argument(std::string("preprocessor: expected a ") + what +
                                " above 0, found " + std::to_string(value));
}

void require_finite(const char* what, double value) {
    if (std::isfinite(value)) return;
    throw std::invalid_argument(std::string("preprocessor: expected a ") + what +
                                " that is finite, found " + std::to_string(value));
}

void require_finite(gsl::span<const float> vector) {
    for (std::size_t i = 0; i < vector.size(); ++i) {
        if (std::isfinite(vector[i])) continue;
        throw std::invalid_argument("preprocessor: vector: expected finite numbers, found " +
                                    std::to_string(vector[i]) + " at " + std::to_string(i));
    }
}

/// What every burst takes of its settings.
void check_oscillator(const TransmitSettings& settings) {
    require_power("preprocessor: preamble power", settings.preamble_power_w);
    require_finite("phase", settings.phase);
    require_finite("offset", settings.offset);
}

}  // namespace

struct Preprocessor::State {
    State(const BurstFormat& burst_format, const Payload& burst_payload, std::size_t antenna_count)
        : format(burst_format),
          payload(burst_payload),
          antennas(antenna_count),
          plan(carrier_plan(burst_format)),
          symbols(format.data_symbols(payload.length, payload.streams)),
          sequence(sync_sequence(format)),
          ramp(ramp_factors(format)),
          transform(format.fft_size, antenna_count * symbols, Direction::backward),
          sounding(format.fft_size, 1, Direction::backward),
          reals(2 * payload.streams * plan.data.size() * symbols),
          precoders(antenna_count * payload.streams * plan.data.size()),
          precoded(plan.data.size()),
          product(plan.data.size()) {
        if (payload.rotation_seed) {
            rotation.emplace(static_cast<std::int64_t>(payload.length), *payload.rotation_seed);
        }
        const auto values = sounding_sequence(format);
        for (std::size_t k = 0; k < values.size(); ++k)
            sounding.samples()[plan.used_bin[k]] = values[k] * modulation_gain();
        sounding.execute();
        for (const std::size_t k : plan.data)
            data_bin.push_back(plan.used_bin[k]);
    }

    float modulation_gain() const {
        return 1 / std::sqrt(static_cast<float>(format.used_subcarriers()));
    }

    std::size_t pack(gsl::span<const float> vector, const TransmitSettings& settings);
    void spread_precoders(gsl::span<const Sample> blocks);
    void precode(std::size_t antenna, std::size_t symbol);
    void put_pilots(std::size_t antenna, std::size_t symbol, const TransmitSettings& settings);
    void frame(std::size_t antenna, const TransmitSettings& settings, gsl::span<Sample> out);
    void put_symbol(gsl::span<const Sample> body, gsl::span<Sample> out) const;
    void finish(const TransmitSettings& settings, gsl::span<Sample> out) const;
    TransmitReport measure(gsl::span<const Sample> samples) const;

    BurstFormat format;
    Payload payload;
    std::size_t antennas;
    CarrierPlan plan;
    std::size_t symbols;
    std::vector<Sample> sequence;
    std::vector<float> ramp;
    std::optional<Rotation> rotation;
    FourierBatch transform;                 // [antennas, symbols, fft_size]
    FourierBatch sounding;                  // the one sounding symbol, of unit power
    std::vector<float> reals;               // [symbols, streams, data subcarriers, 2]
    std::vector<Sample> precoders;          // [antennas, streams, data subcarriers]
    std::vector<Sample> precoded, product;  // [data subcarriers]
    std::vector<std::size_t> data_bin;
};

std::size_t Preprocessor::State::pack(gsl::span<const float> vector,
                                      const TransmitSettings& settings) {
    std::copy(vector.begin(), vector.end(), reals.begin());
    std::fill(reals.begin() + static_cast<std::ptrdiff_t>(vector.size()), reals.end(), 0.0F);
    const gsl::span<float> values(reals.data(), vector.size());
    if (rotation) rotation->apply(values);
    return scale_and_clip(
        values, static_cast<float>(1 / settings.scale),
        static_cast<float>(settings.clip_level * std::sqrt(settings.second_moment / 2)));
}

void Preprocessor::State::spread_precoders(gsl::span<const Sample> blocks) {
    const std::size_t streams = payload.streams;
    const std::size_t carriers = plan.data.size();
    const float gain = modulation_gain();
    for (std::size_t i = 0; i < carriers; ++i) {
        const Sample* const b = &blocks[plan.used_block[plan.data[i]] * antennas * streams];
        for (std::size_t j = 0; j < antennas * streams; ++j)
            precoders[j * carriers + i] = gain * b[j];
    }
}

// x = B s on every data subcarrier of one antenna and OFDM symbol.
void Preprocessor::State::precode(std::size_t antenna, std::size_t symbol) {
    const std::size_t carriers = plan.data.size();
    const auto count = static_cast<unsigned>(carriers);
    // std::complex<float> is laid out as two floats (ISO C++ [complex.numbers]).
    const auto* const packed = reinterpret_cast<const Sample*>(reals.data());
    for (std::size_t l = 0; l < payload.streams; ++l) {
        const Sample* const s = packed + (symbol * payload.streams + l) * carriers;
        const Sample* const b = &precoders[(antenna * payload.streams + l) * carriers];
        if (l == 0) {
            volk_32fc_x2_multiply_32fc(precoded.data(), s, b, count);
            continue;
        }
        volk_32fc_x2_multiply_32fc(product.data(), s, b, count);
        auto* const sum = reinterpret_cast<float*>(precoded.data());
        volk_32f_x2_add_32f(sum, sum, reinterpret_cast<const float*>(product.data()), 2 * count);
    }
    Sample* const bins = transform.transform(antenna * symbols + symbol).data();
    for (std::size_t i = 0; i < carriers; ++i)
        bins[data_bin[i]] = precoded[i];
}

// All streams carry the same pilot, sqrt(v_n) times its sign.
void Preprocessor::State::put_pilots(std::size_t antenna, std::size_t symbol,
                                     const TransmitSettings& settings) {
    Sample* const bins = transform.transform(antenna * symbols + symbol).data();
    const auto amplitude =
        static_cast<float>(std::sqrt(settings.second_moment)) * modulation_gain();
    for (std::size_t i = 0; i < plan.pilots.size(); ++i) {
        const std::size_t k = plan.pilots[i];
        const std::size_t row = plan.used_block[k] * antennas + antenna;
        Sample sum = 0;
        for (std::size_t l = 0; l < payload.streams; ++l)
            sum += settings.precoders[row * payload.streams + l];
        bins[plan.used_bin[k]] = sum * (amplitude * pilot_sign(symbol, i));
    }
}

void Preprocessor::State::put_symbol(gsl::span<const Sample> body, gsl::span<Sample> out) const {
    const auto tail = static_cast<std::size_t>(format.fft_size) - format.prefix;
    std::copy(body.begin() + static_cast<std::ptrdiff_t>(tail), body.end(), out.begin());
    std::copy(body.begin(), body.end(), out.begin() + format.prefix);
}

void Preprocessor::State::frame(std::size_t antenna, const TransmitSettings& settings,
                                gsl::span<Sample> out) {
    const std::size_t head = format.data_head_samples();
    if (format.data_preamble == 0) {
        // The first symbol has come before its beginning, cyclically.
        const auto first = transform.transform(antenna * symbols);
        std::copy_n(first.end() - static_cast<std::ptrdiff_t>(format.prefix + head), head,
                    out.begin());
    } else if (antenna == 0) {
        write_preamble(format, sequence, static_cast<float>(std::sqrt(settings.preamble_power_w)),
                       out);
    } else {
        std::fill_n(out.begin(), head, Sample());
    }
    for (std::size_t s = 0; s < symbols; ++s) {
        put_symbol(transform.transform(antenna * symbols + s),
                   out.subspan(head + s * format.symbol_samples(), format.symbol_samples()));
    }
    // The last symbol runs on, cyclically, into the ramp.
    const auto last = transform.transform(antenna * symbols + symbols - 1);
    std::copy_n(last.begin(), ramp.size(), out.end() - static_cast<std::ptrdiff_t>(ramp.size()));
    finish(settings, out);
}

void Preprocessor::State::finish(const TransmitSettings& settings, gsl::span<Sample> out) const {
    for (std::size_t i = 0; i < ramp.size(); ++i) {
        out[i] *= ramp[i];
        out[out.size() - 1 - i] *= ramp[i];
    }
    if (settings.phase == 0 && settings.offset == 0) return;
    Sample phase(std::polar(1.0, -settings.phase));
    const Sample step(std::polar(1.0, -two_pi * settings.offset));
    turn(out.data(), out.data(), step, phase, out.size());
}

TransmitReport Preprocessor::State::measure(gsl::span<const Sample> samples) const {
    TransmitReport report;
    const std::size_t length = samples.size() / antennas;
    const std::size_t inner = length - 2 * ramp.size();
    for (std::size_t t = 0; t < antennas; ++t) {
        const auto* const x = reinterpret_cast<const float*>(&samples[t * length + ramp.size()]);
        float peak = 0;
        float sum = 0;
        for (std::size_t i = 0; i < inner; ++i) {
            const float power = x[2 * i] * x[2 * i] + x[2 * i + 1] * x[2 * i + 1];
            peak = std::max(peak, power);
            sum += power;
        }
        const double mean = sum / static_cast<double>(inner);
        report.mean_power_w += mean;
        report.peak_power_w = std::max<double>(report.peak_power_w, peak);
        if (mean > 0) report.papr_db = std::max(report.papr_db, 10 * std::log10(peak / mean));
    }
    return report;
}

Preprocessor::Preprocessor(const BurstFormat& format, const Payload& payload,
                           std::size_t antennas) {
    require_payload("preprocessor", payload.length, payload.streams);
    if (antennas < payload.streams) {
        throw std::invalid_argument(
            "preprocessor: expected at least " + std::to_string(payload.streams) +
            " antennas, as many as streams, found " + std::to_string(antennas));
    }
    state_ = std::make_unique<State>(format, payload, antennas);
}

Preprocessor::~Preprocessor() = default;
Preprocessor::Preprocessor(Preprocessor&&) noexcept = default;
Preprocessor& Preprocessor::operator=(Preprocessor&&) noexcept = default;

std::size_t Preprocessor::antennas() const {
    return state_->antennas;
}

std::size_t Preprocessor::burst_samples() const {
    return state_->format.burst_samples(state_->symbols);
}

void Preprocessor::check(const TransmitSettings& settings) const {
    const State& s = *state_;
    require_size("preprocessor: precoders", settings.precoders.size(),
                 s.format.resource_blocks() * s.antennas * s.payload.streams);
    if (!usable(settings.precoders))
        throw std::invalid_argument("preprocessor: precoders: expected finite numbers");
    require_positive("scale", settings.scale);
    require_positive("second moment", settings.second_moment);
    if (!(settings.clip_level > 0))
        throw std::invalid_argument("preprocessor: expected a clip level above 0, found " +
                                    std::to_string(settings.clip_level));
    check_oscillator(settings);
}

TransmitReport Preprocessor::data_burst(gsl::span<const float> vector,
                                        const TransmitSettings& settings,
                                        gsl::span<Sample> samples) {
    State& s = *state_;
    require_size("preprocessor: vector", vector.size(), s.payload.length);
    require_size("preprocessor: samples", samples.size(), s.antennas * burst_samples());
    check(settings);
    require_finite(vector);
    const std::size_t clipped = s.pack(vector, settings);
    s.spread_precoders(settings.precoders);
    const auto bins = s.transform.samples();
    std::fill(bins.begin(), bins.end(), Sample());
    for (std::size_t t = 0; t < s.antennas; ++t) {
        for (std::size_t symbol = 0; symbol < s.symbols; ++symbol) {
            s.precode(t, symbol);
            s.put_pilots(t, symbol, settings);
        }
    }
    s.transform.execute();
    for (std::size_t t = 0; t < s.antennas; ++t)
        s.frame(t, settings, samples.subspan(t * burst_samples(), burst_samples()));
    TransmitReport report = s.measure(samples);
    report.clipped = clipped;
    return report;
}

TransmitReport Preprocessor::sounding_burst(std::size_t device, double power_w,
                                            const TransmitSettings& settings,
                                            gsl::span<Sample> samples) {
    State& s = *state_;
    const std::size_t length = s.format.sounding_samples();
    require_size("preprocessor: samples", samples.size(), s.antennas * length);
    require_positive("sounding power", power_w);
    check_oscillator(settings);
    if (device >= s.format.device_antennas.size()) {
        throw std::invalid_argument("preprocessor: the format has no device " +
                                    std::to_string(device));
    }
    require_size("preprocessor: antennas", s.antennas, s.format.device_antennas[device]);
    const auto amplitude = static_cast<float>(std::sqrt(power_w));
    const std::size_t head = s.format.ramp + s.format.preamble_samples();
    for (std::size_t t = 0; t < s.antennas; ++t) {
        const auto out = samples.subspan(t * length, length);
        std::fill(out.begin(), out.end(), Sample());
        if (t == 0) {
            write_preamble(s.format, s.sequence,
                           static_cast<float>(std::sqrt(settings.preamble_power_w)), out);
        }
        const std::size_t slot = s.format.first_slot(device) + t;
        for (std::size_t i = 0; i < s.format.sounding_symbols; ++i) {
            const std::size_t symbol = slot * s.format.sounding_symbols + i;
            const auto place =
                out.subspan(head + symbol * s.format.symbol_samples(), s.format.symbol_samples());
            s.put_symbol(s.sounding.samples(), place);
            for (Sample& sample : place)
                sample *= amplitude;
        }
        s.finish(settings, out);
    }
    return s.measure(samples);
}

void write_header(const BurstFormat& format, double power_w, gsl::span<Sample> samples) {
    validate(format);
    require_size("header: samples", samples.size(), format.header_samples());
    require_power("header: power", power_w);
    const auto sequence = sync_sequence(format);
    write_preamble(format, sequence, static_cast<float>(std::sqrt(power_w)), samples);
    const auto ramp = ramp_factors(format);
    const std::size_t end = format.ramp + format.preamble_samples();
    const auto sign = static_cast<float>(std::sqrt(power_w)) *
                      static_cast<float>(sync_sign(format, format.sync_periods - 1U));
    for (std::size_t i = 0; i < ramp.size(); ++i) {
        samples[i] *= ramp[i];
        samples[end + i] =
            sign * ramp[ramp.size() - 1 - i] * sequence[(format.prefix + i) % format.sync_period];
    }
}

}  // namespace gr::aircomp::phy
