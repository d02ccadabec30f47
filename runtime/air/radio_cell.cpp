// SPDX-License-Identifier: GPL-3.0-or-later
// Channels, sounding and accounting of the simulated radio cell.
#include "air/radio_cell.hpp"

#include <algorithm>
#include <cmath>

#include "config/waveform_format.hpp"

namespace aircomp::runtime {
namespace {

/// No power takes no energy, however long it lasts.
double energy_j(double power_w, double seconds) {
    return power_w > 0 ? power_w * seconds : 0;
}

}  // namespace

std::vector<double> path_gains(const Config& config) {
    optimizer::Random random(derive_seed(config.seed, seed_for::path_gains));
    std::vector<double> gains;
    for (const auto& device : config.devices) {
        // Drawn for every device, so that fixing one device's gain leaves the others' alone.
        const double drawn = optimizer::draw_path_gain(random);
        gains.push_back(device.path_gain.value_or(drawn));
    }
    return gains;
}

double noise_power_w(const Config& config) {
    double largest = 0;
    for (const auto& device : config.devices)
        largest = std::max(largest, device.max_power_w);
    return largest / std::pow(10, config.radio.snr_db / 10);
}

double air_time_s(const RadioConfig& radio, double channel_uses) {
    return channel_uses / (radio.bandwidth_hz * radio.overhead_factor);
}

double pilot_variance(const Config& config, std::size_t device) {
    return noise_power_w(config) /
           (config.devices[device].max_power_w * config.radio.pilots_per_antenna);
}

RadioCell::RadioCell(const Config& config, std::vector<double> power_w)
    : config_(config),
      power_w_(std::move(power_w)),
      path_gains_(runtime::path_gains(config)),
      noise_power_w_(runtime::noise_power_w(config)),
      header_s_(static_cast<double>(burst_format(config).header_samples()) /
                config.radio.bandwidth_hz),
      data_head_s_(static_cast<double>(burst_format(config).burst_samples(0)) /
                   config.radio.bandwidth_hz),
      ledger_(config.devices.size()) {}

bool RadioCell::enter_block() {
    const auto index = static_cast<std::int64_t>(now_s_ / config_.radio.coherence_block_s);
    if (index == block_.index) {
        if (config_.radio.doppler_hz > 0) block_.channels = channels_at(block_age_s());
        return false;
    }
    draw_block(index);
    ++ledger_.coherence_blocks;
    charge_sounding();
    return true;
}

// Each antenna sends g pilots in turn with the device's full power.
void RadioCell::draw_block(std::int64_t index) {
    const auto number = static_cast<std::uint64_t>(index);
    optimizer::Random channels(derive_seed(config_.seed, seed_for::channels, number));
    optimizer::Random pilots(derive_seed(config_.seed, seed_for::pilot_noise, number));
    block_ = {};
    block_.index = index;
    links_.clear();
    block_begin_s_ = now_s_;
    for (std::size_t n = 0; n < config_.devices.size(); ++n) {
        optimizer::Link link;
        link.receive_antennas = config_.radio.server_antennas;
        link.transmit_antennas = config_.devices[n].antennas;
        link.path_gain = path_gains_[n];
        link.rician_factor = rician_factor(config_.radio);
        const auto& own = links_.emplace_back(config_.radio, link, pilot_variance(config_, n),
                                              /*moving=*/true, channels, pilots);
        block_.channels.push_back(own.channel(0));
        block_.estimates.push_back(own.estimate());
        block_.error_variances.push_back(own.error_variance());
    }
}

std::vector<Eigen::MatrixXcd> RadioCell::channels_at(double age_s) const {
    std::vector<Eigen::MatrixXcd> channels;
    for (const SoundedLink& link : links_)
        channels.push_back(link.channel(age_s));
    return channels;
}

void RadioCell::charge_sounding() {
    if (config_.radio.channel_knowledge == ChannelKnowledge::perfect) return;
    std::int64_t uses = 0;
    std::vector<double> power_w(power_w_.size(), 0);
    for (std::size_t n = 0; n < config_.devices.size(); ++n) {
        if (!takes_part(n)) continue;
        power_w[n] = config_.devices[n].max_power_w;
        const std::int64_t own = static_cast<std::int64_t>(config_.devices[n].antennas) *
                                 config_.radio.pilots_per_antenna;
        ledger_.transmit_energy_j[n] +=
            config_.devices[n].max_power_w * air_time_s(static_cast<double>(own));
        uses += own;
    }
    reference_s_.reset();
    charge_frame({}, header_s_, power_w);
    charge_sounding_uses(uses);
    server_receives(air_time_s(static_cast<double>(uses)));
}

void RadioCell::charge_relay_sounding() {
    if (config_.radio.channel_knowledge == ChannelKnowledge::perfect) return;
    const std::int64_t uses = static_cast<std::int64_t>(config_.relays.count) *
                              config_.relays.antennas * config_.radio.pilots_per_antenna;
    ledger_.relay_energy_j += config_.relays.power_w * air_time_s(static_cast<double>(uses));
    charge_sounding_uses(uses);
    server_receives(air_time_s(static_cast<double>(uses)));
}

void RadioCell::charge_design_pilots(std::int64_t uses) {
    charge_sounding_uses(uses);
    server_sends(air_time_s(static_cast<double>(uses)));
}

void RadioCell::charge_sounding_uses(std::int64_t uses) {
    const double seconds = air_time_s(static_cast<double>(uses));
    ledger_.sounding_channel_uses += uses;
    ledger_.sounding_s += seconds;
    pass(seconds);
}

std::size_t RadioCell::participants() const {
    return power_w_.size() -
           static_cast<std::size_t>(std::count(power_w_.begin(), power_w_.end(), 0.0));
}

void RadioCell::charge_uplink(double seconds, std::int64_t channel_uses,
                              const std::vector<double>& power_w, const Frame& frame) {
    if (!shares_frame_) charge_frame(frame, data_head_s_, power_w);
    ++ledger_.all_reduces;
    ledger_.uplink_s += seconds;
    ledger_.uplink_channel_uses += channel_uses;
    for (std::size_t n = 0; n < power_w.size(); ++n) {
        ledger_.transmit_energy_j[n] += power_w[n] * seconds;
    }
    server_receives(seconds);
    pass(seconds);
}

std::optional<double> RadioCell::reference_age_s() const {
    if (!reference_s_) return {};
    return now_s_ - *reference_s_;
}

double RadioCell::turnaround_left_s() const {
    const double turnaround_s = config_.frame.turnaround_s;
    return reference_s_ ? std::max(0.0, turnaround_s - (now_s_ - silent_since_s_)) : turnaround_s;
}

void RadioCell::charge_frame(const Frame& frame, double preamble_s,
                             const std::vector<double>& power_w) {
    const double header_s = reference_s_ ? 0 : header_s_;
    const double turnarounds_s =
        turnaround_left_s() + (frame.turnarounds - 1) * config_.frame.turnaround_s;
    const double bursts_s = frame.bursts * preamble_s;
    reference_s_.reset();
    charge_frame_s(header_s + turnarounds_s + bursts_s);
    server_sends(header_s);
    server_receives(bursts_s);
    if (config_.costs == Costs::paper) return;
    for (std::size_t n = 0; n < power_w.size(); ++n)
        ledger_.transmit_energy_j[n] += power_w[n] * bursts_s;
}

void RadioCell::charge_frame_s(double seconds) {
    if (config_.costs == Costs::paper) return;
    ledger_.frame_s += seconds;
    pass(seconds);
}

void RadioCell::pass(double seconds) {
    now_s_ += seconds;
    for (std::size_t n = 0; n < power_w_.size(); ++n) {
        if (takes_part(n))
            ledger_.standby_energy_j[n] += energy_j(config_.devices[n].radio_idle_power_w, seconds);
    }
    ledger_.server_energy_j += energy_j(config_.radio.server_idle_power_w, seconds);
}

void RadioCell::server_sends(double seconds) {
    if (config_.costs == Costs::paper) return;
    ledger_.server_energy_j += energy_j(config_.radio.server_power_w, seconds);
    for (std::size_t n = 0; n < power_w_.size(); ++n) {
        if (takes_part(n))
            ledger_.standby_energy_j[n] +=
                energy_j(config_.devices[n].radio_receive_power_w, seconds);
    }
}

void RadioCell::server_receives(double seconds) {
    if (config_.costs == Costs::paper) return;
    ledger_.server_energy_j += energy_j(config_.radio.server_receive_power_w, seconds);
}

void RadioCell::charge_control(double bytes) {
    if (bytes <= 0) return;
    const double seconds =
        config_.radio.control_latency_s + bytes / config_.radio.control_rate_bytes_per_s;
    ledger_.control_s += seconds;
    pass(seconds);
}

void RadioCell::charge_downlink(double seconds) {
    if (!shares_frame_) {
        charge_frame_s(config_.frame.turnaround_s);
        if (config_.frame.reference == Reference::downlink) reference_s_ = now_s_;
        charge_frame_s(header_s_);
        server_sends(header_s_);
    }
    server_sends(seconds);
    charge_wired_downlink(seconds);
    silent_since_s_ = now_s_;
}

void RadioCell::charge_wired_downlink(double seconds) {
    ledger_.downlink_s += seconds;
    pass(seconds);
}

}  // namespace aircomp::runtime
