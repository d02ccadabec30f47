// SPDX-License-Identifier: GPL-3.0-or-later
// A radio whose samples a flowgraph computes: clock and carrier by command, rounds as orders out
// and reports in. What both ends' radios by flowgraph stand on.
#pragma once

#include <map>
#include <memory>
#include <optional>

#include "gnuradio/aircomp/phy/preprocessor.hpp"
#include "radio/burst_tracker.hpp"
#include "radio/transmit_guard.hpp"
#include "round/flowgraph/flowgraph_host.hpp"
#include "round/round_order.hpp"

namespace aircomp::runtime {

namespace phy = gr::aircomp::phy;

/// What has come of one round so far.
struct FlowgraphRound {
    std::optional<WindowReport> window;
    BurstReport burst;  ///< Waiting: nothing was sent.
    BurstTracker tracker;
    std::vector<pmt::pmt_t> early_events;  ///< Of the radio, before the guard's word of the burst.
    std::map<std::string, pmt::pmt_t> messages;  ///< All else, by port.

    /// Null where there is none.
    pmt::pmt_t message(const char* port) const;
    bool has_whole_window() const { return window && window->state == WindowState::whole; }
};

class FlowgraphRadio final : public TimedRadio {
public:
    /// The radio of a device or, without one, the server's. Throws as FlowgraphHost::open() does,
    /// and std::runtime_error where a limit would be broken.
    FlowgraphRadio(const Config& config, const phy::BurstFormat& format,
                   const phy::Payload& payload, std::optional<std::size_t> device,
                   std::shared_ptr<FlowgraphHost> host);

    const RadioOptions& options() const override { return options_; }
    /// Where bring-up begins: a flowgraph that has ended is opened again.
    std::vector<Ticks> last_pulse() override;
    void set_time_at_next_pulse(Ticks time) override;
    void tune(Ticks time) override;
    Ticks now() override;

    void feed() { guard_.feed(); }
    /// The clocks are set anew: the next round says so.
    void begin_anew() { anew_ = true; }

    /// What a round sends and receives, by its last tick.
    struct Extent {
        Ticks burst_begin = 0, burst_end = 0;  ///< Of what this radio sends.
        Ticks window_end = 0;                  ///< Of what it receives.
    };

    /// Hands over a round, with settings that hold from it on, and takes in what comes of it until
    /// `complete` says that nothing is missing, the configuration's patience beyond its end at
    /// most. Throws TransmissionRefused where the guard refuses the burst, std::runtime_error where
    /// the flowgraph has ended.
    FlowgraphRound play(const RoundOrder& order, const Extent& extent, const pmt::pmt_t& settings,
                        gsl::span<const float> vector,
                        const std::function<bool(const FlowgraphRound&)>& complete);

private:
    void open_again();
    FlowgraphLink& link();
    std::vector<Ticks> command(const char* what, std::optional<Ticks> time = {});
    void ask(long id, const char* what, std::optional<Ticks> time);
    void take(const FlowgraphMessage& message, std::int64_t number, FlowgraphRound& round) const;
    void take_levels(const pmt::pmt_t& levels, FlowgraphRound& round) const;
    void forget_messages(std::chrono::milliseconds quiet);

    RadioOptions options_;
    TransmitGuard guard_;
    std::shared_ptr<FlowgraphHost> host_;
    RadioChain chain_;
    FlowgraphKind kind_;
    pmt::pmt_t setup_;
    std::unique_ptr<FlowgraphLink> link_;
    long commands_ = 0;
    bool anew_ = false;
};

}  // namespace aircomp::runtime
