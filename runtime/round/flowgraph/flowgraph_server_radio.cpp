// SPDX-License-Identifier: GPL-3.0-or-later
// Settings out, soundings and sums in.
#include "round/flowgraph/flowgraph_server_radio.hpp"

#include <algorithm>
#include <stdexcept>

#include "radio/refusal.hpp"
#include "round/round_clock.hpp"
#include "round/server_end.hpp"

namespace aircomp::runtime {
namespace {

phy::DeviceEstimate read_device(const pmt::pmt_t& device) {
    phy::DeviceEstimate estimate;
    estimate.found = pmt::to_bool(entry(device, "found"));
    estimate.least_squares = pmt::c32vector_elements(entry(device, "least_squares"));
    estimate.mmse = pmt::c32vector_elements(entry(device, "mmse"));
    estimate.least_squares_variance = pmt::to_double(entry(device, "least_squares_variance"));
    estimate.mmse_variance = pmt::f64vector_elements(entry(device, "mmse_variance"));
    estimate.path_gain = pmt::to_double(entry(device, "path_gain"));
    estimate.delay_samples = pmt::to_double(entry(device, "delay_samples"));
    return estimate;
}

phy::SoundingReport read_sounding(const pmt::pmt_t& estimates, std::size_t devices) {
    phy::SoundingReport sounding;
    sounding.found = pmt::to_bool(entry(estimates, "found"));
    if (!sounding.found) return sounding;
    sounding.reference = pmt::to_long(entry(estimates, "reference"));
    sounding.noise_power_w = pmt::to_double(entry(estimates, "noise_power_w"));
    const pmt::pmt_t list = entry(estimates, "devices");
    if (pmt::length(list) != devices) {
        throw std::runtime_error("radio 'server': expected estimates of " +
                                 std::to_string(devices) + " devices, found " +
                                 std::to_string(pmt::length(list)));
    }
    for (std::size_t n = 0; n < devices; ++n)
        sounding.devices.push_back(read_device(pmt::vector_ref(list, n)));
    return sounding;
}

phy::ReceiveReport read_receiver(const pmt::pmt_t& report) {
    phy::ReceiveReport received;
    received.found = pmt::to_bool(entry(report, "found"));
    if (!received.found) return received;
    received.noise_power_w = pmt::to_double(entry(report, "noise_power_w"));
    received.pilot_gain = pmt::to_double(entry(report, "pilot_gain"));
    received.confidence = pmt::to_double(entry(report, "confidence"));
    received.evm = pmt::f64vector_elements(entry(report, "evm"));
    received.phase = pmt::f64vector_elements(entry(report, "phase"));
    return received;
}

void copy_sum(const std::vector<float>& found, gsl::span<float> sum) {
    if (found.size() != sum.size()) {
        throw std::runtime_error("radio 'server': expected a sum of " + std::to_string(sum.size()) +
                                 " reals, found " + std::to_string(found.size()));
    }
    std::copy(found.begin(), found.end(), sum.begin());
}

bool has_estimates(const FlowgraphRound& round) {
    return round.message("estimates") != nullptr;
}

/// Ports have no order among them: a sum may come after its report.
bool has_sum(const FlowgraphRound& round) {
    const pmt::pmt_t receiver = round.message("receiver");
    return receiver && (!pmt::to_bool(entry(receiver, "found")) || round.message("sums"));
}

pmt::pmt_t settings_from(const RoundOrder& order) {
    return with(pmt::make_dict(), "round",
                pmt::from_uint64(static_cast<std::uint64_t>(order.number)));
}

}  // namespace

FlowgraphServerRadio::FlowgraphServerRadio(const Config& config, const phy::BurstFormat& format,
                                           const phy::Payload& payload,
                                           std::shared_ptr<FlowgraphHost> host)
    : header_samples_(static_cast<Ticks>(format.header_samples())),
      sounding_samples_(static_cast<Ticks>(format.sounding_samples())),
      burst_samples_(static_cast<Ticks>(burst_samples(format, payload))),
      radio_(config, format, payload, std::nullopt, std::move(host)) {}

ServerReport FlowgraphServerRadio::sound(const RoundOrder& order, gsl::span<const double> power_w) {
    ServerReport report;
    const auto round = exchange(
        order, sounding_samples_,
        with(settings_from(order), "power_w", pmt::init_f64vector(power_w.size(), power_w.data())),
        has_estimates, report);
    if (const pmt::pmt_t estimates = round.message("estimates")) {
        sounding_ = read_sounding(estimates, power_w.size());
        add_sounding(sounding_, power_w, report);
    }
    return report;
}

ServerReport FlowgraphServerRadio::sum(const RoundOrder& order, const ServerSettings& settings,
                                       gsl::span<float> sum) {
    pmt::pmt_t out = settings_from(order);
    out = with(out, "scale", pmt::from_double(order.scale));
    out = with(out, "smallest_part", pmt::from_double(settings.smallest_part));
    out = with(out, "channel_reference", pmt::from_long(settings.channel_reference));
    out = with(out, "combiners",
               pmt::init_c32vector(settings.combiners.size(), settings.combiners.data()));
    out =
        with(out, "pilot_reference",
             pmt::init_c32vector(settings.pilot_reference.size(), settings.pilot_reference.data()));
    ServerReport report;
    const auto round = exchange(order, burst_samples_, out, has_sum, report);
    if (const pmt::pmt_t receiver = round.message("receiver")) {
        const auto received = read_receiver(receiver);
        const pmt::pmt_t sums = round.message("sums");
        if (received.found && sums) {
            add_sum(received, report);
            copy_sum(pmt::f32vector_elements(pmt::cdr(sums)), sum);
        }
    }
    return report;
}

/// `answered` says whether all is there that follows a whole window of the devices' bursts, `burst`
/// samples long.
FlowgraphRound FlowgraphServerRadio::exchange(const RoundOrder& order, Ticks burst,
                                              const pmt::pmt_t& settings,
                                              bool (*answered)(const FlowgraphRound&),
                                              ServerReport& report) {
    radio_.feed();
    const auto complete = [&](const FlowgraphRound& round) {
        return round.window && (!round.has_whole_window() || answered(round)) &&
               round.tracker.state() != BurstState::waiting && round.tracker.ended();
    };
    FlowgraphRound round;
    const auto play = [&] {
        round = radio_.play(
            order,
            {order.headers.front(), order.headers.back() + header_samples_, order.burst + burst},
            settings, {}, complete);
    };
    if (is_refused(play, report.header, report.refusal)) return round;
    report.header = round.burst;
    report.window = *round.window;
    return round;
}

}  // namespace aircomp::runtime
