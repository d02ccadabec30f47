// SPDX-License-Identifier: GPL-3.0-or-later
// Which round comes next: when the channel is sounded, transceivers designed, sums ordered, and
// what is repeated; the same over an emulated air, over radios of this process and over daemons'.
#pragma once

#include <array>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "coding/analog_codec.hpp"
#include "round/block_designer.hpp"
#include "round/round_clock.hpp"
#include "round/round_ends.hpp"
#include "round/round_rules.hpp"

namespace aircomp::runtime {

/// What has become of one radio's bursts and windows.
struct RadioTally {
    std::int64_t bursts = 0;  ///< That were handed to the radio.
    std::int64_t late = 0, underflowed = 0, broken = 0, unacknowledged = 0, refused = 0;
    std::int64_t clipped_samples = 0;  ///< Beyond full scale of the DAC.
    std::int64_t clipped_reals = 0;    ///< Beyond analog.clip_level.
    std::int64_t limited_vectors = 0;  ///< Of daemons: scaled down to their headroom.
    double receive_peak_dbfs = -200;   ///< Largest of its whole windows.
};

/// A round that counted.
struct WholeRound {
    RoundOrder order;
    std::vector<DeviceReport> devices;
    ServerReport server;
};

/// Devices that have something to send at a site of either kind, and power to send it with.
std::vector<bool> participants(const AnalogCodec& codec, const std::vector<double>& power_w);

/// No whole round came of waveform.attempts attempts.
class NoWholeRound : public std::runtime_error {
public:
    NoWholeRound(const std::string& what, std::optional<std::size_t> device)
        : std::runtime_error(what), device_(device) {}

    /// Whose fault most of them were, where it was a device's.
    std::optional<std::size_t> device() const { return device_; }

private:
    std::optional<std::size_t> device_;
};

class RoundScheduler {
public:
    /// Devices transmit with at most `power_w` each, 0 for one that takes no part; their second
    /// moments are the codec's. Server and devices must outlive the object.
    RoundScheduler(const Config& config, const AnalogCodec& codec,
                   const std::vector<double>& power_w, const std::string& design,
                   RoundServer& server, RoundDevices& devices, const RoundRules& rules);

    /// `seen` is called with every order before anybody is told of it.
    void watch(std::function<void(const RoundOrder&)> seen) { seen_ = std::move(seen); }

    /// Sounds and designs where there is no design, and where the rules say that the last sounding
    /// is too old, the last sum's pilots err by too much, or too many sums have failed. Throws
    /// NoWholeRound.
    void prepare();

    /// The channels are others: the next prepare() sounds them whatever is known.
    void renew();

    /// One sum of the devices' partials, all of which are divided by `scale`, into `sum`; prepares
    /// before it. A round in which anything is late, missing or not found is discarded and
    /// repeated, with a larger scale where limits have refused a burst; throws NoWholeRound that
    /// says why. `before` is the first round's alone, and nothing where a sounding comes before it:
    /// what was the way down of the sum before is its header.
    WholeRound sum(SiteKind kind, double scale, gsl::span<float> sum,
                   const HeaderBefore& before = {});

    /// When a burst of the server between rounds begins, as RoundClock::next_burst() has it.
    PlacedBurst place(Ticks samples, Ticks now) { return clock_.next_burst(samples, now); }

    /// A sounding under the phases' old reference: what has changed since the design's. Throws
    /// NoWholeRound.
    const phy::SoundingReport& sound_again();

    /// The sounding that the present transceivers were designed for.
    const phy::SoundingReport& designed_for() const { return designed_for_; }
    /// How many designs there have been.
    std::int64_t designs() const { return designs_; }
    /// sigma^2 that the present one is for.
    double noise_power_w() const {
        return rules_.noise_power_w.value_or(designed_for_.noise_power_w);
    }
    /// As errors name the air.
    const std::string& medium() const { return rules_.medium; }
    /// The kinds of sites that there are settings for.
    const std::vector<SiteKind>& kinds() const { return kinds_; }
    const RoundSettings& settings(SiteKind kind) const {
        return settings_[static_cast<std::size_t>(kind)];
    }
    const std::vector<DeviceReport>& last_reports() const { return last_reports_; }
    /// How each device's channel had turned, relative to the mean of all, rad, since its design, at
    /// the end of the last coherence block that ended well; zeros before that.
    const std::vector<double>& phases_rad() const { return phases_rad_; }
    /// Of the devices, then of the server.
    const std::vector<RadioTally>& tallies() const { return tallies_; }
    std::int64_t soundings() const { return soundings_; }
    /// How often it sounded within a coherence block because the pilots erred by too much.
    std::int64_t evm_soundings() const { return evm_soundings_; }
    /// Radio time on which soundings have spent the air.
    double sounding_s() const { return sounding_s_; }
    /// Why, one for each round that was discarded.
    const std::vector<RoundFault>& faults() const { return faults_; }
    /// The server's antenna that sends headers until the next sounding.
    std::size_t header_antenna() const { return header_antenna_; }

private:
    std::size_t devices() const { return config_.devices.size(); }
    double seconds(Ticks ticks) const {
        return static_cast<double>(ticks) / config_.radio.bandwidth_hz;
    }
    bool is_due() const;
    /// Whether the last sum's pilots say that channels are not what the design was for.
    bool has_turned() const;
    void sound_until_found();
    bool sound(bool new_reference);
    bool acquires(const RoundOrder& order, const std::vector<DeviceReport>& reports) const;
    void design();
    std::vector<DeviceReport> exchange(const RoundOrder& order,
                                       const std::function<void()>& server);
    std::vector<bool> senders(const RoundOrder& order) const;
    bool counts(const RoundOrder& order, const std::vector<DeviceReport>& reports,
                const ServerReport& server);
    [[noreturn]] void give_up() const;

    Config config_;
    std::vector<SiteKind> kinds_;  ///< Of the sites that there are.
    std::array<std::vector<double>, inference::site_kinds.size()> moments_;  // by SiteKind
    std::vector<bool> takes_part_;
    std::vector<double> sounding_power_w_;
    BlockDesigner designer_;
    RoundServer& server_;
    RoundDevices& ends_;
    RoundRules rules_;
    RoundClock clock_;
    std::function<void(const RoundOrder&)> seen_;
    std::array<RoundSettings, inference::site_kinds.size()> settings_;  // by SiteKind
    phy::SoundingReport designed_for_;
    bool designed_ = false;
    std::int64_t designs_ = 0;
    bool acquired_ = false;  // the oscillators' offsets
    Ticks sounded_ = 0;
    // Of the reference and so of all headers until the next: phases compare over one path.
    std::size_t header_antenna_ = 0;
    int failed_sums_ = 0;               // one after the other
    double evm_ = 0;                    // of the last sum
    std::optional<double> design_evm_;  // of the first sum after a design
    std::vector<DeviceReport> last_reports_;
    std::vector<double> phases_rad_;
    std::vector<RadioTally> tallies_;
    std::int64_t soundings_ = 0;
    std::int64_t evm_soundings_ = 0;
    double sounding_s_ = 0;
    std::vector<RoundFault> faults_;
};

/// How the channel of every device that both soundings found has turned from one to the other, rad,
/// relative to the mean of all of them; 0 for the others.
std::vector<double> phase_turns(const phy::SoundingReport& before,
                                const phy::SoundingReport& after);

}  // namespace aircomp::runtime
