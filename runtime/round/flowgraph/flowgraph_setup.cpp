// SPDX-License-Identifier: GPL-3.0-or-later
// From the configuration to a flowgraph's values.
#include "round/flowgraph/flowgraph_setup.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "round/device_end.hpp"
#include "round/flowgraph/flowgraph_link.hpp"
#include "round/round_clock.hpp"

namespace aircomp::runtime {
namespace {

std::uint64_t whole_rate_hz(const RadioOptions& options) {
    const auto rate_hz = static_cast<std::uint64_t>(std::llround(options.sample_rate_hz));
    if (static_cast<double>(rate_hz) == options.sample_rate_hz) return rate_hz;
    throw std::runtime_error("radio '" + options.name +
                             "': radio.bandwidth_hz: expected a whole number for a flowgraph, "
                             "found " +
                             std::to_string(options.sample_rate_hz));
}

}  // namespace

pmt::pmt_t flowgraph_setup(const Config& config, const phy::BurstFormat& format,
                           const phy::Payload& payload, std::optional<std::size_t> device,
                           const RadioOptions& options, double max_mean_dbfs) {
    pmt::pmt_t setup = pmt::make_dict();
    const auto number = [&](const char* key, double value) {
        setup = with(setup, key, pmt::from_double(value));
    };
    const auto count = [&](const char* key, std::uint64_t value) {
        setup = with(setup, key, pmt::from_uint64(value));
    };
    const auto text = [&](const char* key, const std::string& value) {
        setup = with(setup, key, pmt::mp(value));
    };
    const auto bytes = phy::serialise(format);
    setup = with(setup, "format", pmt::init_u8vector(bytes.size(), bytes));
    text("radio", options.name);
    text("role", device ? "device" : "server");
    count("device", device.value_or(0));
    count("antennas", options.channels);
    count("length", payload.length);
    count("streams", payload.streams);
    setup = with(setup, "rotation_seed",
                 payload.rotation_seed ? pmt::from_uint64(*payload.rotation_seed) : pmt::PMT_NIL);
    count("rate", whole_rate_hz(options));
    number("frequency", options.frequency_hz);
    text("args", options.args);
    text("clock_source", options.clock_source);
    text("time_source", options.time_source);
    text("subdevice", options.subdevice);
    text("transmit_port", options.transmit_port);
    text("receive_port", options.receive_port);
    number("transmit_gain_db", options.transmit_gain_db);
    number("receive_gain_db", options.receive_gain_db);
    number("unit_power_dbfs", options.unit_power_dbfs);
    number("max_mean_dbfs", max_mean_dbfs);
    const auto oscillator = oscillator_model(config.radios);
    number("linewidth_hz", oscillator.linewidth_hz);
    number("carrier_offset_hz", oscillator.initial_offset_hz);
    number("header_power_w", config.radio.server_power_w);
    count("window_lead", window_lead);
    count("window_tail", window_tail);
    return setup;
}

}  // namespace aircomp::runtime
