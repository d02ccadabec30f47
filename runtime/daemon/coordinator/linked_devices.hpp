// SPDX-License-Identifier: GPL-3.0-or-later
// Devices at the other end of links, as the scheduler of rounds sees them: orders go out, reports
// come back. The scheduler waits in a thread of its own; messages come in the loop's.
#pragma once

#include <array>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <vector>

#include "config/config.hpp"
#include "daemon/carrier.hpp"
#include "round/radio_multicast.hpp"

namespace aircomp::runtime::testbed {

/// A device's radio has not done what was asked.
class DeviceFault : public std::runtime_error {
public:
    DeviceFault(const std::string& what, std::size_t device)
        : std::runtime_error(what), device_(device) {}

    std::size_t device() const { return device_; }

private:
    std::size_t device_;
};

/// Nobody waits for the round any more.
class RoundAbandoned : public std::runtime_error {
public:
    RoundAbandoned() : std::runtime_error("the round was abandoned") {}
};

class LinkedDevices final : public RoundDevices, public RadioListeners {
public:
    /// A report that has not come after `timeout_s` is missing. Everything given must outlive the
    /// object.
    LinkedDevices(const Config& config, RoundLinks& links, double timeout_s);
    ~LinkedDevices() override;

    // ---- in the loop's thread ----

    void begin_epoch(std::uint32_t epoch, const std::vector<std::size_t>& devices);
    /// Takes a ClockReport, a BurstReport or a Heard; anything else is not its business.
    void report(std::size_t device, const control::Message& message);
    /// Whoever waits for a report gets RoundAbandoned, until the next epoch.
    void abandon();

    // ---- in the scheduler's thread; RoundAbandoned or DeviceFault where a report does not come
    // ----

    /// Clock and carrier of the epoch's devices; valid until the next epoch.
    std::vector<TimedRadio*> timed();
    /// The next sums are of this vector of this round's partials, the next messages bring its sum.
    void hold(std::uint64_t round, std::uint32_t vector);
    void settle(SiteKind kind, std::int64_t from,
                const std::vector<DeviceSettings>& settings) override;
    std::vector<std::size_t> told(const RoundOrder& order) const override;
    std::vector<DeviceReport> take_part(const RoundOrder& order,
                                        const std::function<void()>& server) override;
    /// The epoch's devices.
    std::vector<std::size_t> listeners() const override { return devices_; }
    std::vector<MulticastReport> listen(const MulticastOrder& order,
                                        const std::function<void()>& server) override;

private:
    class LinkedClock;

    /// Sends `message`, which is numbered, to `devices`, does the server's part, and waits for a report
    /// of each in `reports`.
    template <typename Report>
    std::vector<Report> exchange(std::int64_t number, const control::Message& message,
                                 const std::vector<std::size_t>& devices,
                                 const std::function<void()>& server,
                                 std::vector<std::optional<Report>>& reports);

    control::ClockReport ask(std::size_t device, control::ClockStep step, Ticks ticks);
    void send(std::size_t device, const control::Message& message);
    void await(std::unique_lock<std::mutex>& lock, const std::function<bool()>& done,
               const std::function<std::size_t()>& missing);

    const Config& config_;
    RoundLinks& links_;
    double timeout_s_;
    std::uint64_t round_ = 0;
    std::uint32_t vector_ = 0;
    std::vector<std::unique_ptr<LinkedClock>> clocks_;
    /// Of sums, by SiteKind.
    std::array<std::vector<std::size_t>, inference::site_kinds.size()> senders_;

    std::mutex mutex_;
    std::condition_variable arrival_;
    std::uint32_t epoch_ = 0;
    std::vector<std::size_t> devices_;  ///< Of the epoch.
    bool abandoned_ = false;
    std::uint64_t requests_ = 0;
    /// Of the requests that somebody waits for, by their numbers.
    std::map<std::uint64_t, std::optional<control::ClockReport>> answers_;
    std::uint64_t number_ = 0;                           ///< Of the order under way.
    std::vector<std::optional<DeviceReport>> reports_;   ///< By device.
    std::vector<std::optional<MulticastReport>> heard_;  ///< The same.
};

}  // namespace aircomp::runtime::testbed
