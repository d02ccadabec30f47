// SPDX-License-Identifier: GPL-3.0-or-later
// Carriers over the control link: partials as they are, summed in float64 and rounded once.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include "control/codec.hpp"
#include "testbed/carrier.hpp"

namespace aircomp::runtime::testbed {

class ControlPartialCarrier final : public PartialCarrier {
public:
    /// Takes a partial as a frame; called by the computing thread.
    using Send = std::function<void(control::Frame frame, const Round& round)>;

    explicit ControlPartialCarrier(Send send) : send_(std::move(send)) {}

    void carry(const Round& round, gsl::span<const float> partial, double compute_s) override;
    void command(const control::Message&) override {}  // There is no radio.
    void silence() override {}

    /// Of all partials so far; from any thread.
    double compute_s() const { return compute_s_; }

private:
    Send send_;
    std::atomic<double> compute_s_ = 0;
};

/// What the control carrier needs of the coordinator's links.
class RoundLinks {
public:
    virtual ~RoundLinks() = default;

    /// Lets the loop run until `done()` or a device of the epoch is lost, for at most `timeout_s`;
    /// returns done().
    virtual bool wait(const std::function<bool()>& done, double timeout_s) = 0;
    /// The first device of the epoch that was lost, and why.
    virtual std::optional<RoundFailure> lost() const = 0;
    virtual void send(std::size_t device, const control::Frame& frame) = 0;
};

class ControlSumCarrier final : public SumCarrier {
public:
    /// A partial that has not come after `round_timeout_s` is asked for once more.
    ControlSumCarrier(RoundLinks& links, double round_timeout_s)
        : links_(links), round_timeout_s_(round_timeout_s) {}

    void begin_epoch(std::uint32_t epoch, const std::vector<std::size_t>& devices) override;
    std::optional<RoundFailure> collect(const Round& round, gsl::span<const float> residual,
                                        gsl::span<float> sum) override;
    void report(std::size_t device, const control::Message& message) override;
    std::uint64_t repeated_rounds() const override { return repeated_rounds_; }

private:
    bool is_complete() const { return missing_ == 0; }

    RoundLinks& links_;
    double round_timeout_s_;
    std::uint64_t repeated_rounds_ = 0;
    std::vector<std::size_t> devices_;          ///< Of the epoch.
    std::vector<std::vector<float>> partials_;  ///< In the order of devices_.
    std::vector<bool> has_come_;                ///< In the order of devices_.
    std::size_t missing_ = 0;
};

}  // namespace aircomp::runtime::testbed
