// SPDX-License-Identifier: GPL-3.0-or-later
// The seam between rounds and what carries them: on a device something takes partials away, on the
// coordinator something brings their sum. The control link does both exactly (control_carrier.hpp);
// radios do it over the air.
#pragma once

#include <cstdint>
#include <functional>
#include <gsl/span>
#include <optional>
#include <string>
#include <vector>

#include "coding/shape.hpp"
#include "coding/sum_request.hpp"
#include "daemon/link/codec.hpp"
#include "serve/summary.hpp"

namespace aircomp::runtime::testbed {

/// One all-reduce, as all who take part in it know it.
struct Round {
    std::uint32_t epoch = 0;   ///< Of the assignment of slices that it belongs to.
    std::uint64_t number = 0;  ///< One up with every round, over all epochs.
    Site site;
    std::int64_t position = 0;  ///< Of its first vector in the sequence.
    std::int64_t vectors = 1;
    std::int64_t length = 0;  ///< Reals of a vector.
    control::Way way = control::Way::link;
    /// check_sum() of what is foretold of its sum, as whoever has this knows it; 0: nothing is.
    double foretold = 0;
    double foretold_size = 0;  ///< The coordinator's: root of the sum of squares of that.

    std::size_t values() const { return static_cast<std::size_t>(vectors * length); }
};

/// On a device.
class PartialCarrier {
public:
    virtual ~PartialCarrier() = default;

    /// Takes the partial of `round`, [vectors, length], away; returns when `partial` may change.
    /// `compute_s` is what computing it took. Called again with the same round where the
    /// coordinator asks for it again. In the computing thread.
    virtual void carry(const Round& round, gsl::span<const float> partial, double compute_s) = 0;

    /// Takes what the coordinator says about radios: ClockCommand, Settings, Order, Listen. The spans are
    /// valid during the call, which does not wait for the radio; answers go through the link that
    /// the carrier was made with. Throws control::ProtocolError where it does not fit. In the
    /// loop's thread.
    virtual void command(const control::Message& message) = 0;

    /// The sum of `round`, [vectors, length], as messages over the air have brought it. Throws
    /// control::ProtocolError where some of it has not come. In the loop's thread.
    virtual std::vector<float> heard(const Round& round) = 0;

    /// What goes over the air is shaped so from now on; before the first round. In the loop's thread.
    virtual void shape_by(const Shape& shape) = 0;

    /// The coordinator was heard. In the loop's thread.
    virtual void feed() = 0;

    /// The coordinator is gone: begin nothing any more. In the loop's thread.
    virtual void silence() = 0;
    /// Whether what was begun before silence() is over, so that the destructor does not wait.
    virtual bool is_silent() const { return true; }
};

/// Takes an answer to a round, which computing took `compute_s` for; from any thread.
using SendAnswer = std::function<void(control::Frame frame, const Round& round, double compute_s)>;

/// Why there is no sum: which device is to blame, and what it did.
struct RoundFailure {
    std::size_t device = 0;  ///< Index in the configuration.
    std::string reason;
};

/// What the coordinator's carriers need of its links.
class RoundLinks {
public:
    virtual ~RoundLinks() = default;

    /// Lets the loop run until `done()` or a device of the epoch is lost, for at most `timeout_s`;
    /// returns done(). Throws inference::Interrupted where the run is interrupted meanwhile.
    virtual bool wait(const std::function<bool()>& done, double timeout_s) = 0;
    /// Lets the loop run until `done()`, whatever happens.
    virtual void finish(const std::function<bool()>& done) = 0;
    /// The first device of the epoch that was lost, and why.
    virtual std::optional<RoundFailure> lost() const = 0;
    virtual void send(std::size_t device, const control::Frame& frame) = 0;
    /// Keeps for who watches what is odd about a device, but no failure.
    virtual void note(std::size_t device, const std::string& what) = 0;
    /// Has `action` run by the loop's thread; from any thread.
    virtual void post(std::function<void()> action) = 0;
};

/// What the coordinator knows of a round's vectors beforehand, as SiteCall has it.
struct RoundStream {
    gsl::span<const float> residual;  ///< The stream before the sum, [vectors, length].
    gsl::span<const float> foretold;  ///< What partials lack of the sum; empty: nothing.
    gsl::span<const EnergyFeatures> features;
};

/// On the coordinator, in the thread of its loop; an implementation that waits lets the loop run.
class SumCarrier {
public:
    virtual ~SumCarrier() = default;

    /// A new epoch: who takes part, as indices in the configuration.
    virtual void begin_epoch(std::uint32_t epoch, const std::vector<std::size_t>& devices) = 0;

    /// Brings the sum over the epoch's devices, [vectors, length]. The devices have been told of
    /// the round. A round that gets lost is repeated within; a failure is final, and the device that
    /// it names is taken out.
    virtual std::optional<RoundFailure> collect(const Round& round, const RoundStream& stream,
                                                gsl::span<float> sum) = 0;

    /// Whether the sums go down another way than in a Sum's values, by bring_down().
    virtual bool brings_down() const { return false; }
    /// Has the devices hold the sum of `round` when they are told to add it, and leaves in `sum` what
    /// they hold. Failures are as collect()'s.
    virtual std::optional<RoundFailure> bring_down(const Round&, gsl::span<float>) {
        return std::nullopt;
    }

    /// Takes what a device says about rounds and radios: Partial, Computed, ClockReport,
    /// BurstReport, Heard. The spans are valid during the call.
    virtual void report(std::size_t device, const control::Message& message) = 0;

    /// Rounds asked for again so far.
    virtual std::uint64_t repeated_rounds() const = 0;

    /// What the air has done so far; nothing where there is none.
    virtual std::optional<AirSummary> air() const { return std::nullopt; }
};

}  // namespace aircomp::runtime::testbed
