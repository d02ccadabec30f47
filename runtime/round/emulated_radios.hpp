// SPDX-License-Identifier: GPL-3.0-or-later
// Both sides of rounds over an emulated air: the same ends as radios have, in one thread and in the
// air's time. A header that a device misses ends its round: nothing of it would count, and so its
// burst is not computed.
#pragma once

#include <array>
#include <random>
#include <vector>

#include "air/waveform_air.hpp"
#include "round/device_end.hpp"
#include "round/round_ends.hpp"
#include "round/server_end.hpp"

namespace aircomp::runtime {

class EmulatedDevices final : public RoundDevices {
public:
    using Bursts = std::vector<std::vector<phy::Sample>>;
    using Partials = std::vector<gsl::span<const float>>;

    /// Devices of which those that take part, `takes_part`, listen to `air`. Some bursts drop out
    /// by waveform.dropout, and what a device takes its offset for errs by
    /// waveform.residual_offset_hz, both drawn from the configuration's seed.
    EmulatedDevices(const Config& config, const phy::BurstFormat& format,
                    const phy::Payload& payload, const WaveformAir& air,
                    std::vector<bool> takes_part);

    /// What the next sums are of, one for each device; valid until they are sent.
    void hold(Partials partials) { partials_ = std::move(partials); }

    void settle(SiteKind kind, std::int64_t from,
                const std::vector<DeviceSettings>& settings) override;
    std::vector<DeviceReport> take_part(const RoundOrder& order,
                                        const std::function<void()>& server) override;

    bool takes_part(std::size_t device) const { return takes_part_[device]; }

    // ---- for the air ----

    /// A header, alone or at the head of a message, received by one device, [antennas,
    /// window(header)], from where it begins on. Returns whether the device found it.
    bool hear(std::size_t device, gsl::span<const phy::Sample> received, Ticks header);
    /// What a device knows by headers of its oscillator at `begin`.
    phy::OscillatorCorrection oscillator_at(std::size_t device, Ticks begin) const {
        return ends_[device].headers().predict(static_cast<double>(begin));
    }

    /// A header of the round, received by every device from where it begins on. Returns whether all
    /// that take part found it; the first that did not is reported.
    bool hear(const std::vector<std::vector<phy::Sample>>& received, Ticks header);
    /// What the devices send in the round, [antennas, samples] each; empty for one that is silent
    /// or drops out.
    const Bursts& send();

    // ---- for who measures ----

    /// Whether the last round came to its bursts.
    bool has_sent() const { return has_sent_; }
    /// What a device took back of its oscillator in the last burst.
    const phy::OscillatorCorrection& correction(std::size_t device) const {
        return corrections_[device];
    }

private:
    phy::OscillatorCorrection predict(std::size_t device) const;

    std::vector<bool> takes_part_;
    std::vector<DeviceEnd> ends_;
    std::vector<double> residual_offset_;  // cycles a sample
    std::bernoulli_distribution drops_out_;
    std::mt19937_64 dropouts_;
    /// By SiteKind.
    std::array<std::vector<DeviceSettings>, inference::site_kinds.size()> settings_;
    Partials partials_;
    RoundOrder order_;  // of the round under way
    std::vector<DeviceReport> reports_;
    bool has_sent_ = false;
    std::vector<phy::OscillatorCorrection> corrections_;
    Bursts bursts_;
};

class EmulatedServer final : public RoundServer {
public:
    /// Air and devices must outlive the object.
    EmulatedServer(const Config& config, const phy::BurstFormat& format,
                   const phy::Payload& payload, WaveformAir& air, EmulatedDevices& devices);

    Ticks now() override { return static_cast<Ticks>(air_.now()); }
    /// Without noise where the configuration says that channels are known.
    ServerReport sound(const RoundOrder& order, gsl::span<const double> power_w) override;
    const phy::SoundingReport& sounding() const override { return *sounding_; }
    ServerReport sum(const RoundOrder& order, const ServerSettings& settings,
                     gsl::span<float> sum) override;

private:
    bool reach_devices(const RoundOrder& order);
    std::vector<phy::Sample> header_of(std::size_t antenna) const;
    void wait_until(Ticks begin);

    bool knows_channels_;
    std::size_t antennas_;
    std::size_t sounding_samples_, burst_samples_;
    ServerEnd end_;
    WaveformAir& air_;
    EmulatedDevices& devices_;
    const phy::SoundingReport* sounding_ = nullptr;
};

}  // namespace aircomp::runtime
