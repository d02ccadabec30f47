// SPDX-License-Identifier: GPL-3.0-or-later
// Opening and bringing up the radios of a configuration.
#include "radio/open_radios.hpp"

#include <cmath>
#include <future>
#include <stdexcept>

#include "radio/power_calibration.hpp"

namespace aircomp::runtime {
namespace {

// In units of radios.lead_s, the time that an order needs to reach every radio: first until all
// radios tune, then until their oscillators have locked.
constexpr double tune_delay_leads = 10;
constexpr double settle_delay_leads = 15;

const RadioEndConfig& end_config(const Config& config, std::optional<std::size_t> device) {
    return device ? config.radios.devices.at(*device) : config.radios.server;
}

}  // namespace

RadioOptions radio_options(const Config& config, std::optional<std::size_t> device) {
    if (config.radios.devices.empty()) {
        throw std::runtime_error("radios: expected a section that names the radios, found none");
    }
    const RadioEndConfig& end = end_config(config, device);
    RadioOptions options;
    options.name = device ? config.devices.at(*device).name : "server";
    options.driver = config.radios.driver;
    options.args = end.args;
    options.clock_source = config.radios.clock_source;
    options.time_source = config.radios.time_source;
    options.subdevice = end.subdevice;
    options.transmit_port = end.transmit_port;
    options.receive_port = end.receive_port;
    options.channels = static_cast<std::size_t>(device ? config.devices.at(*device).antennas
                                                       : config.radio.server_antennas);
    options.sample_rate_hz = config.radio.bandwidth_hz;
    options.frequency_hz = config.radios.frequency_hz;
    options.transmit_gain_db = end.transmit_gain_db;
    options.receive_gain_db = end.receive_gain_db;
    options.unit_power_dbfs = config.radios.unit_power_dbfs;
    options.timeout_s = config.radios.timeout_s;
    return options;
}

std::optional<double> full_scale_dbm(const Config& config, std::optional<std::size_t> device) {
    const RadioEndConfig& end = end_config(config, device);
    if (end.calibration.empty()) return std::nullopt;
    return PowerCalibration(end.calibration)
        .full_scale_dbm(config.radios.frequency_hz, end.transmit_gain_db);
}

std::unique_ptr<GuardedSession> open_guarded_radio(const Config& config,
                                                   std::optional<std::size_t> device,
                                                   const RadioOpener& open) {
    const RadioOptions options = radio_options(config, device);
    const auto dbm = full_scale_dbm(config, device);
    if (config.radios.transmit) check_limits(options, config.radios.limits, dbm);
    return std::make_unique<GuardedSession>(open(options), config.radios.transmit,
                                            config.radios.limits, dbm);
}

RadioOptions try_radio(const Config& config, std::optional<std::size_t> device) {
    return open_radio(radio_options(config, device))->options();
}

Ticks bring_up(gsl::span<TimedRadio* const> radios, double lead_s) {
    align_clocks(radios, 0);
    const double rate_hz = radios[0]->options().sample_rate_hz;
    const Ticks pulse = radios[0]->last_pulse().at(0);
    const auto after = [&](double leads) {
        return pulse + static_cast<Ticks>(std::llround(leads * lead_s * rate_hz));
    };
    std::vector<std::future<void>> tuned;
    for (TimedRadio* radio : radios) {
        tuned.push_back(std::async(std::launch::async, [radio, when = after(tune_delay_leads)] {
            radio->tune(when);
            radio->rest();
        }));
    }
    for (auto& each : tuned)
        each.get();
    return after(tune_delay_leads + settle_delay_leads);
}

}  // namespace aircomp::runtime
