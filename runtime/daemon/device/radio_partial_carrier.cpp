// SPDX-License-Identifier: GPL-3.0-or-later
// Orders to bursts on a device.
#include "daemon/device/radio_partial_carrier.hpp"

#include <stdexcept>

#include "coding/exact_sum.hpp"
#include "config/waveform_format.hpp"
#include "daemon/air_messages.hpp"

namespace aircomp::runtime::testbed {
namespace {

/// A coordinator waits for reports: few orders are ever on their way.
constexpr std::size_t most_waiting = 64;

}  // namespace

RadioPartialCarrier::RadioPartialCarrier(const Config& config, std::size_t device,
                                         DeviceRadio& radio, const SendAnswer& answer, Say say)
    : streams_(static_cast<std::size_t>(config.radio.streams)),
      antennas_(static_cast<std::size_t>(config.devices.at(device).antennas)),
      resource_blocks_(burst_format(config).resource_blocks()),
      radio_(radio),
      by_link_(answer),
      answer_(answer),
      say_(std::move(say)),
      rest_([&radio] { radio.timed().rest(); }),
      // Jobs report what goes wrong in them; nothing comes out.
      thread_([](const std::string&) {}) {}

void RadioPartialCarrier::carry(const Round& round, gsl::span<const float> partial,
                                double compute_s) {
    if (round.way != control::Way::link) {
        const std::lock_guard lock(mutex_);
        round_ = round;
        partial_.assign(partial.begin(), partial.end());
    }
    if (round.way != control::Way::air) return by_link_.carry(round, partial, compute_s);
    const auto length = static_cast<std::size_t>(round.length);
    std::vector<float> powers;
    for (std::size_t at = 0; at < partial.size(); at += length)
        powers.push_back(static_cast<float>(mean_square(partial.subspan(at, length))));
    answer_(control::encode(control::Computed{round.epoch, round.number, compute_s, powers}), round,
            compute_s);
}

void RadioPartialCarrier::command(const control::Message& message) {
    if (thread_.waiting() >= most_waiting) {
        throw control::ProtocolError("more than " + std::to_string(most_waiting) +
                                     " orders that the radio has not begun");
    }
    if (const auto* command = std::get_if<control::ClockCommand>(&message)) {
        thread_.submit([this, own = *command] { move_clock(own); });
    } else if (const auto* settings = std::get_if<control::Settings>(&message)) {
        settle(*settings);
    } else if (const auto* order = std::get_if<control::Order>(&message)) {
        thread_.submit([this, own = *order] { take_part(own); });
    }
}

void RadioPartialCarrier::move_clock(const control::ClockCommand& command) {
    control::ClockReport report;
    report.request = command.request;
    TimedRadio& timed = radio_.timed();
    try {
        switch (command.step) {
            case control::ClockStep::now:
                report.ticks = {timed.now()};
                break;
            case control::ClockStep::last_pulse:
                report.ticks = timed.last_pulse();
                break;
            case control::ClockStep::set_at_next_pulse:
                timed.set_time_at_next_pulse(command.ticks);
                radio_.begin_anew();
                break;
            case control::ClockStep::tune:
                timed.tune(command.ticks);
                break;
        }
    } catch (const std::exception& error) {
        report.failure = printable(error.what());
    }
    timed.rest();
    say_(control::encode(report));
}

void RadioPartialCarrier::settle(const control::Settings& settings) {
    if (settings.streams != streams_ || settings.antennas != antennas_ ||
        settings.resource_blocks != resource_blocks_) {
        throw control::ProtocolError(
            "settings: expected precoders of " + std::to_string(resource_blocks_) + " blocks, " +
            std::to_string(antennas_) + " antennas, " + std::to_string(streams_) + " streams");
    }
    thread_.submit([this, kind = static_cast<std::size_t>(settings.kind),
                    settled = Settled{settings.from_order, from_message(settings)}] {
        settled_.at(kind) = settled;
    });
}

void RadioPartialCarrier::take_part(const control::Order& order) {
    DeviceReport report;
    try {
        report = burst(order);
    } catch (const std::exception& error) {
        // A round that fails is repeated; the device goes on.
        report.burst.state = BurstState::refused;
        report.refusal = error.what();
    }
    // Before the report: after it, the coordinator calls the radio for the next order.
    radio_.timed().rest();
    say_(control::encode(to_message(report, order)));
}

DeviceReport RadioPartialCarrier::burst(const control::Order& order) {
    if (silent_) throw std::runtime_error("the coordinator is gone");
    if (order.sounding) return radio_.take_part(from_message(order, SiteKind::attention), {}, {});
    SiteKind kind = SiteKind::attention;
    const auto vector = ordered(order, kind);
    const Settled& settled = settled_.at(static_cast<std::size_t>(kind));
    if (settled.settings.precoders.empty() || order.number < settled.from)
        throw std::runtime_error("no settings hold for the order");
    return radio_.take_part(from_message(order, kind), settled.settings, vector);
}

std::vector<float> RadioPartialCarrier::ordered(const control::Order& order, SiteKind& kind) {
    const std::lock_guard lock(mutex_);
    if (round_.epoch != order.epoch || round_.number != order.round ||
        static_cast<std::int64_t>(order.vector) >= round_.vectors)
        throw std::runtime_error("there is no such partial");
    kind = round_.site.kind;
    const auto begin = partial_.begin() + static_cast<std::ptrdiff_t>(order.vector) * round_.length;
    return {begin, begin + round_.length};
}

}  // namespace aircomp::runtime::testbed
