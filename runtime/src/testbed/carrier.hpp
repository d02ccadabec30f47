// SPDX-License-Identifier: GPL-3.0-or-later
// The seam between rounds and what carries them: on a device something takes partials away, on the
// coordinator something brings their sum. The control link does both exactly (control_carrier.hpp);
// radios do it over the air.
#pragma once

#include <cstdint>
#include <gsl/span>
#include <optional>
#include <string>
#include <vector>

#include "aircomp/runtime/medium.hpp"
#include "aircomp/runtime/testbed.hpp"
#include "control/messages.hpp"

namespace aircomp::runtime::testbed {

/// One all-reduce, as all who take part in it know it.
struct Round {
    std::uint32_t epoch = 0;   ///< Of the assignment of slices that it belongs to.
    std::uint64_t number = 0;  ///< One up with every round, over all epochs.
    Site site;
    std::int64_t position = 0;  ///< Of its first vector in the sequence.
    std::int64_t vectors = 1;
    std::int64_t length = 0;  ///< Reals of a vector.

    std::size_t values() const { return static_cast<std::size_t>(vectors * length); }
};

/// On a device. Everything is called by the device's computing thread, one after the other.
class PartialCarrier {
public:
    virtual ~PartialCarrier() = default;

    /// Takes the partial of `round`, [vectors, length], away; returns when `partial` may change.
    /// `compute_s` is what computing it took. Called again with the same round where the
    /// coordinator asks for it again.
    virtual void carry(const Round& round, gsl::span<const float> partial, double compute_s) = 0;

    /// Takes what the coordinator says about radios: ClockCommand, Sounding, Settings. The spans
    /// are valid during the call; answers go through the link that the carrier was made with.
    virtual void command(const control::Message& message) = 0;

    /// The coordinator is gone: be silent until there is one again.
    virtual void silence() = 0;
};

/// Why there is no sum: which device is to blame, and what it did.
struct RoundFailure {
    std::size_t device = 0;  ///< Index in the configuration.
    std::string reason;
};

/// On the coordinator, in the thread of its loop; an implementation that waits lets the loop run.
class SumCarrier {
public:
    virtual ~SumCarrier() = default;

    /// A new epoch: who takes part, as indices in the configuration.
    virtual void begin_epoch(std::uint32_t epoch, const std::vector<std::size_t>& devices) = 0;

    /// Brings the sum over the epoch's devices, [vectors, length]. The devices have been told of
    /// the round, whose residual stream before the sum is `residual`. A round that gets lost is
    /// repeated within; a failure is final, and the device that it names is taken out.
    virtual std::optional<RoundFailure> collect(const Round& round, gsl::span<const float> residual,
                                                gsl::span<float> sum) = 0;

    /// Takes what a device says about rounds and radios: Partial, ClockReport, BurstReport. The
    /// spans are valid during the call.
    virtual void report(std::size_t device, const control::Message& message) = 0;

    /// Rounds asked for again so far.
    virtual std::uint64_t repeated_rounds() const = 0;

    /// What the air has done so far; nothing where there is none.
    virtual std::optional<AirSummary> air() const { return std::nullopt; }
};

}  // namespace aircomp::runtime::testbed
