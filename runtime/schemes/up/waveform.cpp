// SPDX-License-Identifier: GPL-3.0-or-later
// Medium `waveform`: over the air, sample by sample. Rounds are those of radios, led by the same
// procedure (round/), over an emulated air; what is here is what a simulation adds to them: the
// cell's coherence blocks and moving channels, what rounds cost, and how far the devices'
// oscillators were off.
#include <cmath>
#include <gsl/util>
#include <numeric>
#include <utility>

#include "air/waveform_air.hpp"
#include "config/waveform_format.hpp"
#include "round/emulated_multicast.hpp"
#include "round/emulated_radios.hpp"
#include "round/round_scheduler.hpp"
#include "schemes/down/modulated_broadcast.hpp"
#include "schemes/down/registry.hpp"
#include "schemes/entries.hpp"
#include "schemes/up/media.hpp"
#include "schemes/up/rounds.hpp"

namespace aircomp::runtime {
namespace {

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

class WaveformMedium final : public Medium, private RoundDevices {
public:
    WaveformMedium(RadioCell cell, AnalogCodec codec, const std::string& design);

    void all_reduce(const SumRequest& request, SumCopies sum) override {
        const auto counted = gsl::finally([this] { count_repeated_rounds(); });
        // What devices are sent is known after the air's own sounding.
        all_reduce_by({0.0, [this] { enter_block(); },
                       [this](const SumRequest& sent, std::int64_t v, gsl::span<float> out) {
                           transmit(sent, v, out);
                       },
                       &codec_},
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
    bool free_running() const { return is_free_running(config().waveform); }
    double settings_bytes() const;

    std::shared_ptr<ModulatedBroadcast> make_broadcast();
    Ticks ticks_now(double later_s) const;
    void enter_block();
    HeaderBefore header_before();
    void transmit(const SumRequest& request, std::int64_t v, gsl::span<float> out);
    void count_repeated_rounds();

    // Around every round: its air before, its costs after.
    void settle(SiteKind kind, std::int64_t from,
                const std::vector<DeviceSettings>& settings) override {
        devices_.settle(kind, from, settings);
    }
    std::vector<DeviceReport> take_part(const RoundOrder& order,
                                        const std::function<void()>& server) override;
    void move_air(double block_age_s);
    void charge_sum(SiteKind kind, const std::vector<DeviceReport>& reports);
    void measure_sounding();
    void measure_residual(SiteKind kind);
    std::vector<std::complex<double>> residuals(std::size_t device, std::size_t begin,
                                                std::size_t end) const;

    RadioCell cell_;
    AnalogCodec codec_;
    phy::BurstFormat format_;
    WaveformAir air_;
    EmulatedDevices devices_;
    EmulatedServer server_;
    RoundScheduler scheduler_;
    std::shared_ptr<ModulatedBroadcast> broadcast_;  // none where messages are charged alone
    std::unique_ptr<WayDown> down_;
    bool in_block_ = false;  // its channels have been sounded
    std::size_t counted_faults_ = 0;
    /// Mean of exp(j residual) while an antenna sounded, by device.
    std::vector<std::vector<std::complex<double>>> sounding_residual_;
    double elapsed_s_ = 0;
};

WaveformMedium::WaveformMedium(RadioCell cell, AnalogCodec codec, const std::string& design)
    : cell_(std::move(cell)),
      codec_(std::move(codec)),
      format_(burst_format(cell_.config())),
      air_(cell_.config(), format_, path_gains(cell_.config()), cell_.noise_power_w()),
      devices_(cell_.config(), format_, codec_.payload(), air_,
               participants(codec_, cell_.power_w())),
      server_(cell_.config(), format_, codec_.payload(), air_, devices_),
      scheduler_(cell_.config(), codec_, cell_.power_w(), design, server_, *this,
                 emulated_rules(cell_.config(), air_, cell_.noise_power_w())),
      broadcast_(make_broadcast()),
      down_(make_way_down(cell_.config(), broadcast_)),
      sounding_residual_(cell_.config().devices.size()) {}

/// As the paper counts, messages take what they would at the multicast's rate.
std::shared_ptr<ModulatedBroadcast> WaveformMedium::make_broadcast() {
    if (config().costs == Costs::paper) return nullptr;
    const auto due = [this] {
        return free_running() ? ticks_now(config().frame.turnaround_s) : Ticks(0);
    };
    return std::make_shared<ModulatedBroadcast>(
        config(), format_,
        std::make_unique<EmulatedMulticast>(config(), format_, air_, devices_, due), scheduler_);
}

/// The ledger's time, `later_s` from now, by the air's clock.
Ticks WaveformMedium::ticks_now(double later_s) const {
    return ticks_of(usage().total_s() + elapsed_s_ + later_s, config().radio.bandwidth_hz);
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

void WaveformMedium::enter_block() {
    const auto number = static_cast<std::uint64_t>(cell_.block().index);
    air_.set_channels(cell_.block().channels, derive_seed(config().seed, seed_for::paths, number));
    in_block_ = false;  // the cell has charged its sounding
    scheduler_.renew();
    scheduler_.prepare();
    down_->bring_settings(cell_, settings_bytes());
    in_block_ = true;
}

void WaveformMedium::transmit(const SumRequest& request, std::int64_t v, gsl::span<float> out) {
    EmulatedDevices::Partials partials;
    for (std::size_t n = 0; n < devices(); ++n)
        partials.push_back(request.partial(n, v));
    devices_.hold(std::move(partials));
    scheduler_.sum(request.site.kind, codec_.common_scale(request, v), out, header_before());
}

/// Oscillators drift while time passes: what devices have heard of the server is as old as the ledger
/// says.
HeaderBefore WaveformMedium::header_before() {
    if (!free_running()) return {};
    const auto age_s = cell_.reference_age_s();
    HeaderBefore before;
    before.burst_after =
        ticks_of(age_s.value_or(0) + cell_.turnaround_left_s(), config().radio.bandwidth_hz);
    if (age_s && broadcast_) before.heard = broadcast_->header();
    if (!before.heard) air_.idle(static_cast<double>(ticks_now(-age_s.value_or(0))) - air_.now());
    return before;
}

void WaveformMedium::count_repeated_rounds() {
    for (; counted_faults_ < scheduler_.faults().size(); ++counted_faults_)
        cell_.ledger().add(repeated_rounds, 1);
}

// ---- every round ----

/// A sounding meets the air as it was when what is known of it was measured.
std::vector<DeviceReport> WaveformMedium::take_part(const RoundOrder& order,
                                                    const std::function<void()>& server) {
    if (order.sounding && in_block_) {
        cell_.charge_sounding();
        down_->bring_settings(cell_, settings_bytes());
    }
    move_air(cell_.block_age_s() - (order.sounding ? config().radio.knowledge_age_s : 0));
    auto reports = devices_.take_part(order, server);
    if (!devices_.has_sent()) return reports;
    if (order.sounding) {
        measure_sounding();
    } else {
        charge_sum(order.site, reports);
        if (free_running()) measure_residual(order.site);
    }
    return reports;
}

void WaveformMedium::move_air(double block_age_s) {
    if (config().radio.doppler_hz > 0) air_.move(cell_.channels_at(block_age_s), block_age_s);
}

void WaveformMedium::charge_sum(SiteKind kind, const std::vector<DeviceReport>& reports) {
    const double seconds = payload_s(config(), format_, codec_.payload());
    std::vector<double> power_w;
    for (std::size_t n = 0; n < devices(); ++n) {
        const bool sent = reports[n].mean_power_w > 0;
        power_w.push_back(sent ? scheduler_.settings(kind).devices[n].power_w : 0);
        cell_.ledger().add(clipped_reals, static_cast<double>(reports[n].clipped_reals));
    }
    cell_.charge_uplink(seconds, codec_.channel_uses(), power_w);
}

void WaveformMedium::measure_sounding() {
    const std::size_t slot = format_.sounding_symbols * format_.symbol_samples();
    for (std::size_t n = 0; n < devices(); ++n) {
        std::size_t begin = WaveformAir::lead() + format_.ramp + format_.preamble_samples() +
                            format_.first_slot(n) * slot;
        sounding_residual_[n].clear();
        for (std::size_t t = 0; t < format_.device_antennas[n]; ++t, begin += slot) {
            const auto turns = residuals(n, begin, begin + slot);
            sounding_residual_[n].push_back(
                std::accumulate(turns.begin(), turns.end(), std::complex<double>()) /
                static_cast<double>(turns.size()));
        }
    }
}

// The phase that an antenna had while it sounded is part of the channel. The pilots take out what
// all devices have in common. What is left costs (13). There a device has one phase; here every
// antenna has its own, because antennas sound in turn, and it moves on within a burst.
void WaveformMedium::measure_residual(SiteKind kind) {
    const ServerSettings& settings = scheduler_.settings(kind).server;
    const auto& moments = codec_.second_moments(kind);
    const std::size_t begin = WaveformAir::lead() + format_.data_head_samples();
    const std::size_t end =
        WaveformAir::lead() + burst_samples(format_, codec_.payload()) - format_.ramp;
    std::vector<std::vector<std::complex<double>>> turns(devices());
    std::complex<double> common;
    for (std::size_t n = 0; n < devices(); ++n) {
        if (moments[n] == 0) continue;
        turns[n] = residuals(n, begin, end);
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

std::vector<std::complex<double>> WaveformMedium::residuals(std::size_t device, std::size_t begin,
                                                            std::size_t end) const {
    const phy::OscillatorCorrection& correction = devices_.correction(device);
    return air_.residuals(device, correction.phase, correction.offset, begin, end);
}

}  // namespace

std::unique_ptr<Medium> make_waveform_medium(RadioCell cell, AnalogCodec codec,
                                             const std::string& design) {
    return std::make_unique<WaveformMedium>(std::move(cell), std::move(codec), design);
}

}  // namespace aircomp::runtime
