// SPDX-License-Identifier: GPL-3.0-or-later
// All radios of a testbed in one process, a thread a radio in every round. First light and the
// medium `radio` stand on it.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "round/device_radio.hpp"
#include "round/radio_multicast.hpp"
#include "round/round_scheduler.hpp"
#include "round/server_radio.hpp"

namespace aircomp::runtime {

/// Devices whose radios are opened here.
class LocalDevices final : public RoundDevices, public RadioListeners {
public:
    explicit LocalDevices(std::vector<std::unique_ptr<DeviceRadio>> radios)
        : radios_(std::move(radios)) {}

    using Partials = std::vector<gsl::span<const float>>;

    /// What the next sums are of, one for each device; valid until they are sent.
    void hold(const Partials& partials) { partials_ = partials; }

    std::vector<TimedRadio*> timed() const;
    void settle(SiteKind kind, std::int64_t from,
                const std::vector<DeviceSettings>& settings) override;
    std::vector<std::size_t> told(const RoundOrder& order) const override;
    std::vector<DeviceReport> take_part(const RoundOrder& order,
                                        const std::function<void()>& server) override;
    std::vector<std::size_t> listeners() const override;
    std::vector<MulticastReport> listen(const MulticastOrder& order,
                                        const std::function<void()>& server) override;

private:
    /// Has `part(n)` done for every device in a thread of its own, and `server` in this one.
    template <typename Part>
    auto together(const Part& part, const std::function<void()>& server);

    std::vector<std::unique_ptr<DeviceRadio>> radios_;
    /// By SiteKind.
    std::array<std::vector<DeviceSettings>, inference::site_kinds.size()> settings_;
    Partials partials_;
};

class RadioTestbed {
public:
    /// Opens and brings up the radios of the configuration. Devices transmit with at most `power_w`
    /// each. Throws std::runtime_error where transmission is off, a device would have nothing to
    /// send, or as open_device_radio() and bring_up() do.
    RadioTestbed(const Config& config, const AnalogCodec& codec, const std::vector<double>& power_w,
                 const std::string& design, const RadioOpener& open = open_radio);

    /// RoundScheduler::sum() of the devices' vectors.
    WholeRound sum(SiteKind kind, double scale, const LocalDevices::Partials& partials,
                   gsl::span<float> sum);

    RoundScheduler& scheduler() { return *scheduler_; }

    /// What carries the server's messages; must not outlive the testbed.
    std::unique_ptr<MulticastLink> multicast();

private:
    Config config_;
    std::unique_ptr<LocalDevices> devices_;
    std::unique_ptr<ServerRadio> server_;
    std::unique_ptr<RoundScheduler> scheduler_;
};

}  // namespace aircomp::runtime
