// SPDX-License-Identifier: GPL-3.0-or-later
// Orders and clock commands over links, and waiting for what comes of them.
#include "daemon/coordinator/linked_devices.hpp"

#include <algorithm>
#include <chrono>

#include "daemon/air_messages.hpp"
#include "radio/open_radios.hpp"

namespace aircomp::runtime::testbed {

/// A device's radio, for bring_up().
class LinkedDevices::LinkedClock final : public TimedRadio {
public:
    LinkedClock(LinkedDevices& devices, std::size_t device)
        : devices_(devices), device_(device), options_(radio_options(devices.config_, device)) {}

    const RadioOptions& options() const override { return options_; }
    std::vector<Ticks> last_pulse() override {
        return devices_.ask(device_, control::ClockStep::last_pulse, 0).ticks;
    }
    void set_time_at_next_pulse(Ticks time) override {
        devices_.ask(device_, control::ClockStep::set_at_next_pulse, time);
    }
    void tune(Ticks time) override { devices_.ask(device_, control::ClockStep::tune, time); }
    Ticks now() override { return devices_.ask(device_, control::ClockStep::now, 0).ticks.at(0); }

private:
    LinkedDevices& devices_;
    std::size_t device_;
    RadioOptions options_;
};

LinkedDevices::LinkedDevices(const Config& config, RoundLinks& links, double timeout_s)
    : config_(config),
      links_(links),
      timeout_s_(timeout_s),
      reports_(config.devices.size()),
      heard_(config.devices.size()) {}

LinkedDevices::~LinkedDevices() = default;

// ---- the loop's thread ----

void LinkedDevices::begin_epoch(std::uint32_t epoch, const std::vector<std::size_t>& devices) {
    const std::lock_guard lock(mutex_);
    epoch_ = epoch;
    devices_ = devices;
    abandoned_ = false;
    answers_.clear();
    clocks_.clear();
    for (const std::size_t device : devices)
        clocks_.push_back(std::make_unique<LinkedClock>(*this, device));
}

void LinkedDevices::report(std::size_t device, const control::Message& message) {
    const std::lock_guard lock(mutex_);
    if (const auto* clock = std::get_if<control::ClockReport>(&message)) {
        // Kept only where it is waited for: devices cannot make the coordinator hold more.
        const auto awaited = answers_.find(clock->request);
        if (awaited != answers_.end()) awaited->second = *clock;
    } else if (const auto* burst = std::get_if<control::BurstReport>(&message)) {
        if (burst->number == number_) reports_.at(device) = from_message(*burst);
    } else if (const auto* heard = std::get_if<control::Heard>(&message)) {
        if (heard->number == number_) heard_.at(device) = from_message(*heard);
    }
    arrival_.notify_all();
}

void LinkedDevices::abandon() {
    const std::lock_guard lock(mutex_);
    abandoned_ = true;
    arrival_.notify_all();
}

// ---- the scheduler's thread ----

std::vector<TimedRadio*> LinkedDevices::timed() {
    std::vector<TimedRadio*> timed;
    for (const auto& clock : clocks_)
        timed.push_back(clock.get());
    return timed;
}

void LinkedDevices::hold(std::uint64_t round, std::uint32_t vector) {
    round_ = round;
    vector_ = vector;
}

void LinkedDevices::send(std::size_t device, const control::Message& message) {
    links_.post(
        [&links = links_, device, frame = control::encode(message)] { links.send(device, frame); });
}

void LinkedDevices::await(std::unique_lock<std::mutex>& lock, const std::function<bool()>& done,
                          const std::function<std::size_t()>& missing) {
    const bool came = arrival_.wait_for(lock, std::chrono::duration<double>(timeout_s_),
                                        [&] { return abandoned_ || done(); });
    if (abandoned_) throw RoundAbandoned();
    if (came) return;
    const std::size_t device = missing();
    throw DeviceFault("its radio has not reported within " + std::to_string(timeout_s_) + " s",
                      device);
}

control::ClockReport LinkedDevices::ask(std::size_t device, control::ClockStep step, Ticks ticks) {
    std::unique_lock lock(mutex_);
    const std::uint64_t request = ++requests_;
    answers_[request].reset();
    send(device, control::ClockCommand{request, step, ticks});
    await(
        lock, [&] { return answers_[request].has_value(); }, [&] { return device; });
    control::ClockReport answer = *answers_.extract(request).mapped();
    if (!answer.failure.empty()) throw DeviceFault(answer.failure, device);
    const bool has_ticks =
        step == control::ClockStep::now || step == control::ClockStep::last_pulse;
    if (has_ticks && answer.ticks.empty()) throw DeviceFault("its radio told no time", device);
    return answer;
}

void LinkedDevices::settle(SiteKind kind, std::int64_t from,
                           const std::vector<DeviceSettings>& settings) {
    auto& senders = senders_.at(static_cast<std::size_t>(kind));
    senders.clear();
    for (const std::size_t device : devices_) {
        if (settings[device].second_moment <= 0) continue;
        senders.push_back(device);
        send(device, to_message(settings[device], epoch_, kind, from,
                                static_cast<std::size_t>(config_.radio.streams),
                                static_cast<std::size_t>(config_.devices[device].antennas)));
    }
}

std::vector<std::size_t> LinkedDevices::told(const RoundOrder& order) const {
    return order.sounding ? devices_ : senders_.at(static_cast<std::size_t>(order.site));
}

template <typename Report>
std::vector<Report> LinkedDevices::exchange(std::int64_t number, const control::Message& message,
                                            const std::vector<std::size_t>& devices,
                                            const std::function<void()>& server,
                                            std::vector<std::optional<Report>>& reports) {
    {
        const std::lock_guard lock(mutex_);
        if (abandoned_) throw RoundAbandoned();
        number_ = static_cast<std::uint64_t>(number);
        std::fill(reports.begin(), reports.end(), std::nullopt);
    }
    for (const std::size_t device : devices)
        send(device, message);
    server();
    std::unique_lock lock(mutex_);
    const auto missing = [&] {
        return std::find_if(devices.begin(), devices.end(),
                            [&](std::size_t device) { return !reports[device]; });
    };
    await(
        lock, [&] { return missing() == devices.end(); }, [&] { return *missing(); });
    std::vector<Report> all(reports.size());
    for (const std::size_t device : devices)
        all[device] = *reports[device];
    return all;
}

std::vector<DeviceReport> LinkedDevices::take_part(const RoundOrder& order,
                                                   const std::function<void()>& server) {
    return exchange(order.number, to_message(order, epoch_, round_, vector_), told(order), server,
                    reports_);
}

std::vector<MulticastReport> LinkedDevices::listen(const MulticastOrder& order,
                                                   const std::function<void()>& server) {
    return exchange(order.number, to_message(order, epoch_, round_, vector_), devices_, server,
                    heard_);
}

}  // namespace aircomp::runtime::testbed
