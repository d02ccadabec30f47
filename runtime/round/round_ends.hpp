// SPDX-License-Identifier: GPL-3.0-or-later
// Both sides of rounds as their scheduler sees them: radios, daemons, or an emulated air.
#pragma once

#include <functional>
#include <gsl/span>
#include <vector>

#include "gnuradio/aircomp/phy/sounder.hpp"
#include "round/round_order.hpp"
#include "round/settings.hpp"

namespace aircomp::runtime {

/// The server's side of rounds.
class RoundServer {
public:
    virtual ~RoundServer() = default;

    /// What its clock says, by which the next round is ordered.
    virtual Ticks now() = 0;

    // Of emulated radios, whose time stands while one of them is used (docs/virtual-radio.md):

    /// These devices, indices of the configuration's, are about to take part in a round.
    virtual void call(gsl::span<const std::size_t>) {}
    /// The server's radio is used, though nothing is asked of it yet.
    virtual void hold() {}
    /// The server's radio has had its part in a round.
    virtual void rest() {}

    /// One sounding; `power_w` is what each device sounds with, 0 for one that does not. Found
    /// where every device is that sounds.
    virtual ServerReport sound(const RoundOrder& order, gsl::span<const double> power_w) = 0;

    /// What the last sounding showed; only where its report was found.
    virtual const phy::SoundingReport& sounding() const = 0;

    /// One sum, to `sum`, which stays as it is where there is none.
    virtual ServerReport sum(const RoundOrder& order, const ServerSettings& settings,
                             gsl::span<float> sum) = 0;
};

/// The devices' side of rounds, wherever they are. Vectors have an entry for each device of the
/// configuration.
class RoundDevices {
public:
    virtual ~RoundDevices() = default;

    /// What partials of sites of a kind are sent with from order number `from` on.
    virtual void settle(SiteKind kind, std::int64_t from,
                        const std::vector<DeviceSettings>& settings) = 0;

    /// The devices that take_part() tells of the order, where time has to wait for their radios.
    virtual std::vector<std::size_t> told(const RoundOrder&) const { return {}; }

    /// Has every device that takes part do so in one round, and does the server's part, `server`,
    /// meanwhile. A sum's partials are those that the devices have at the time; one whose second
    /// moment is 0 stays silent, and its report is not looked at.
    virtual std::vector<DeviceReport> take_part(const RoundOrder& order,
                                                const std::function<void()>& server) = 0;
};

}  // namespace aircomp::runtime
