// SPDX-License-Identifier: GPL-3.0-or-later
// Orders to bursts on a device.
#include "daemon/device/radio_partial_carrier.hpp"

#include <stdexcept>

#include "coding/analog_codec.hpp"
#include "coding/exact_sum.hpp"
#include "config/registry.hpp"
#include "config/waveform_format.hpp"
#include "daemon/air_messages.hpp"

namespace aircomp::runtime::testbed {
namespace {

/// A coordinator waits for reports: few orders are ever on their way.
constexpr std::size_t most_waiting = 64;

}  // namespace

RadioPartialCarrier::RadioPartialCarrier(const Config& config, std::size_t device,
                                         std::int64_t length, DeviceRadio& radio,
                                         const SendAnswer& answer, Say say)
    : config_(config),
      length_(length),
      streams_(static_cast<std::size_t>(config.radio.streams)),
      antennas_(static_cast<std::size_t>(config.devices.at(device).antennas)),
      resource_blocks_(burst_format(config).resource_blocks()),
      radio_(radio),
      by_link_(answer),
      answer_(answer),
      say_(std::move(say)),
      by_air_(find_row(downlinks(), "downlink", config.radio.downlink).message),
      rest_([&radio] { radio.timed().rest(); }),
      // Jobs report what goes wrong in them; nothing comes out.
      thread_([](const std::string&) {}) {}

void RadioPartialCarrier::shape_by(const Shape& shape) {
    const std::lock_guard lock(mutex_);
    shaper_.emplace(shape, config_.analog.clip_level, rotation_of(config_, length_));
}

void RadioPartialCarrier::carry(const Round& round, gsl::span<const float> partial,
                                double compute_s) {
    if (round.way == control::Way::link) return by_link_.carry(round, partial, compute_s);
    const auto powers = keep(round, partial);
    const control::Frame frame =
        round.way == control::Way::both
            ? control::encode(control::Partial{round.epoch, round.number, compute_s, partial,
                                               powers, round.foretold})
            : control::encode(
                  control::Computed{round.epoch, round.number, compute_s, powers, round.foretold});
    answer_(frame, round, compute_s);
}

std::vector<float> RadioPartialCarrier::keep(const Round& round, gsl::span<const float> partial) {
    const std::lock_guard lock(mutex_);
    const bool is_new = round_.epoch != round.epoch || round_.number != round.number;
    if (is_new) {
        round_ = round;
        partial_.assign(partial.begin(), partial.end());
        held_back_.assign(static_cast<std::size_t>(round.vectors), false);
    }
    std::vector<float> powers;
    for (std::int64_t v = 0; v < round.vectors; ++v) {
        if (is_new && shaper_) shaper_->prepare(request(), 0, v, vector(v));
        powers.push_back(static_cast<float>(mean_square(vector(v))));
    }
    return powers;
}

SumRequest RadioPartialCarrier::request() const {
    return {round_.site,
            round_.position,
            round_.vectors,
            round_.length,
            gsl::span<const std::vector<float>>(&partial_, 1),
            {}};
}

gsl::span<float> RadioPartialCarrier::vector(std::int64_t v) {
    return gsl::span<float>(partial_).subspan(static_cast<std::size_t>(v * round_.length),
                                              static_cast<std::size_t>(round_.length));
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
    } else if (const auto* listened = std::get_if<control::Listen>(&message)) {
        check(*listened);
        thread_.submit([this, own = *listened] { listen(own); });
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
    PartialShaper::HeldBack held;
    try {
        report = burst(order, held);
    } catch (const std::exception& error) {
        // A round that fails is repeated; the device goes on.
        report.burst.state = BurstState::refused;
        report.refusal = error.what();
    }
    // Only the vector's first order tells, whatever becomes of its burst.
    report.clipped_reals += static_cast<std::size_t>(held.clipped);
    report.limited_vector = held.limited;
    // Before the report: after it, the coordinator calls the radio for the next order.
    radio_.timed().rest();
    say_(control::encode(to_message(report, order)));
}

DeviceReport RadioPartialCarrier::burst(const control::Order& order,
                                        PartialShaper::HeldBack& held) {
    if (silent_) throw std::runtime_error("the coordinator is gone");
    if (order.sounding) return radio_.take_part(from_message(order, SiteKind::attention), {}, {});
    const Ordered own = ordered(order);
    held = own.held;
    return radio_.take_part(from_message(order, own.kind), own.settings, own.vector);
}

// ---- messages ----

void RadioPartialCarrier::check(const control::Listen& listen) const {
    if (!by_air_)
        throw control::ProtocolError("listen: sums come down over the link here (radio.downlink)");
    if (listen.streams > static_cast<std::uint32_t>(config_.radio.server_antennas)) {
        throw control::ProtocolError(
            "listen: expected no more streams than the server has antennas");
    }
    const std::size_t bytes = by_air_->bytes(config_.radio, static_cast<std::size_t>(length_));
    if (listen.training || listen.message_bytes == bytes) return;
    throw control::ProtocolError("listen: expected a message of " + std::to_string(bytes) +
                                 " bytes, found " + std::to_string(listen.message_bytes));
}

void RadioPartialCarrier::listen(const control::Listen& listen) {
    MulticastReport report;
    try {
        report = hear(listen);
    } catch (const std::exception& error) {
        report.failure = error.what();
    }
    radio_.timed().rest();
    say_(control::encode(to_message(report, listen)));
}

MulticastReport RadioPartialCarrier::hear(const control::Listen& listen) {
    if (silent_) throw std::runtime_error("the coordinator is gone");
    MulticastReport report = radio_.listen(from_message(listen));
    if (!listen.training && report.decoded) keep(listen, report.message);
    return report;
}

void RadioPartialCarrier::keep(const control::Listen& listen,
                               gsl::span<const std::uint8_t> message) {
    const std::lock_guard lock(mutex_);
    if (round_.epoch != listen.epoch || round_.number != listen.round ||
        static_cast<std::int64_t>(listen.vector) >= round_.vectors)
        throw std::runtime_error("there is no such sum");
    if (heard_round_ != listen.round || heard_.size() != static_cast<std::size_t>(round_.vectors)) {
        heard_round_ = listen.round;
        heard_.assign(static_cast<std::size_t>(round_.vectors), {});
    }
    std::vector<float> sum(static_cast<std::size_t>(length_));
    by_air_->read(config_.radio, message, sum);
    heard_[listen.vector] = std::move(sum);
}

std::vector<float> RadioPartialCarrier::heard(const Round& round) {
    const std::lock_guard lock(mutex_);
    std::vector<float> sum;
    if (heard_round_ == round.number) {
        for (const auto& vector : heard_)
            sum.insert(sum.end(), vector.begin(), vector.end());
    }
    if (sum.size() == round.values()) return sum;
    throw control::ProtocolError("sum: by air, but it has not come whole");
}

// ---- partials ----

RadioPartialCarrier::Ordered RadioPartialCarrier::ordered(const control::Order& order) {
    const std::lock_guard lock(mutex_);
    if (round_.epoch != order.epoch || round_.number != order.round ||
        static_cast<std::int64_t>(order.vector) >= round_.vectors)
        throw std::runtime_error("there is no such partial");
    const Settled& settled = settled_.at(static_cast<std::size_t>(round_.site.kind));
    if (settled.settings.precoders.empty() || order.number < settled.from)
        throw std::runtime_error("no settings hold for the order");
    Ordered own;
    own.kind = round_.site.kind;
    own.settings = settled.settings;
    const gsl::span<float> sent = vector(order.vector);
    if (shaper_ && !held_back_[order.vector]) {
        // By the first order's scale: a larger one of a repeated order needs no more held back.
        own.held = shaper_->hold_back(request(), 0, order.vector, order.scale,
                                      own.settings.second_moment, sent);
        held_back_[order.vector] = true;
    }
    own.vector.assign(sent.begin(), sent.end());
    return own;
}

}  // namespace aircomp::runtime::testbed
