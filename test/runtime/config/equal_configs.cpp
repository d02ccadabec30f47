// SPDX-License-Identifier: GPL-3.0-or-later
#include "equal_configs.hpp"

#include <cstddef>

#include "support/catch.hpp"

namespace aircomp::runtime {
namespace {

void check_equal(const DeviceConfig& a, const DeviceConfig& b) {
    CHECK(a.name == b.name);
    CHECK(a.preset == b.preset);
    CHECK(a.memory_bandwidth_bytes_per_s == b.memory_bandwidth_bytes_per_s);
    CHECK(a.compute_flops_per_s == b.compute_flops_per_s);
    CHECK(a.energy_j_per_flop == b.energy_j_per_flop);
    CHECK(a.max_power_w == b.max_power_w);
    CHECK(a.memory_bytes == b.memory_bytes);
    CHECK(a.antennas == b.antennas);
    CHECK(a.path_gain == b.path_gain);
    CHECK(a.energy_j_per_token == b.energy_j_per_token);
    CHECK(a.min_power_w == b.min_power_w);
    CHECK(a.radio_receive_power_w == b.radio_receive_power_w);
    CHECK(a.radio_idle_power_w == b.radio_idle_power_w);
}

void check_equal(const RadioConfig& a, const RadioConfig& b) {
    CHECK(a.server_antennas == b.server_antennas);
    CHECK(a.streams == b.streams);
    CHECK(a.bandwidth_hz == b.bandwidth_hz);
    CHECK(a.overhead_factor == b.overhead_factor);
    CHECK(a.snr_db == b.snr_db);
    CHECK(a.fading == b.fading);
    CHECK(a.rician_factor == b.rician_factor);
    CHECK(a.coherence_block_s == b.coherence_block_s);
    CHECK(a.doppler_hz == b.doppler_hz);
    CHECK(a.knowledge_age_s == b.knowledge_age_s);
    CHECK(a.channel_knowledge == b.channel_knowledge);
    CHECK(a.pilots_per_antenna == b.pilots_per_antenna);
    CHECK(a.design == b.design);
    CHECK(a.design_pilots == b.design_pilots);
    CHECK(a.downlink == b.downlink);
    CHECK(a.coding_gap_db == b.coding_gap_db);
    CHECK(a.block_error_rate == b.block_error_rate);
    CHECK(a.server_power_w == b.server_power_w);
    CHECK(a.server_receive_power_w == b.server_receive_power_w);
    CHECK(a.server_idle_power_w == b.server_idle_power_w);
    CHECK(a.multicast_covariance == b.multicast_covariance);
    CHECK(a.downlink_bits == b.downlink_bits);
    CHECK(a.downlink_loss_nats == b.downlink_loss_nats);
    CHECK(a.settings_link == b.settings_link);
    CHECK(a.control_rate_bytes_per_s == b.control_rate_bytes_per_s);
    CHECK(a.control_latency_s == b.control_latency_s);
}

void check_equal(const RelaysConfig& a, const RelaysConfig& b) {
    CHECK(a.count == b.count);
    CHECK(a.antennas == b.antennas);
    CHECK(a.power_w == b.power_w);
    CHECK(a.path_gain == b.path_gain);
    CHECK(a.path_loss_exponent == b.path_loss_exponent);
}

void check_equal(const FrameConfig& a, const FrameConfig& b) {
    CHECK(a.sync_periods == b.sync_periods);
    CHECK(a.turnaround_s == b.turnaround_s);
    CHECK(a.reference == b.reference);
    CHECK(a.burst_preamble == b.burst_preamble);
    CHECK(a.max_vectors == b.max_vectors);
}

void check_equal(const WaveformConfig& a, const WaveformConfig& b) {
    CHECK(a.fft_size == b.fft_size);
    CHECK(a.guard_low == b.guard_low);
    CHECK(a.guard_high == b.guard_high);
    CHECK(a.prefix == b.prefix);
    CHECK(a.pilots == b.pilots);
    CHECK(a.resource_block == b.resource_block);
    CHECK(a.attempts == b.attempts);
    CHECK(a.min_confidence == b.min_confidence);
    CHECK(a.paths == b.paths);
    CHECK(a.path_decay_db == b.path_decay_db);
    CHECK(a.timing_offset == b.timing_offset);
    CHECK(a.carrier_offset_hz == b.carrier_offset_hz);
    CHECK(a.residual_offset_hz == b.residual_offset_hz);
    CHECK(a.linewidth_hz == b.linewidth_hz);
    CHECK(a.sampling_offset_ppm == b.sampling_offset_ppm);
    CHECK(a.iq_gain_db == b.iq_gain_db);
    CHECK(a.iq_phase_deg == b.iq_phase_deg);
    CHECK(a.transmit_range == b.transmit_range);
    CHECK(a.receive_range == b.receive_range);
    CHECK(a.dac_bits == b.dac_bits);
    CHECK(a.adc_bits == b.adc_bits);
    CHECK(a.dropout == b.dropout);
    CHECK(a.silent_device == b.silent_device);
}

void check_equal(const TestbedConfig& a, const TestbedConfig& b) {
    CHECK(a.listen == b.listen);
    CHECK(a.metrics_listen == b.metrics_listen);
    CHECK(a.heartbeat_s == b.heartbeat_s);
    CHECK(a.hello_timeout_s == b.hello_timeout_s);
    CHECK(a.round_timeout_s == b.round_timeout_s);
    CHECK(a.join_timeout_s == b.join_timeout_s);
    CHECK(a.min_devices == b.min_devices);
    CHECK(a.shares == b.shares);
    CHECK(a.measure == b.measure);
}

void check_equal(const StatusConfig& a, const StatusConfig& b) {
    CHECK(a.page == b.page);
    CHECK(a.token_file == b.token_file);
}

void check_equal(const RadioEndConfig& a, const RadioEndConfig& b) {
    CHECK(a.args == b.args);
    CHECK(a.subdevice == b.subdevice);
    CHECK(a.transmit_port == b.transmit_port);
    CHECK(a.receive_port == b.receive_port);
    CHECK(a.transmit_gain_db == b.transmit_gain_db);
    CHECK(a.receive_gain_db == b.receive_gain_db);
    CHECK(a.calibration == b.calibration);
    CHECK(a.chain == b.chain);
}

void check_equal(const TransmitLimits& a, const TransmitLimits& b) {
    REQUIRE(a.frequency_ranges.size() == b.frequency_ranges.size());
    for (std::size_t i = 0; i < a.frequency_ranges.size(); ++i) {
        CHECK(a.frequency_ranges[i].low_hz == b.frequency_ranges[i].low_hz);
        CHECK(a.frequency_ranges[i].high_hz == b.frequency_ranges[i].high_hz);
    }
    CHECK(a.max_gain_db == b.max_gain_db);
    CHECK(a.max_mean_dbfs == b.max_mean_dbfs);
    CHECK(a.max_power_dbm == b.max_power_dbm);
    CHECK(a.max_duty == b.max_duty);
    CHECK(a.watchdog_s == b.watchdog_s);
}

void check_equal(const RadiosConfig& a, const RadiosConfig& b) {
    CHECK(a.transmit == b.transmit);
    CHECK(a.frequency_hz == b.frequency_hz);
    CHECK(a.clock_source == b.clock_source);
    CHECK(a.time_source == b.time_source);
    CHECK(a.unit_power_dbfs == b.unit_power_dbfs);
    CHECK(a.receive_headroom_db == b.receive_headroom_db);
    CHECK(a.carrier_offset_hz == b.carrier_offset_hz);
    CHECK(a.linewidth_hz == b.linewidth_hz);
    CHECK(a.lead_s == b.lead_s);
    CHECK(a.interval_s == b.interval_s);
    CHECK(a.timeout_s == b.timeout_s);
    CHECK(a.max_evm == b.max_evm);
    CHECK(a.chain == b.chain);
    check_equal(a.limits, b.limits);
    check_equal(a.server, b.server);
    REQUIRE(a.devices.size() == b.devices.size());
    for (std::size_t n = 0; n < a.devices.size(); ++n)
        check_equal(a.devices[n], b.devices[n]);
}

}  // namespace

void check_equal(const Config& a, const Config& b) {
    CHECK(a.model.dimensions == b.model.dimensions);
    CHECK(a.model.context == b.model.context);
    CHECK(a.model.prefill_chunk == b.model.prefill_chunk);
    CHECK(a.compute.backend == b.compute.backend);
    CHECK(a.compute.device == b.compute.device);
    CHECK(a.compute.dtype == b.compute.dtype);
    REQUIRE(a.devices.size() == b.devices.size());
    for (std::size_t n = 0; n < a.devices.size(); ++n) {
        CAPTURE(n);
        check_equal(a.devices[n], b.devices[n]);
    }
    CHECK(a.shares == b.shares);
    CHECK(a.costs == b.costs);
    check_equal(a.radio, b.radio);
    check_equal(a.frame, b.frame);
    CHECK(a.medium == b.medium);
    check_equal(a.waveform, b.waveform);
    check_equal(a.radios, b.radios);
    check_equal(a.relays, b.relays);
    CHECK(a.analog.scale == b.analog.scale);
    CHECK(a.analog.rotation == b.analog.rotation);
    CHECK(a.analog.clip_level == b.analog.clip_level);
    CHECK(a.calibration.prediction == b.calibration.prediction);
    CHECK(a.calibration.first_token == b.calibration.first_token);
    CHECK(a.calibration.transform == b.calibration.transform);
    CHECK(a.calibration.site_power == b.calibration.site_power);
    CHECK(a.calibration.token_power == b.calibration.token_power);
    CHECK(a.calibration.max_compute == b.calibration.max_compute);
    CHECK(a.calibration.vector_headroom_db == b.calibration.vector_headroom_db);
    CHECK(a.calibration.carry == b.calibration.carry);
    CHECK(a.accuracy.max_uplink_loss_nats == b.accuracy.max_uplink_loss_nats);
    CHECK(a.accuracy.max_loss_nats == b.accuracy.max_loss_nats);
    CHECK(a.accuracy.max_repetitions == b.accuracy.max_repetitions);
    CHECK(a.assignment.compute_time_s == b.assignment.compute_time_s);
    check_equal(a.testbed, b.testbed);
    check_equal(a.status, b.status);
    CHECK(a.server_flops_per_s == b.server_flops_per_s);
    CHECK(a.server_energy_j_per_flop == b.server_energy_j_per_flop);
    CHECK(a.server_memory_bandwidth_bytes_per_s == b.server_memory_bandwidth_bytes_per_s);
    CHECK(a.scheme == b.scheme);
    CHECK(a.digital.bits == b.digital.bits);
    CHECK(a.digital.quantiser == b.digital.quantiser);
    CHECK(a.digital.error_feedback == b.digital.error_feedback);
    CHECK(a.seed == b.seed);
    CHECK(a.threads == b.threads);
}

}  // namespace aircomp::runtime
