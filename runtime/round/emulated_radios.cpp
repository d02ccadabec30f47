// SPDX-License-Identifier: GPL-3.0-or-later
// Headers down, bursts up, sample by sample.
#include "round/emulated_radios.hpp"

#include <algorithm>
#include <utility>

#include "config/seeds.hpp"
#include "round/round_clock.hpp"

namespace aircomp::runtime {
namespace {

constexpr double two_pi = 6.28318530717958647692;
constexpr auto lead = static_cast<Ticks>(WaveformAir::lead());

/// Nothing is late over an emulated air, nothing refused.
DeviceReport punctual() {
    DeviceReport report;
    report.window.state = WindowState::whole;
    report.header_found = true;
    report.burst.state = BurstState::acknowledged;
    return report;
}

ServerReport punctual_server() {
    ServerReport report;
    report.header.state = BurstState::acknowledged;
    report.window.state = WindowState::whole;
    return report;
}

}  // namespace

// ---- devices ----

EmulatedDevices::EmulatedDevices(const Config& config, const phy::BurstFormat& format,
                                 const phy::Payload& payload, const WaveformAir& air,
                                 std::vector<bool> takes_part)
    : takes_part_(std::move(takes_part)),
      drops_out_(config.waveform.dropout),
      dropouts_(derive_seed(config.seed, seed_for::dropouts)),
      reports_(config.devices.size()),
      corrections_(config.devices.size()),
      bursts_(config.devices.size()) {
    std::mt19937_64 generator(derive_seed(config.seed, seed_for::residual_offsets));
    std::uniform_real_distribution<double> both(-1, 1);
    const auto oscillator =
        oscillator_model(config.waveform.linewidth_hz, config.waveform.carrier_offset_hz);
    for (std::size_t n = 0; n < config.devices.size(); ++n) {
        residual_offset_.push_back(config.waveform.residual_offset_hz * both(generator) /
                                   config.radio.bandwidth_hz);
        ends_.emplace_back(config, format, payload, n, oscillator,
                           air.window(format.header_samples()));
    }
}

void EmulatedDevices::settle(SiteKind kind, std::int64_t,
                             const std::vector<DeviceSettings>& settings) {
    settings_[static_cast<std::size_t>(kind)] = settings;
}

std::vector<DeviceReport> EmulatedDevices::take_part(const RoundOrder& order,
                                                     const std::function<void()>& server) {
    order_ = order;
    has_sent_ = false;
    reports_.assign(ends_.size(), punctual());
    if (order.new_reference) {
        for (DeviceEnd& end : ends_)
            end.headers().forget_phase();
    }
    server();
    return reports_;
}

bool EmulatedDevices::hear(const std::vector<std::vector<phy::Sample>>& received, Ticks header) {
    for (std::size_t n = 0; n < ends_.size(); ++n) {
        if (takes_part_[n] && !hear(n, received[n], header)) return false;
    }
    return true;
}

bool EmulatedDevices::hear(std::size_t device, gsl::span<const phy::Sample> received,
                           Ticks header) {
    return ends_[device].hear(received, static_cast<double>(header - lead), reports_[device]);
}

const EmulatedDevices::Bursts& EmulatedDevices::send() {
    const DeviceSettings none;
    const auto& settings = settings_[static_cast<std::size_t>(order_.site)];
    for (std::size_t n = 0; n < ends_.size(); ++n) {
        bursts_[n].clear();
        if (!takes_part_[n] || (!order_.sounding && settings[n].second_moment == 0)) continue;
        corrections_[n] = predict(n);
        if (!order_.sounding && drops_out_(dropouts_)) continue;
        ends_[n].write_burst(order_, order_.sounding ? none : settings[n],
                             order_.sounding ? gsl::span<const float>() : partials_[n],
                             corrections_[n], bursts_[n], reports_[n]);
    }
    has_sent_ = true;
    return bursts_;
}

phy::OscillatorCorrection EmulatedDevices::predict(std::size_t device) const {
    if (order_.headers.empty()) return {};
    auto correction = ends_[device].headers().predict(static_cast<double>(order_.burst));
    const Ticks heard = order_.headers.back() - lead;
    correction.offset += residual_offset_[device];
    correction.phase +=
        two_pi * residual_offset_[device] * static_cast<double>(order_.burst - heard);
    return correction;
}

// ---- server ----

EmulatedServer::EmulatedServer(const Config& config, const phy::BurstFormat& format,
                               const phy::Payload& payload, WaveformAir& air,
                               EmulatedDevices& devices)
    : knows_channels_(config.radio.channel_knowledge == ChannelKnowledge::perfect),
      antennas_(static_cast<std::size_t>(config.radio.server_antennas)),
      sounding_samples_(format.sounding_samples()),
      burst_samples_(burst_samples(format, payload)),
      end_(format, payload, antennas_, config.radio.server_power_w, WaveformAir::lead(),
           air.window(0) - WaveformAir::lead()),
      air_(air),
      devices_(devices) {}

ServerReport EmulatedServer::sound(const RoundOrder& order, gsl::span<const double> power_w) {
    ServerReport report = punctual_server();
    if (!reach_devices(order)) return report;
    if (knows_channels_) air_.set_noise(false);
    sounding_ = &end_.sound(air_.uplink(devices_.send(), sounding_samples_), power_w);
    if (knows_channels_) air_.set_noise(true);
    add_sounding(*sounding_, power_w, report);
    return report;
}

ServerReport EmulatedServer::sum(const RoundOrder& order, const ServerSettings& settings,
                                 gsl::span<float> sum) {
    ServerReport report = punctual_server();
    if (!reach_devices(order)) return report;
    const auto received = air_.uplink(devices_.send(), burst_samples_);
    add_sum(end_.sum(received, settings, order.scale, sum), report);
    return report;
}

/// Returns whether the bursts are due now: all devices have found all headers.
bool EmulatedServer::reach_devices(const RoundOrder& order) {
    for (const Ticks header : order.headers) {
        if (header <= now()) continue;  // heard at the head of a message
        wait_until(header);
        if (!devices_.hear(air_.downlink(header_of(order.header_antenna)), header)) return false;
    }
    wait_until(order.burst);
    return true;
}

/// What the server's antennas send for a header of one of them.
std::vector<phy::Sample> EmulatedServer::header_of(std::size_t antenna) const {
    const auto header = end_.header();
    std::vector<phy::Sample> sent(antennas_ * header.size());
    std::copy(header.begin(), header.end(), &sent[antenna * header.size()]);
    return sent;
}

/// A transmission begins lead() samples after the air is called.
void EmulatedServer::wait_until(Ticks begin) {
    air_.idle(static_cast<double>(begin - lead - now()));
}

}  // namespace aircomp::runtime
