// SPDX-License-Identifier: GPL-3.0-or-later
// Medium `waveform`: over the air, sample by sample. A round is the server's header, by which every
// device knows its oscillator's phase, then the burst of all devices; once a coherence block the
// devices sound the channel and the coordinator designs a transceiver per resource block.
#include <cmath>
#include <numeric>
#include <optional>
#include <random>
#include <stdexcept>

#include "air/waveform_air.hpp"
#include "config/waveform_format.hpp"
#include "round/block_designer.hpp"
#include "round/device_end.hpp"
#include "round/server_end.hpp"
#include "schemes/down/registry.hpp"
#include "schemes/entries.hpp"
#include "schemes/up/media.hpp"
#include "schemes/up/rounds.hpp"

namespace aircomp::runtime {
namespace {

constexpr double two_pi = 6.28318530717958647692;
// Headers before the first sounding: so many tell an offset to a few Hz, one to some 100.
constexpr int first_headers = 24;
constexpr double first_gap_s = 100e-6;

/// Phase of a device's oscillator, less what each antenna had when it sounded.
std::vector<double> antenna_phases(std::complex<double> turn,
                                   const std::vector<std::complex<double>>& sounded) {
    std::vector<double> phases(sounded.size());
    for (std::size_t t = 0; t < phases.size(); ++t)
        phases[t] = std::arg(turn * std::conj(sounded[t]));
    return phases;
}

double mean_square(const std::vector<double>& values) {
    return std::inner_product(values.begin(), values.end(), values.begin(), 0.0) /
           static_cast<double>(values.size());
}

/// Equation (13) with a phase for each antenna; `power` as ServerSettings::path_power has it.
double phase_cost(const std::vector<double>& phases, const std::vector<double>& power) {
    double cost = 0;
    for (std::size_t t = 0; t < phases.size(); ++t) {
        for (std::size_t u = 0; u < phases.size(); ++u)
            cost += phases[t] * phases[u] * power[t * phases.size() + u];
    }
    return cost;
}

class WaveformMedium final : public Medium {
public:
    WaveformMedium(RadioCell cell, AnalogCodec codec, const std::string& design);

    void all_reduce(const SumRequest& request, gsl::span<float> sum) override {
        all_reduce_by({settings_bytes(), [this] { enter_block(); },
                       [&](std::int64_t v, gsl::span<float> out) { transmit(request, v, out); }},
                      cell_, *down_, request, sum);
    }
    void elapse(double seconds) override {
        elapsed_s_ += seconds;
        cell_.elapse(seconds);
    }
    const Ledger& usage() const override { return cell_.ledger(); }

private:
    const Config& config() const { return cell_.config(); }
    std::size_t devices() const { return config().devices.size(); }
    bool free_running() const {
        const WaveformConfig& waveform = config().waveform;
        return waveform.carrier_offset_hz > 0 || waveform.residual_offset_hz > 0 ||
               waveform.linewidth_hz > 0;
    }
    double settings_bytes() const;
    bool sounds(std::size_t n) const;
    double air_s(std::size_t samples) const {
        return static_cast<double>(samples) / config().radio.bandwidth_hz;
    }

    void enter_block();
    void move_air(double block_age_s);
    bool measure_channels();
    bool acquire();
    bool hear_header();
    bool sound();
    void design_blocks();
    phy::OscillatorCorrection correction(std::size_t n) const;
    std::vector<double> transmit_power_w(const RoundSettings& settings) const;

    void transmit(const SumRequest& request, std::int64_t v, gsl::span<float> out);
    bool try_round(const SumRequest& request, std::int64_t v, gsl::span<float> out);
    void send(const SumRequest& request, std::int64_t v, double scale);
    void measure_residual(SiteKind kind);
    [[noreturn]] void give_up() const;

