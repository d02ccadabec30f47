// SPDX-License-Identifier: GPL-3.0-or-later
// All slices of a model behind links: messages start the devices' partials, a carrier sums them.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <vector>

#include "aircomp/inference/decoder.hpp"
#include "config/config.hpp"
#include "daemon/carrier.hpp"
#include "daemon/control_carrier.hpp"
#include "daemon/coordinator/radio_sum_carrier.hpp"
#include "daemon/coordinator/roster.hpp"
#include "daemon/coordinator/slice_plan.hpp"
#include "engine/forward.hpp"
#include "engine/model_coding.hpp"

namespace aircomp::runtime::testbed {

/// What a forward pass over devices came to.
struct PassTimes {
    double reduce_s = 0;  ///< Devices' computing and the partials' and sums' way.
    std::uint64_t rounds = 0;
};

class DistributedModel final : private RoundLinks, private Partials, private AllReduce {
public:
    /// Sums go over the control link, or, with a scheme over the air, over the configuration's
    /// radios; `calibration` is the text that these are scaled by. Devices hold the caches of
    /// so many `conversations`, 1 to control::most_conversations. Everything given must outlive the
    /// object. calibration.file must be settled. Throws as ModelCoding does.
    DistributedModel(const Config& config, const inference::Checkpoint& checkpoint,
                     const std::vector<inference::Token>& calibration, std::size_t conversations,
                     control::Loop& loop, const control::TlsIdentity* identity,
                     const control::Hash& model, Log& log);

    Roster& roster() { return roster_; }
    std::int64_t context() const { return context_; }

    /// Called in waits and before every round; assign() and forward() end with what it throws, such
    /// as inference::Interrupted.
    void poll_with(std::function<void()> poll) { poll_ = std::move(poll); }

    /// Cuts the model over the devices that are there and waits until they hold their slices, with
    /// empty caches, and their radios are up. False where a device is lost meanwhile. Throws
    /// ModelDoesNotFit.
    bool assign();

    /// Whether all devices of the last assignment are still there.
    bool is_whole() const { return !lost_ && !devices_.empty(); }
    /// Whether one is there that the last assignment has not asked.
    bool has_newcomer() const;

    /// How tokens go through the devices' slices.
    struct PassKind {
        std::size_t conversation = 0;  ///< Whose caches it is.
        bool one_at_a_time = false;    ///< Each through the kernel for one.
    };
    /// Runs `tokens` at positions `position`, ..., in rounds of at most the configuration's
    /// prefill_chunk vectors. Returns the logits after the last, or nothing where a device was lost.
    std::optional<std::vector<float>> forward(gsl::span<const inference::Token> tokens,
                                              std::int64_t position, const PassKind& kind);

    /// Slices of the last assignment, by device; empty ones where a device holds nothing.
    const std::vector<inference::Slice>& slices() const { return slices_; }
    std::uint32_t epoch() const { return epoch_; }
    std::uint64_t repeated_rounds() const { return carrier_->repeated_rounds(); }
    std::optional<AirSummary> air() const { return carrier_->air(); }
    /// Keeps a view of the sums over the air while `is_watched`, called from any thread, says so.
    void watch_while(const std::function<bool()>& is_watched) {
        if (by_air_) by_air_->watch_while(is_watched);
    }
    /// The last; null where sums go over the control link.
    const AirView* view() const { return by_air_ ? &by_air_->view() : nullptr; }
    const PassTimes& times() const { return times_; }
    /// Has every round's time reported, s: from the last sum, or the start, to its own.
    void observe_rounds(std::function<void(double round_s)> observer) {
        round_observer_ = std::move(observer);
    }

private:
    bool wait(const std::function<bool()>& done, double timeout_s) override;
    std::optional<RoundFailure> lost() const override { return lost_; }
    void send(std::size_t device, const control::Frame& frame) override {
        roster_.send(device, frame);
    }
    void note(std::size_t device, const std::string& what) override;
    void finish(const std::function<bool()>& done) override;
    void post(std::function<void()> action) override { loop_.post(std::move(action)); }

    SumCarrier& carrier_of(const control::Message& message);
    void note_loss(std::size_t device, const std::string& reason);
    void poll() const {
        if (poll_) poll_();
    }
    std::vector<Candidate> candidates(const std::vector<std::size_t>& devices) const;
    /// A slice for each device that is asked; nothing where one of them is lost meanwhile. Throws
    /// ModelDoesNotFit.
    std::optional<std::vector<inference::Slice>> plan();
    bool calibrate();
    std::optional<Calibration> measure_partials();
    std::optional<PassFailure> compute(const SiteCall& call, gsl::span<const float> x) override;
    std::optional<PassFailure> sum(const SiteCall& call, const TwoCopies& x, SiteSum& sum) override;
    /// Why the pass at hand cannot go on.
    std::optional<PassFailure> hindrance() const;
    /// Of all KV caches of a device together.
    std::int64_t positions() const { return context_ * static_cast<std::int64_t>(conversations_); }

    const Config& config_;
    inference::ModelConfig model_;
    std::int64_t context_;
    std::int64_t most_vectors_;
    std::size_t conversations_;
    double bytes_per_weight_;
    UnitBytes bytes_;
    control::Loop& loop_;
    Log& log_;
    inference::CoordinatorModel coordinator_;
    inference::Residual residual_;
    std::optional<ModelCoding> coding_;                    ///< Where the scheme uses a calibration.
    std::optional<inference::ReferenceStream> reference_;  ///< The same.
    std::unique_ptr<CalibrationOffer> offer_;              ///< The same.
    Roster roster_;
    const std::vector<inference::Token>& calibration_;
    std::unique_ptr<Medium> exact_;
    ControlSumCarrier by_link_;
    std::unique_ptr<RadioSumCarrier> by_air_;  ///< Null where all goes over the link.
    SumCarrier* carrier_;                      ///< Of the rounds at hand.
    control::Way way_ = control::Way::link;    ///< The same.
    std::function<void()> poll_;
    std::function<void(double)> round_observer_;

    std::uint32_t epoch_ = 0;
    std::uint64_t round_ = 0;
    std::vector<std::size_t> asked_;    ///< Devices that were there at the last assignment.
    std::vector<std::size_t> devices_;  ///< Those of them that hold something.
    std::vector<inference::Slice> slices_;
    std::set<std::size_t> noted_;  ///< Devices of the epoch that something was noted of.
    std::optional<RoundFailure> lost_;
    PassKind kind_;             ///< Of the pass at hand.
    std::vector<float> sum_;    ///< The last, which starts the devices' next partials.
    bool sum_by_air_ = false;   ///< The devices hold it already.
    double round_begin_s_ = 0;  ///< On the loop's clock.
    PassTimes times_;
};

}  // namespace aircomp::runtime::testbed
