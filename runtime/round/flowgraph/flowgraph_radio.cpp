// SPDX-License-Identifier: GPL-3.0-or-later
// Orders to a flowgraph, and what it reports; the ports are those of its Round Link.
#include "round/flowgraph/flowgraph_radio.hpp"

#include <cmath>
#include <stdexcept>

#include "radio/open_radios.hpp"
#include "round/flowgraph/flowgraph_setup.hpp"

namespace aircomp::runtime {
namespace {

using std::chrono::milliseconds;

// How long messages are waited for before radio time is looked at again.
constexpr auto slice = milliseconds(50);
// A flowgraph answers commands at once; tuning takes until oscillators have locked.
constexpr auto command_patience = std::chrono::seconds(120);
// Of a question for the time that nobody waits for; commands count from 1.
constexpr long whenever = 0;
// For a flowgraph to be run in Companion again, where a coordinator goes on without it.
constexpr auto reopening_patience = std::chrono::seconds(20);
constexpr double silence_dbfs = -200;

pmt::pmt_t order_of(const RoundOrder& order, bool anew) {
    std::vector<std::uint64_t> headers(order.headers.begin(), order.headers.end());
    pmt::pmt_t out = pmt::make_dict();
    out = with(out, "round", pmt::from_uint64(static_cast<std::uint64_t>(order.number)));
    out = with(out, "sounding", pmt::from_bool(order.sounding));
    out = with(out, "begin_anew", pmt::from_bool(anew));
    out = with(out, "new_reference", pmt::from_bool(order.new_reference));
    out = with(out, "headers", pmt::init_u64vector(headers.size(), headers));
    out = with(out, "header_antenna", pmt::from_uint64(order.header_antenna));
    out = with(out, "time", pmt::from_uint64(static_cast<std::uint64_t>(order.burst)));
    return with(out, "scale", pmt::from_double(order.scale));
}

bool belongs_to(const pmt::pmt_t& message, std::int64_t number) {
    const pmt::pmt_t about = pmt::is_dict(message) ? message : pmt::car(message);
    const pmt::pmt_t round = entry(about, "round");
    return !pmt::is_null(round) && pmt::to_uint64(round) == static_cast<std::uint64_t>(number);
}

WindowReport window_report(const pmt::pmt_t& report) {
    const std::string state = pmt::symbol_to_string(entry(report, "state"));
    if (state == "missing") return {WindowState::missing, 0, 0};
    if (state != "whole") return {WindowState::overflowed, 0, 0};
    return {WindowState::whole, pmt::to_double(entry(report, "mean_dbfs")),
            pmt::to_double(entry(report, "peak_dbfs"))};
}

/// One message of usrp_sink: a pair of its name and a dictionary with a list of what has happened.
void take_event(const pmt::pmt_t& event, BurstTracker& tracker) {
    if (!pmt::is_pair(event)) return;
    for (pmt::pmt_t codes = entry(pmt::cdr(event), "event_code"); pmt::is_pair(codes);
         codes = pmt::cdr(codes)) {
        const std::string code = pmt::symbol_to_string(pmt::car(codes));
        if (code == "burst_ack")
            tracker.acknowledged();
        else if (code == "time_error")
            tracker.late();
        else if (code == "underflow" || code == "underflow_in_packet")
            tracker.underflowed();
        else if (code == "seq_error" || code == "seq_error_in_burst")
            tracker.broken();
    }
}

}  // namespace

pmt::pmt_t FlowgraphRound::message(const char* port) const {
    const auto found = messages.find(port);
    return found == messages.end() ? pmt::pmt_t() : found->second;
}

FlowgraphRadio::FlowgraphRadio(const Config& config, const phy::BurstFormat& format,
                               const phy::Payload& payload, std::optional<std::size_t> device,
                               std::shared_ptr<FlowgraphHost> host)
    : options_(radio_options(config, device)),
      guard_(options_, config.radios.transmit, config.radios.limits,
             full_scale_dbm(config, device)),
      host_(std::move(host)),
      chain_((device ? config.radios.devices.at(*device) : config.radios.server).chain),
      kind_{device ? "usrp_device_tx" : "usrp_server_rx", options_.channels},
      setup_(flowgraph_setup(config, format, payload, device, options_, guard_.max_mean_dbfs())),
      link_(host_->open(options_.name, chain_, kind_, setup_)) {}

/// A daemon outlives its flowgraph, and is asked for its clock anew in every epoch.
void FlowgraphRadio::open_again() {
    if (link_ && !link_->ended()) return;
    link_.reset();  // Its socket is where the next one will be.
    link_ = host_->open(options_.name, chain_, kind_, setup_, reopening_patience);
    anew_ = true;
}

FlowgraphLink& FlowgraphRadio::link() {
    if (!link_) throw std::runtime_error("radio '" + options_.name + "': its flowgraph has ended");
    return *link_;
}

// ---- clock and carrier ----

void FlowgraphRadio::ask(long id, const char* what, std::optional<Ticks> time) {
    pmt::pmt_t request = with(pmt::make_dict(), "id", pmt::from_long(id));
    request = with(request, "do", pmt::mp(what));
    if (time) request = with(request, "time", pmt::from_long(*time));
    link().send("commands", request);
}

std::vector<Ticks> FlowgraphRadio::command(const char* what, std::optional<Ticks> time) {
    ask(++commands_, what, time);
    const auto deadline = std::chrono::steady_clock::now() + command_patience;
    while (std::chrono::steady_clock::now() < deadline) {
        const auto message = link().receive(slice);
        if (!message || message->port != "answers" ||
            pmt::to_long(entry(message->value, "id")) != commands_)
            continue;
        if (const pmt::pmt_t error = entry(message->value, "error"); !pmt::is_null(error)) {
            throw std::runtime_error("radio '" + options_.name +
                                     "': " + pmt::symbol_to_string(error));
        }
        return pmt::s64vector_elements(entry(message->value, "ticks"));
    }
    throw std::runtime_error("radio '" + options_.name + "': its flowgraph does not answer to '" +
                             what + "'");
}

std::vector<Ticks> FlowgraphRadio::last_pulse() {
    open_again();
    return command("last_pulse");
}

void FlowgraphRadio::set_time_at_next_pulse(Ticks time) {
    open_again();
    guard_.begin_anew();
    command("set_time_at_next_pulse", time);
}

void FlowgraphRadio::tune(Ticks time) {
    command("tune", time);
}

Ticks FlowgraphRadio::now() {
    return command("now").at(0);
}

// ---- rounds ----

FlowgraphRound FlowgraphRadio::play(const RoundOrder& order, const Extent& extent,
                                    const pmt::pmt_t& settings, gsl::span<const float> vector,
                                    const std::function<bool(const FlowgraphRound&)>& complete) {
    // How loud the burst is, the flowgraph's own guard looks at.
    guard_.check_burst(extent.burst_begin, extent.burst_end, silence_dbfs);
    forget_messages(milliseconds(0));
    link().send("settings", settings);
    link().send("rounds", pmt::cons(order_of(order, anew_),
                                    pmt::init_f32vector(vector.size(), vector.data())));
    anew_ = false;
    FlowgraphRound round;
    const auto patience = static_cast<Ticks>(options_.timeout_s * options_.sample_rate_hz);
    const Ticks deadline = std::max(extent.burst_end, extent.window_end) + patience;
    for (bool in_time = true; in_time && !complete(round);) {
        const auto message = link().receive(slice);
        if (!message)
            ask(whenever, "now", {});
        else if (message->port == "answers")
            in_time = pmt::s64vector_elements(entry(message->value, "ticks")).at(0) <= deadline;
        else
            take(*message, order.number, round);
    }
    if (!round.window) round.window = WindowReport();
    if (!round.tracker.ended()) round.tracker.timed_out();
    round.burst.state = round.tracker.state();
    // A burst that failed is answered on every channel: what is left must not fail the next one.
    if (round.burst.state != BurstState::acknowledged) forget_messages(slice);
    return round;
}

void FlowgraphRadio::take(const FlowgraphMessage& message, std::int64_t number,
                          FlowgraphRound& round) const {
    const auto& [port, value] = message;
    if (port == "events") {
        if (round.tracker.state() == BurstState::waiting)
            round.early_events.push_back(value);
        else
            take_event(value, round.tracker);
        return;
    }
    if (!belongs_to(value, number)) return;
    if (port == "late")
        round.window = WindowReport{WindowState::late, 0, 0};
    else if (port == "windows")
        round.window = window_report(value);
    else if (port == "levels")
        take_levels(value, round);
    else
        round.messages[port] = value;
}

/// The burst is on its way to the radio, or refused.
void FlowgraphRadio::take_levels(const pmt::pmt_t& levels, FlowgraphRound& round) const {
    round.burst.mean_dbfs = pmt::to_double(entry(levels, "mean_dbfs"));
    round.burst.peak_dbfs = pmt::to_double(entry(levels, "peak_dbfs"));
    round.burst.clipped = pmt::to_uint64(entry(levels, "clipped"));
    if (!pmt::to_bool(entry(levels, "passed"))) {
        guard_.check_level(round.burst.mean_dbfs);
        throw TransmissionRefused("radio '" + options_.name +
                                  "': its flowgraph refuses to transmit a burst");
    }
    round.tracker.begin(options_.channels);
    round.tracker.handed_over();
    for (const pmt::pmt_t& event : round.early_events)
        take_event(event, round.tracker);
}

void FlowgraphRadio::forget_messages(milliseconds quiet) {
    while (link().receive(quiet)) {
    }
}

}  // namespace aircomp::runtime
