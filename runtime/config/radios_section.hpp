// SPDX-License-Identifier: GPL-3.0-or-later
// The section radios: real or virtual radios, and what they may send.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "config/section.hpp"

namespace aircomp::runtime {

/// A band in which the laboratory may transmit.
struct FrequencyRange {
    double low_hz = 0;
    double high_hz = 0;
};

/// What a radio may send at most; checked before the first sample of each burst.
struct TransmitLimits {
    std::vector<FrequencyRange> frequency_ranges;  ///< The band lies wholly within one of them.
    double max_gain_db = 0;
    double max_mean_dbfs = -6;            ///< Of a burst, each channel's mean.
    std::optional<double> max_power_dbm;  ///< The same at the connector; needs calibrations.
    double max_duty = 0.25;               ///< Part of any second on the air.
    double watchdog_s = 2;  ///< Without a sign of the coordinator for so long, silence.
};

/// What computes a radio's samples: the kernels in this process, or gr-aircomp/examples/usrp_*.grc, started
/// without a screen or opened in Companion and waited for.
enum class RadioChain { kernels, flowgraph, companion };

/// One radio of the testbed.
struct RadioEndConfig {
    std::string args;           ///< What the driver finds it by; for UHD its device arguments.
    std::string subdevice;      ///< As UHD writes it; empty: the radio's own choice.
    std::string transmit_port;  ///< Antenna connector; empty: the radio's own choice.
    std::string receive_port;   ///< The same.
    double transmit_gain_db = 0;
    double receive_gain_db = 0;
    std::filesystem::path calibration;  ///< In a file, relative to that file; empty: none.
    RadioChain chain = RadioChain::kernels;
};

/// The radios of a testbed; there are none where `devices` is empty. Their sample rate is
/// radio.bandwidth_hz.
struct RadiosConfig {
    bool transmit = false;
    std::string driver = "uhd";  ///< One of radio_drivers().
    double frequency_hz = 0;
    std::string clock_source = "external";
    std::string time_source = "external";
    double unit_power_dbfs = -12;     ///< What samples of mean power 1 W are at the converters.
    double receive_headroom_db = 6;   ///< That windows' peaks should leave at the ADC.
    double carrier_offset_hz = 1000;  ///< Largest between device and server, before any header.
    double linewidth_hz = 1;          ///< Of a device's and the server's oscillators together.
    double lead_s = 20e-3;            ///< From a round's order to its header.
    double interval_s = 20e-3;        ///< From the end of a round to the next one's header.
    double timeout_s = 1;             ///< After which what a radio owes is missing.
    double max_evm = 0.3;             ///< Of a sum's pilots; above it, the channel is sounded anew.
    RadioChain chain = RadioChain::kernels;  ///< Of the radios for which a file names none.
    TransmitLimits limits;
    RadioEndConfig server;
    std::vector<RadioEndConfig> devices;  ///< In the order of Config::devices.
};

const Keys<RadiosConfig>& radios_keys();

/// Whether the configuration has radios at all.
bool has_radios(const RadiosConfig& radios);

/// Where there are radios: as many as devices, with a carrier, and ranges of frequencies that are.
void check_radios(const RadiosConfig& radios, std::size_t devices, double bandwidth_hz,
                  const Checker& check);

}  // namespace aircomp::runtime
