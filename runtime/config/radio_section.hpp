// SPDX-License-Identifier: GPL-3.0-or-later
// The section radio: the channel, what is known of it, and the way down.
#pragma once

#include <string>

#include "config/section.hpp"

namespace aircomp::runtime {

enum class Fading { rayleigh, rician };
enum class ChannelKnowledge { estimated, perfect };
/// Who computes the devices' precoders: the server, which sends them, or each device its own.
enum class PrecoderDesign { centralized, distributed };
/// The multicast's covariance: alike in all directions, or what is best for the weakest device.
/// What brings the devices their settings, once a coherence block.
enum class SettingsLink { control, downlink };
enum class MulticastCovariance { white, best };

struct RadioConfig {
    int server_antennas = 8;        ///< N_r
    int streams = 2;                ///< L
    double bandwidth_hz = 10e6;     ///< W
    double overhead_factor = 0.75;  ///< eta: what prefix and pilots leave of the bandwidth.
    double snr_db = 20;             ///< Largest max_power_w over sigma^2, at beta = 1.
    Fading fading = Fading::rayleigh;
    double rician_factor = 0;  ///< K, linear.
    double coherence_block_s = 10e-3;
    double doppler_hz = 0;       ///< f_D of Jakes' spectrum: motion within a coherence block.
    double knowledge_age_s = 0;  ///< From sounding to the begin of the block it is used in.
    ChannelKnowledge channel_knowledge = ChannelKnowledge::estimated;
    int pilots_per_antenna = 32;  ///< g, channel uses of sounding.
    PrecoderDesign design = PrecoderDesign::centralized;
    int design_pilots = 1;               ///< Repetitions of the pilots of a distributed design.
    std::string downlink = "multicast";  ///< One that schemes/down knows.
    MulticastCovariance multicast_covariance = MulticastCovariance::white;
    double coding_gap_db = 1;        ///< What a real code loses to (16).
    double block_error_rate = 1e-3;  ///< eps of (16): of a digital vector, which is then repeated.
    double server_power_w = 1;       ///< P_s, of the multicast and of the design's pilots.
    double server_receive_power_w = 0;  ///< While it receives, besides server_idle_power_w.
    double server_idle_power_w = 0;     ///< All the time.
    double downlink_bits = 16;          ///< q_b, bits a value.
    double downlink_loss_nats = 0.002;  ///< What the steps of (14b) may cost a token.
    SettingsLink settings_link = SettingsLink::control;
    double control_rate_bytes_per_s = 12.5e6;
    double control_latency_s = 250e-6;
};

const Keys<RadioConfig>& radio_keys();

/// `streams` is what every link can carry at most, min(N_t, N_r).
void check_radio(const RadioConfig& radio, int streams, const Checker& check);

}  // namespace aircomp::runtime
