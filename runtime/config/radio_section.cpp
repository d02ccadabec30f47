// SPDX-License-Identifier: GPL-3.0-or-later
// Keys and checks of the section radio.
#include "config/radio_section.hpp"

#include "config/keys.hpp"
#include "config/physical_ranges.hpp"

namespace aircomp::runtime {

const Keys<RadioConfig>& radio_keys() {
    using R = RadioConfig;
    static const Keys<R> keys = {
        number("server_antennas", &R::server_antennas, "", within(1, largest_antenna_count),
               "Antennas of the server."),
        number("streams", &R::streams, "",
               with_others("1 to the fewest antennas of the server and any device"),
               "Spatial streams."),
        number("bandwidth_hz", &R::bandwidth_hz, "Hz", frequency_range,
               "Used bandwidth; with the section radios also their sample rate."),
        number("overhead_factor", &R::overhead_factor, "", within(0.001, 1),
               "What cyclic prefix and pilots leave of the bandwidth."),
        // Powers of ten beyond these are no radio's, and end in infinite noise or none at all.
        number("snr_db", &R::snr_db, "dB", within(-100, 200),
               "The largest max_power_w over the noise power of an antenna at path gain 1."),
        choice("fading", &R::fading, {{"rayleigh", Fading::rayleigh}, {"rician", Fading::rician}},
               "Small-scale fading."),
        number("rician_factor", &R::rician_factor, "", within(0, 1e12),
               "Line-of-sight over scattered power with rician fading, linear; 0 otherwise."),
        number("coherence_block_s", &R::coherence_block_s, "s", within(1e-6, 1e9),
               "The channel stays as it is for so long; then it is drawn, sounded and designed for "
               "anew."),
        number("doppler_hz", &R::doppler_hz, "Hz", within(0, 1e6),
               "Doppler of moving devices with rayleigh fading, 0 where they stand still: channels "
               "change within a block as Jakes' spectrum has it, and designs are made for its "
               "middle; with the medium radio, whose air moves as it will, designs alone."),
        number("knowledge_age_s", &R::knowledge_age_s, "s", within(0, 1e6),
               "How long before a block its channels were sounded; it matters where they move."),
        choice("channel_knowledge", &R::channel_knowledge,
               {{"estimated", ChannelKnowledge::estimated}, {"perfect", ChannelKnowledge::perfect}},
               "Whether channels are known from sounding, with its errors, or exactly."),
        number("pilots_per_antenna", &R::pilots_per_antenna, "", within(1, 1e6),
               "Channel uses of sounding per device antenna and coherence block."),
        choice(
            "design", &R::design,
            {{"centralized", PrecoderDesign::centralized},
             {"distributed", PrecoderDesign::distributed}},
            "Who computes the devices' precoders: the server, which sends them over the control "
            "link; or each device its own, from pilots that the server sends through its "
            "combiner on a reciprocal downlink; distributed goes with the schemes mmse, mmse+sca "
            "and alternating and the medium symbol, and schemes without a transceiver design "
            "leave it alone."),
        number("design_pilots", &R::design_pilots, "", within(1, 1e6),
               "How often the pilots of a distributed design are sent, once a stream each time."),
        text("downlink", &R::downlink,
             "How the sum returns to the devices: multicast, on the air at the weakest device's "
             "rate; closed-loop, the same for what the devices' copy of the residual stream lacks, "
             "in at most 6 bits a value, 5 being enough; closed-loop-transform, the same in bases "
             "of "
             "the model's calibration, entropy-coded; control, over the wired control link; or "
             "free, "
             "in no time and without errors, as the paper has it."),
        choice("multicast_covariance", &R::multicast_covariance,
               {{"white", MulticastCovariance::white}, {"best", MulticastCovariance::best}},
               "How the multicast spreads its power: white, alike over all antennas; best, made "
               "each coherence block so that the weakest device's rate is largest for the channels "
               "that the server knows."),
        number("coding_gap_db", &R::coding_gap_db, "dB", within(0, 20),
               "What a real code loses to the best one of its length, for everything that travels "
               "in bits, with whole costs. The medium waveform has a real code for its way down."),
        number("block_error_rate", &R::block_error_rate, "", within(1e-9, 0.5),
               "How often a digital vector has to be sent again, with whole costs; its code is as "
               "short as that allows."),
        number("server_power_w", &R::server_power_w, "W", transmit_power_range,
               "Transmit power of the server's multicast, headers and design pilots."),
        number("server_receive_power_w", &R::server_receive_power_w, "W", radio_power_range,
               "What the server's radio takes while it receives, besides server_idle_power_w."),
        number("server_idle_power_w", &R::server_idle_power_w, "W", radio_power_range,
               "What the server's radio takes all the time."),
        number("downlink_bits", &R::downlink_bits, "bits", within(2, 32),
               "Bits of a value on the downlink; a whole number, but for closed-loop."),
        number(
            "downlink_loss_nats", &R::downlink_loss_nats, "nats", within(1e-12, 1e6),
            "What the codes of closed-loop-transform may cost a token: how fine their steps are."),
        choice("settings_link", &R::settings_link,
               {{"control", SettingsLink::control}, {"downlink", SettingsLink::downlink}},
               "What brings the devices their precoders, once a coherence block: the control link, "
               "or a burst of the way down, where that is on the air."),
        number("control_rate_bytes_per_s", &R::control_rate_bytes_per_s, "bytes/s",
               bytes_per_s_range, "Rate of the control link."),
        number("control_latency_s", &R::control_latency_s, "s", within(0, 3600),
               "Latency of a message on the control link."),
    };
    return keys;
}

void check_radio(const RadioConfig& radio, int streams, const Checker& check) {
    check.require(
        radio.streams >= 1 && radio.streams <= streams, "streams",
        "from 1 to " + to_text(streams) + ", the fewest antennas of the server and any device",
        radio.streams);
    check.require(radio.fading == Fading::rician || radio.rician_factor == 0, "rician_factor",
                  "0 with rayleigh fading", radio.rician_factor);
    check.require(radio.fading == Fading::rayleigh || radio.doppler_hz == 0, "doppler_hz",
                  "0 with rician fading", radio.doppler_hz);
}

}  // namespace aircomp::runtime
