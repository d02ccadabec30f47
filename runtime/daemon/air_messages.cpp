// SPDX-License-Identifier: GPL-3.0-or-later
// Field by field.
#include "daemon/air_messages.hpp"

#include <algorithm>
#include <iterator>

namespace aircomp::runtime::testbed {
namespace {

constexpr std::size_t most_reason_bytes = 1024;

}  // namespace

control::Order to_message(const RoundOrder& order, std::uint32_t epoch, std::uint64_t round,
                          std::uint32_t vector) {
    return {epoch,          static_cast<std::uint64_t>(order.number),
            order.sounding, order.new_reference,
            order.headers,  order.burst,
            round,          vector,
            order.scale};
}

RoundOrder from_message(const control::Order& message, SiteKind kind) {
    RoundOrder order;
    order.number = static_cast<std::int64_t>(message.number);
    order.sounding = message.sounding;
    order.site = kind;
    order.new_reference = message.new_reference;
    order.headers = message.headers;
    order.burst = message.burst;
    order.scale = message.scale;
    return order;
}

control::BurstReport to_message(const DeviceReport& report, const control::Order& order) {
    control::BurstReport message;
    message.epoch = order.epoch;
    message.number = order.number;
    message.window = report.window.state;
    message.window_mean_dbfs = report.window.mean_dbfs;
    message.window_peak_dbfs = report.window.peak_dbfs;
    message.header_found = report.header_found;
    message.header_snr_db = report.header_snr_db;
    message.offset_hz = report.offset_hz;
    message.burst = report.burst.state;
    message.burst_mean_dbfs = report.burst.mean_dbfs;
    message.burst_peak_dbfs = report.burst.peak_dbfs;
    message.clipped_samples = report.burst.clipped;
    message.clipped_reals = report.clipped_reals;
    message.mean_power_w = report.mean_power_w;
    message.refusal = printable(report.refusal);
    message.limited_vector = report.limited_vector;
    return message;
}

DeviceReport from_message(const control::BurstReport& message) {
    DeviceReport report;
    report.window.state = message.window;
    report.window.mean_dbfs = message.window_mean_dbfs;
    report.window.peak_dbfs = message.window_peak_dbfs;
    report.header_found = message.header_found;
    report.header_snr_db = message.header_snr_db;
    report.offset_hz = message.offset_hz;
    report.burst.state = message.burst;
    report.burst.mean_dbfs = message.burst_mean_dbfs;
    report.burst.peak_dbfs = message.burst_peak_dbfs;
    report.burst.clipped = static_cast<std::size_t>(message.clipped_samples);
    report.refusal = message.refusal;
    report.mean_power_w = message.mean_power_w;
    report.clipped_reals = static_cast<std::size_t>(message.clipped_reals);
    report.limited_vector = message.limited_vector;
    return report;
}

control::Listen to_message(const MulticastOrder& order, std::uint32_t epoch, std::uint64_t round,
                           std::uint32_t vector) {
    control::Listen message;
    message.epoch = epoch;
    message.number = static_cast<std::uint64_t>(order.number);
    message.begin = order.begin;
    message.training = order.training;
    message.streams = static_cast<std::uint32_t>(order.modulation.streams);
    message.bits = order.modulation.bits;
    message.rate = static_cast<std::uint8_t>(
        std::find(std::begin(phy::code_rates), std::end(phy::code_rates), order.modulation.rate) -
        std::begin(phy::code_rates));
    message.repetitions = order.modulation.repetitions;
    message.message_bytes = static_cast<std::uint32_t>(order.message_bytes);
    message.round = round;
    message.vector = vector;
    return message;
}

MulticastOrder from_message(const control::Listen& message) {
    MulticastOrder order;
    order.number = static_cast<std::int64_t>(message.number);
    order.begin = message.begin;
    order.training = message.training;
    order.modulation = {message.streams, message.bits, phy::code_rates[message.rate],
                        message.repetitions};
    order.message_bytes = message.message_bytes;
    return order;
}

control::Heard to_message(const MulticastReport& report, const control::Listen& listen) {
    return {listen.epoch,   listen.number, report.window.state,  report.header_found,
            report.decoded, report.evm,    report.noise_power_w, printable(report.failure)};
}

MulticastReport from_message(const control::Heard& message) {
    MulticastReport report;
    report.window.state = message.window;
    report.header_found = message.header_found;
    report.decoded = message.decoded;
    report.evm = message.evm;
    report.noise_power_w = message.noise_power_w;
    report.failure = message.failure;
    return report;
}

control::Settings to_message(const DeviceSettings& settings, std::uint32_t epoch, SiteKind kind,
                             std::int64_t from, std::size_t streams, std::size_t antennas) {
    control::Settings message;
    message.epoch = epoch;
    message.from_order = static_cast<std::uint64_t>(from);
    message.kind = kind;
    message.second_moment = settings.second_moment;
    message.preamble_power_w = settings.preamble_power_w;
    message.power_w = settings.power_w;
    message.streams = static_cast<std::uint32_t>(streams);
    message.antennas = static_cast<std::uint32_t>(antennas);
    message.resource_blocks =
        static_cast<std::uint32_t>(settings.precoders.size() / (streams * antennas));
    message.precoders = {reinterpret_cast<const float*>(settings.precoders.data()),
                         2 * settings.precoders.size()};
    return message;
}

DeviceSettings from_message(const control::Settings& message) {
    DeviceSettings settings;
    for (std::size_t i = 0; i + 1 < message.precoders.size(); i += 2)
        settings.precoders.emplace_back(message.precoders[i], message.precoders[i + 1]);
    settings.second_moment = message.second_moment;
    settings.preamble_power_w = message.preamble_power_w;
    settings.power_w = message.power_w;
    return settings;
}

std::string printable(const std::string& reason) {
    std::string text = reason.substr(0, most_reason_bytes);
    std::replace_if(
        text.begin(), text.end(),
        [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, ' ');
    return text;
}

}  // namespace aircomp::runtime::testbed
