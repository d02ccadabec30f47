// SPDX-License-Identifier: GPL-3.0-or-later
// Sums over the air for the coordinator: its own radio is the server's, the devices' are behind
// their links. What waits for radios happens in a thread of its own, while the loop runs:
//
//     what begins it     the radios' thread                     meanwhile
//     an epoch           aligns clocks, tunes carriers          devices load slices, scales are
//                                                               measured
//     a round            sounds the channel and designs         devices compute
//                        transceivers, where that is due
//     every answer is    sums vector after vector
//     there
//     a sum              sends it, vector after vector,
//                        where it comes down by air
#pragma once

#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "daemon/coordinator/channel_figures.hpp"
#include "daemon/coordinator/linked_devices.hpp"
#include "daemon/coordinator/round_answers.hpp"
#include "daemon/job_thread.hpp"
#include "daemon/log.hpp"
#include "engine/sum_error.hpp"
#include "round/multicast_sender.hpp"
#include "round/server_radio.hpp"
#include "schemes/down/registry.hpp"
#include "serve/air_view.hpp"

namespace aircomp::runtime::testbed {

class RadioSumCarrier final : public SumCarrier {
public:
    /// Opens the server's radio. Sums are of vectors of `length` reals. Everything given must
    /// outlive the carrier. Throws as downlink_of_daemon() and open_server_radio() do.
    RadioSumCarrier(const Config& config, std::int64_t length, RoundLinks& links, Log& log);
    ~RadioSumCarrier() override;

    /// Also begins to bring up the radios.
    void begin_epoch(std::uint32_t epoch, const std::vector<std::size_t>& devices) override;

    /// What the epoch's sums are scaled and designed by; has to precede the first of them. Power
    /// and statistics have an entry for each device of the configuration, 0 for those that take no
    /// part. Returns why the radios are not up.
    std::optional<RoundFailure> calibrate(const Calibration& calibration,
                                          const std::vector<double>& power_w);

    std::optional<RoundFailure> collect(const Round& round, const RoundStream& stream,
                                        gsl::span<float> sum) override;
    bool brings_down() const override { return by_air_.has_value(); }
    std::optional<RoundFailure> bring_down(const Round& round, gsl::span<float> sum) override;
    void report(std::size_t device, const control::Message& message) override;
    std::uint64_t repeated_rounds() const override;
    std::optional<AirSummary> air() const override { return air_; }

    /// Keeps a view of the sums while `is_watched` says so; that is called from any thread.
    void watch_while(std::function<bool()> is_watched) { is_watched_ = std::move(is_watched); }
    /// Of the last job that was watched.
    const AirView& view() const { return view_; }

private:
    /// Has the radios' thread do something; end() has to follow.
    void begin(std::function<void()> job);
    /// Lets the loop run until that is done. A device that is lost meanwhile, or at fault, is
    /// named; throws what is nobody's fault.
    std::optional<RoundFailure> end();
    /// Ends a job that still runs: the loop runs until it has given up.
    void settle();
    /// Calls `wait`. Where that throws, the job is settled first: it uses what its caller has.
    void wait_or_settle(const std::function<void()>& wait);
    std::optional<RoundFailure> verdict(const std::exception_ptr& error) const;
    void bring_up_radios();
    void sum_vectors(const Round& round, const RoundStream& stream, gsl::span<float> sum);
    void send_vectors(const Round& round, gsl::span<float> sum);
    double scale(const Round& round, const RoundStream& stream, std::int64_t v) const;
    void measure(const Round& round, const RoundStream& stream, gsl::span<const float> sum);
    /// In the radios' thread.
    void look(const Round& round, const WholeRound& whole, gsl::span<const float> sum);
    void take_stock();
    void take_stock_of_channel();
    void take_stock_of(std::size_t device, DeviceAirSummary& summary) const;
    void log_faults();

    const Config& config_;
    std::int64_t length_;
    RoundLinks& links_;
    Log& log_;
    RoundAnswers answers_;
    LinkedDevices devices_;
    std::optional<SumMessage> by_air_;  ///< How sums come down by air, where they do.
    std::unique_ptr<ServerRadio> server_;
    std::vector<std::size_t> taking_part_;  ///< Of the epoch.
    Ticks start_ = 0;
    std::optional<AnalogCodec> codec_;
    std::unique_ptr<RoundScheduler> scheduler_;
    std::unique_ptr<MulticastSender> sender_;  ///< Of these messages.
    std::vector<double> power_w_;

    AirSummary air_;     ///< At the end of the last job.
    AirSummary before_;  ///< Of earlier epochs: counts alone.
    std::size_t logged_faults_ = 0, logged_message_faults_ = 0;
    SumError error_;  ///< Measured, over all epochs.
    std::function<bool()> is_watched_ = [] { return false; };
    std::optional<phy::Rotation> rotation_;
    AirView seen_;            ///< By the radios' thread, in the job at hand.
    AirView view_;            ///< At the end of the last job.
    ChannelFigures channel_;  ///< Of the last sounding that a design was made for.
    bool busy_ = false;
    std::exception_ptr job_error_;
    JobThread radios_;  // Uses all of the above: ends first.
};

}  // namespace aircomp::runtime::testbed
