// SPDX-License-Identifier: GPL-3.0-or-later
// The seam between model and radio: whatever can turn the devices' partials into their sum.
#pragma once

#include <cstdint>
#include <gsl/span>
#include <string>
#include <vector>

namespace aircomp::runtime {

/// The two all-reduces of a decoder layer.
enum class SiteKind { attention, mlp };

/// Where in the model an all-reduce happens.
struct Site {
    std::int64_t layer = 0;
    SiteKind kind = SiteKind::attention;

    /// Position in a token's order of all-reduces: 0 .. 2 * layers - 1.
    std::size_t index() const {
        return 2 * static_cast<std::size_t>(layer) + (kind == SiteKind::mlp ? 1 : 0);
    }
};

/// The partials of one site for one or several consecutive tokens, a vector each.
struct SumRequest {
    Site site;
    std::int64_t position = 0;  ///< Of the first token in its sequence.
    std::int64_t vectors = 1;
    std::int64_t length = 0;  ///< D, reals of one vector.
    /// One per device, row-major [vectors, length].
    gsl::span<const std::vector<float>> partials;
    /// The residual stream before the sum, the same on every device, [vectors, length].
    gsl::span<const float> residual;

    /// Vector `v` of `device`.
    gsl::span<const float> partial(std::size_t device, std::int64_t v) const {
        return gsl::span<const float>(partials[device])
            .subspan(static_cast<std::size_t>(v * length), static_cast<std::size_t>(length));
    }
};

/// What carrying the sums has cost so far, in simulated time and in radio resources.
struct LinkUsage {
    double uplink_s = 0;
    double downlink_s = 0;
    double sounding_s = 0;
    double control_s = 0;
    std::int64_t all_reduces = 0;  ///< Vectors summed.
    std::int64_t uplink_channel_uses = 0;
    std::int64_t sounding_channel_uses = 0;
    std::int64_t coherence_blocks = 0;  ///< For which the channel was sounded.
    std::int64_t clipped_reals = 0;     ///< Values beyond the transmitters' range.
    std::int64_t repeated_rounds = 0;   ///< Whose header, sounding or sum was not found.
    /// Of the medium waveform with free-running oscillators, summed over all_reduces: what is left
    /// of the devices' phases (squares, mean over the devices, rad^2), and its cost by (13) over
    /// the power of the sum.
    double residual_phase_rad2 = 0;
    double residual_phase_nmse = 0;
    std::vector<double> transmit_energy_j;  ///< Per device, data and sounding.
    double relay_energy_j = 0;              ///< Transmitted by all relays, data and sounding.

    double total_s() const { return uplink_s + downlink_s + sounding_s + control_s; }
};

/// Everything that can carry the sum implements this. Not thread-safe.
class Medium {
public:
    virtual ~Medium() = default;

    /// Writes the sum over devices, [vectors, length], as every device ends up knowing it. Throws
    /// std::invalid_argument where sizes disagree, std::domain_error where a partial is not finite.
    virtual void all_reduce(const SumRequest& request, gsl::span<float> sum) = 0;

    /// Lets simulated time pass while devices compute: channels age meanwhile.
    virtual void elapse(double seconds) = 0;

    virtual const LinkUsage& usage() const = 0;
};

}  // namespace aircomp::runtime
