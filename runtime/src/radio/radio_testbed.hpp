// SPDX-License-Identifier: GPL-3.0-or-later
// All radios of a testbed in one process: sounding, design and sums over them, a thread a radio in
// every round. First light and the medium `radio` stand on it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "analog_codec.hpp"
#include "radio/device_radio.hpp"
#include "radio/open_radios.hpp"
#include "radio/round_clock.hpp"
#include "radio/server_radio.hpp"
#include "round/block_designer.hpp"

namespace aircomp::runtime {

/// What has become of one radio's bursts and windows.
struct RadioTally {
    std::int64_t late = 0, underflowed = 0, broken = 0, unacknowledged = 0;
    std::int64_t clipped_samples = 0;  ///< Beyond full scale of the DAC.
    double receive_peak_dbfs = -200;   ///< Largest of its whole windows.
};

/// A round that counted.
struct WholeRound {
    RoundOrder order;
    std::vector<DeviceReport> devices;
    ServerReport server;
};

class RadioTestbed {
public:
    /// Opens and brings up the radios of the configuration. Devices transmit with at most `power_w`
    /// each. Throws std::runtime_error where transmission is off, a device would have nothing to
    /// send, or as open_guarded_radio() and bring_up() do.
    RadioTestbed(const Config& config, const AnalogCodec& codec, const std::vector<double>& power_w,
                 const std::string& design, const RadioOpener& open = open_radio);

    /// One sum of the devices' vectors, all of which are divided by `scale`, into `sum`; sounds and
    /// designs before it where radio.coherence_block_s has passed. A round in which anything is
    /// late, missing or not found is discarded and repeated; after waveform.attempts attempts
    /// throws std::runtime_error that says why.
    WholeRound sum(SiteKind kind, double scale, const std::vector<gsl::span<const float>>& partials,
                   gsl::span<float> sum);

    /// A sounding under the phases' old reference: what has changed since the design's. Throws as
    /// above.
    const phy::SoundingReport& sound_again();

    /// The sounding that the present transceivers were designed for.
    const phy::SoundingReport& designed_for() const { return designed_for_; }
    const RoundSettings& settings(SiteKind kind) const {
        return settings_[static_cast<std::size_t>(kind)];
    }
    const std::vector<DeviceReport>& last_reports() const { return last_reports_; }
    /// Of the devices, then of the server.
    const std::vector<RadioTally>& tallies() const { return tallies_; }
    std::int64_t soundings() const { return soundings_; }
    /// Radio time on which soundings have spent the air.
    double sounding_s() const { return sounding_s_; }
    /// Why, one for each round that was discarded.
    const std::vector<std::string>& failures() const { return failures_; }

private:
    std::size_t devices() const { return config_.devices.size(); }
    double seconds(Ticks ticks) const {
        return static_cast<double>(ticks) / config_.radio.bandwidth_hz;
    }
    void open(const phy::Payload& payload, const RadioOpener& open);
    void sound_until_found();
    bool sound(bool new_reference, bool acquire = false);
    void design();
    using Partials = std::vector<gsl::span<const float>>;
    std::vector<DeviceReport> all_take_part(const RoundOrder& order, const Partials& partials,
                                            const std::function<void()>& server);
    bool counts(const RoundOrder& order, const std::vector<DeviceReport>& reports,
                const ServerReport& server);
    [[noreturn]] void give_up() const;

    Config config_;
    phy::BurstFormat format_;
    std::vector<double> moments_[2];  // by SiteKind
    std::vector<double> power_w_;
    BlockDesigner designer_;
    std::vector<std::unique_ptr<DeviceRadio>> radios_;
    std::unique_ptr<ServerRadio> server_;
    std::optional<RoundClock> clock_;
    RoundSettings settings_[2];  // by SiteKind
    phy::SoundingReport designed_for_;
    bool designed_ = false;
    Ticks sounded_ = 0;
    // Of the reference and so of all headers until the next: phases compare over one path.
    std::size_t header_antenna_ = 0;
    bool whole_ = false;  // the last round
    std::vector<DeviceReport> last_reports_;
    std::vector<RadioTally> tallies_;
    std::int64_t soundings_ = 0;
    double sounding_s_ = 0;
    std::vector<std::string> failures_;
};

}  // namespace aircomp::runtime