    RadioCell cell_;
    std::unique_ptr<WayDown> down_;
    AnalogCodec codec_;
    phy::BurstFormat format_;
    BlockDesigner designer_;
    WaveformAir air_;
    std::vector<DeviceEnd> device_ends_;
    std::optional<ServerEnd> server_end_;
    std::vector<std::vector<phy::Sample>> bursts_;
    std::mt19937_64 dropouts_;
    std::vector<double> residual_offset_;  // of what a device takes its offset for, cycles a sample
    double heard_ = 0;                     // where the last header began, samples
    std::vector<phy::OscillatorCorrection> corrections_;  // of the last bursts, by device
    /// Mean of exp(j residual) while an antenna sounded, by device.
    std::vector<std::vector<std::complex<double>>> sounding_residual_;
    const phy::SoundingReport* sounding_ = nullptr;
    RoundSettings settings_[2];  // by SiteKind
    std::size_t header_antenna_ = 0;
    std::string failure_;  // of the last attempt
    double elapsed_s_ = 0;
};

WaveformMedium::WaveformMedium(RadioCell cell, AnalogCodec codec, const std::string& design)
    : cell_(std::move(cell)),
      down_(make_way_down(cell_.config())),
      codec_(std::move(codec)),
      format_(burst_format(cell_.config())),
      designer_(cell_.config(), format_, design, cell_.power_w()),
      air_(cell_.config(), format_, path_gains(cell_.config()), cell_.noise_power_w()),
      bursts_(cell_.config().devices.size()),
      dropouts_(derive_seed(cell_.config().seed, seed_for::dropouts)),
      corrections_(bursts_.size()),
      sounding_residual_(bursts_.size()) {
    const phy::Payload payload = codec_.payload();
    phy::OscillatorModel oscillator;
    oscillator.linewidth_hz = config().waveform.linewidth_hz;
    oscillator.initial_offset_hz = std::max(1.0, config().waveform.carrier_offset_hz);
    std::mt19937_64 generator(derive_seed(config().seed, seed_for::residual_offsets));
    std::uniform_real_distribution<double> both(-1, 1);
    for (std::size_t n = 0; n < devices(); ++n) {
        residual_offset_.push_back(config().waveform.residual_offset_hz * both(generator) /
                                   config().radio.bandwidth_hz);
        device_ends_.emplace_back(format_, payload, n, oscillator, config().radio.bandwidth_hz,
                                  air_.window(format_.header_samples()));
    }
    server_end_.emplace(format_, payload, static_cast<std::size_t>(config().radio.server_antennas),
                        config().radio.server_power_w, WaveformAir::lead(),
                        air_.window(0) - WaveformAir::lead());
}

double WaveformMedium::settings_bytes() const {
    double coefficients = 0;
    for (std::size_t n = 0; n < devices(); ++n) {
        if (!cell_.takes_part(n)) continue;
        coefficients += 2.0 * config().devices[n].antennas * config().radio.streams *
                        static_cast<double>(format_.resource_blocks());
    }
    return coefficients * bytes_per_coefficient;
}

bool WaveformMedium::sounds(std::size_t n) const {
    return cell_.takes_part(n) && (codec_.second_moments(SiteKind::attention)[n] > 0 ||
                                   codec_.second_moments(SiteKind::mlp)[n] > 0);
}

// ---- once a coherence block ----

void WaveformMedium::enter_block() {
    const auto number = static_cast<std::uint64_t>(cell_.block().index);
    air_.set_channels(cell_.block().channels, derive_seed(config().seed, seed_for::paths, number));
    for (int attempt = 0; attempt < config().waveform.attempts; ++attempt) {
        // Another antenna may be out of the fade that hid the last one from a device.
        header_antenna_ = static_cast<std::size_t>(attempt) %
                          static_cast<std::size_t>(config().radio.server_antennas);
        if (measure_channels()) {
            design_blocks();
            return;
        }
        cell_.ledger().add(repeated_rounds, 1);
    }
    give_up();
}

void WaveformMedium::move_air(double block_age_s) {
    if (config().radio.doppler_hz > 0) air_.move(cell_.channels_at(block_age_s), block_age_s);
}

/// On the air as it was when what is known of it was measured.
bool WaveformMedium::measure_channels() {
    move_air(cell_.block_age_s() - config().radio.knowledge_age_s);
    return acquire() && sound();
}

/// Phases of the new channel, and, the first time, the oscillators' offsets.
bool WaveformMedium::acquire() {
    if (!free_running()) return true;
    const bool is_first = sounding_ == nullptr;
    for (std::size_t n = 0; n < devices(); ++n) {
        device_ends_[n].headers().forget_phase();
    }
    if (!hear_header()) return false;
    for (int i = 1; is_first && i < first_headers; ++i) {
        // The gaps grow: the better the offset is known, the longer its turns can be counted.
        const int longer = 1 + i / 4;
        const double gap_s = first_gap_s * longer;
        air_.idle(gap_s * config().radio.bandwidth_hz);
        if (!hear_header()) return false;
    }
    return true;
}

/// One header; every device that takes part measures it.
bool WaveformMedium::hear_header() {
    const double begin = air_.now();
    heard_ = begin;
    const auto& received = air_.downlink(server_end_->header(), header_antenna_);
    for (std::size_t n = 0; n < devices(); ++n) {
        if (!sounds(n)) continue;
        if (!device_ends_[n].headers().hear(received[n], begin).found) {
            failure_ = "device '" + config().devices[n].name + "' did not find the header";
            return false;
        }
    }
    return true;
}

/// For a burst that begins lead() samples from now.
phy::OscillatorCorrection WaveformMedium::correction(std::size_t n) const {
    if (!free_running()) return {};
    const double begin = air_.now() + static_cast<double>(WaveformAir::lead());
    phy::OscillatorCorrection correction = device_ends_[n].headers().predict(begin);
    correction.offset += residual_offset_[n];
    correction.phase += two_pi * residual_offset_[n] * (begin - heard_);
    return correction;
}

bool WaveformMedium::sound() {
    std::vector<double> power_w(devices(), 0);
    for (std::size_t n = 0; n < devices(); ++n) {
        bursts_[n].clear();
        if (!sounds(n)) continue;
        power_w[n] = config().devices[n].max_power_w;
        corrections_[n] = correction(n);
        device_ends_[n].sounding_burst(power_w[n], corrections_[n], bursts_[n]);
    }
    const bool perfect = config().radio.channel_knowledge == ChannelKnowledge::perfect;
    if (perfect) air_.set_noise(false);
    sounding_ = &server_end_->sound(air_.uplink(bursts_, format_.sounding_samples()), power_w);
    if (perfect) air_.set_noise(true);
    const std::size_t slot = format_.sounding_symbols * format_.symbol_samples();
    for (std::size_t n = 0; n < devices(); ++n) {
        std::size_t begin = WaveformAir::lead() + format_.ramp + format_.preamble_samples() +
                            format_.first_slot(n) * slot;
        sounding_residual_[n].clear();
        for (std::size_t t = 0; t < format_.device_antennas[n]; ++t, begin += slot) {
            const auto turns = air_.residuals(n, corrections_[n].phase, corrections_[n].offset,
                                              begin, begin + slot);
            sounding_residual_[n].push_back(
                std::accumulate(turns.begin(), turns.end(), std::complex<double>()) /
                static_cast<double>(turns.size()));
        }
    }
    if (!sounding_->found) failure_ = "the server did not find the sounding of any device";
    for (std::size_t n = 0; n < devices() && sounding_->found; ++n) {
        if (!sounds(n) || sounding_->devices[n].found) continue;
        failure_ = "the sounding of device '" + config().devices[n].name + "' was not found";
        return false;
    }
    return sounding_->found;
}

void WaveformMedium::design_blocks() {
    for (const SiteKind kind : inference::site_kinds) {
        settings_[static_cast<std::size_t>(kind)] =
            designer_.design(*sounding_, codec_.second_moments(kind), cell_.noise_power_w());
    }
}

// ---- every round ----

void WaveformMedium::transmit(const SumRequest& request, std::int64_t v, gsl::span<float> out) {
    if (free_running()) {
        const double target = (usage().total_s() + elapsed_s_) * config().radio.bandwidth_hz;
        air_.idle(target - air_.now());
    }
    for (int attempt = 0; attempt < config().waveform.attempts; ++attempt) {
        if (try_round(request, v, out)) return;
        cell_.ledger().add(repeated_rounds, 1);
        if (attempt == 0) continue;  // a single failure may be chance: one late device
        cell_.sound_again(settings_bytes());
        // The round may fail because the channel has changed.
        if (measure_channels()) design_blocks();
    }
    give_up();
}

bool WaveformMedium::try_round(const SumRequest& request, std::int64_t v, gsl::span<float> out) {
    const RoundSettings& settings = settings_[static_cast<std::size_t>(request.site.kind)];
    const std::size_t samples = device_ends_[0].burst_samples();
    double seconds = air_s(samples);
    move_air(cell_.block_age_s());
    if (free_running()) {
        seconds += air_s(format_.header_samples()) + config().waveform.turnaround_s;
        if (!hear_header()) return false;
        air_.idle(config().waveform.turnaround_s * config().radio.bandwidth_hz);
    }
    const double scale = codec_.common_scale(request, v);
    send(request, v, scale);
    const auto& report =
        server_end_->sum(air_.uplink(bursts_, samples), settings.server, scale, out);
    cell_.charge_uplink(seconds, codec_.channel_uses(), transmit_power_w(settings));
    if (free_running()) measure_residual(request.site.kind);
    if (report.found && report.confidence >= config().waveform.least_confidence) return true;
    failure_ = report.found ? "the sum lacked a device, or had one twice"
                            : "the server did not find the burst";
    return false;
}

/// Of the last bursts.
std::vector<double> WaveformMedium::transmit_power_w(const RoundSettings& settings) const {
    std::vector<double> power_w;
    for (std::size_t n = 0; n < devices(); ++n)
        power_w.push_back(bursts_[n].empty() ? 0 : settings.devices[n].power_w);
    return power_w;
}

void WaveformMedium::send(const SumRequest& request, std::int64_t v, double scale) {
    const RoundSettings& settings = settings_[static_cast<std::size_t>(request.site.kind)];
    std::bernoulli_distribution drops_out(config().waveform.dropout);
    for (std::size_t n = 0; n < devices(); ++n) {
        bursts_[n].clear();
        if (settings.devices[n].second_moment == 0) continue;
        corrections_[n] = correction(n);
        if (drops_out(dropouts_)) continue;
        const auto report =
            device_ends_[n].data_burst(request.partial(n, v), settings.devices[n], scale,
                                       config().analog.clip_level, corrections_[n], bursts_[n]);
        cell_.ledger().add(clipped_reals, static_cast<double>(report.clipped));
    }
}

// The phase that an antenna had while it sounded is part of the channel. The pilots take out what
// all devices have in common. What is left costs (13). There a device has one phase; here every
// antenna has its own, because antennas sound in turn, and it moves on within a burst.
void WaveformMedium::measure_residual(SiteKind kind) {
    const ServerSettings& settings = settings_[static_cast<std::size_t>(kind)].server;
    const auto& moments = codec_.second_moments(kind);
    const std::size_t begin = WaveformAir::lead() + format_.ramp + format_.preamble_samples();
    const std::size_t end = WaveformAir::lead() + device_ends_[0].burst_samples() - format_.ramp;
    std::vector<std::vector<std::complex<double>>> turns(devices());
    std::complex<double> common;
    for (std::size_t n = 0; n < devices(); ++n) {
        if (moments[n] == 0) continue;
        turns[n] = air_.residuals(n, corrections_[n].phase, corrections_[n].offset, begin, end);
        for (const auto& turn : turns[n]) {
            for (const auto& sounded : sounding_residual_[n])
                common += settings.parts[n] * turn * std::conj(sounded);
        }
    }
    double square = 0, cost = 0, active = 0, power = 0;
    for (std::size_t n = 0; n < devices(); ++n) {
        if (moments[n] == 0) continue;
        const auto count = static_cast<double>(turns[n].size());
        for (const auto& turn : turns[n]) {
            const auto residual = antenna_phases(turn * std::conj(common), sounding_residual_[n]);
            square += mean_square(residual) / count;
            cost += phase_cost(residual, settings.path_power[n]) / count;
        }
        power += config().radio.streams * moments[n];
        ++active;
    }
    cell_.ledger().add(residual_phase_rad2, square / active);
    cell_.ledger().add(residual_phase_nmse, cost / power);
}

void WaveformMedium::give_up() const {
    throw std::runtime_error("waveform: no whole round in " +
                             std::to_string(config().waveform.attempts) + " attempts: " + failure_);
}

}  // namespace

std::unique_ptr<Medium> make_waveform_medium(RadioCell cell, AnalogCodec codec,
                                             const std::string& design) {
    return std::make_unique<WaveformMedium>(std::move(cell), std::move(codec), design);
}

}  // namespace aircomp::runtime
