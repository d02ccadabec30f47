// SPDX-License-Identifier: GPL-3.0-or-later
// Rounds over all radios of a process.
#include "round/radio_testbed.hpp"

#include <algorithm>
#include <future>
#include <gsl/util>
#include <numeric>
#include <stdexcept>

#include "config/waveform_format.hpp"
#include "radio/open_radios.hpp"

namespace aircomp::runtime {
namespace {

void check_senders(const Config& config, const AnalogCodec& codec,
                   const std::vector<double>& power_w) {
    if (config.radios.devices.empty()) {
        throw std::runtime_error("radios: expected a section that names the radios, found none");
    }
    if (!config.radios.transmit) {
        throw std::runtime_error("radios.transmit: expected true, for a sum is sent, found false");
    }
    for (std::size_t n = 0; n < config.devices.size(); ++n) {
        const bool sends =
            std::all_of(codec.kinds().begin(), codec.kinds().end(),
                        [&](SiteKind kind) { return codec.second_moments(kind)[n] > 0; });
        if (power_w[n] > 0 && sends) continue;
        throw std::runtime_error("radios: device '" + config.devices[n].name +
                                 "': expected a share of the model and power to send its partials, "
                                 "found neither or one; leave its radio out");
    }
}

}  // namespace

std::vector<TimedRadio*> LocalDevices::timed() const {
    std::vector<TimedRadio*> timed;
    for (const auto& radio : radios_)
        timed.push_back(&radio->timed());
    return timed;
}

void LocalDevices::settle(SiteKind kind, std::int64_t,
                          const std::vector<DeviceSettings>& settings) {
    settings_[static_cast<std::size_t>(kind)] = settings;
}

std::vector<std::size_t> LocalDevices::told(const RoundOrder&) const {
    return listeners();
}

std::vector<std::size_t> LocalDevices::listeners() const {
    std::vector<std::size_t> all(radios_.size());
    std::iota(all.begin(), all.end(), std::size_t{0});
    return all;
}

/// All threads end with the burst or round.
template <typename Part>
auto LocalDevices::together(const Part& part, const std::function<void()>& server) {
    using Report = decltype(part(std::size_t{0}));
    std::vector<std::future<Report>> running;
    for (const auto& radio : radios_)
        radio->feed();
    for (std::size_t n = 0; n < radios_.size(); ++n) {
        running.push_back(std::async(std::launch::async, [&, n] {
            const auto rest = gsl::finally([&] { radios_[n]->timed().rest(); });
            return part(n);
        }));
    }
    server();
    std::vector<Report> reports;
    reports.reserve(running.size());
    for (auto& each : running)
        reports.push_back(each.get());
    return reports;
}

std::vector<DeviceReport> LocalDevices::take_part(const RoundOrder& order,
                                                  const std::function<void()>& server) {
    const DeviceSettings none;
    const auto& settings = settings_[static_cast<std::size_t>(order.site)];
    return together(
        [&](std::size_t n) {
            return order.sounding ? radios_[n]->take_part(order, none, {})
                                  : radios_[n]->take_part(order, settings[n], partials_[n]);
        },
        server);
}

std::vector<MulticastReport> LocalDevices::listen(const MulticastOrder& order,
                                                  const std::function<void()>& server) {
    return together([&](std::size_t n) { return radios_[n]->listen(order); }, server);
}

RadioTestbed::RadioTestbed(const Config& config, const AnalogCodec& codec,
                           const std::vector<double>& power_w, const std::string& design,
                           const RadioOpener& opener)
    : config_(config) {
    check_senders(config, codec, power_w);
    const auto format = burst_format(config);
    const auto flowgraphs = make_flowgraph_host();
    std::vector<std::unique_ptr<DeviceRadio>> radios;
    for (std::size_t n = 0; n < config.devices.size(); ++n)
        radios.push_back(open_device_radio(config, format, codec.payload(), n, opener, flowgraphs));
    devices_ = std::make_unique<LocalDevices>(std::move(radios));
    server_ = open_server_radio(config, format, codec.payload(), opener, flowgraphs);
    auto all = devices_->timed();
    all.push_back(&server_->timed());
    scheduler_ =
        std::make_unique<RoundScheduler>(config, codec, power_w, design, *server_, *devices_,
                                         radio_rules(config, bring_up(all, config.radios.lead_s)));
}

std::unique_ptr<MulticastLink> RadioTestbed::multicast() {
    return std::make_unique<RadioMulticast>(config_, burst_format(config_), *scheduler_, *server_,
                                            *devices_);
}

WholeRound RadioTestbed::sum(SiteKind kind, double scale, const LocalDevices::Partials& partials,
                             gsl::span<float> sum) {
    devices_->hold(partials);
    return scheduler_->sum(kind, scale, sum);
}

}  // namespace aircomp::runtime
