// SPDX-License-Identifier: GPL-3.0-or-later
// The section waveform: OFDM bursts, and what radios and air do to them.
#pragma once

#include <string>

#include "config/section.hpp"

namespace aircomp::runtime {

/// The medium `waveform`: the OFDM burst and what radios and air do to it. Where a value has a
/// sign, each device draws its own from the seed, uniform between both signs.
struct WaveformConfig {
    int fft_size = 64;
    int guard_low = 6;
    int guard_high = 5;
    int prefix = 16;
    int pilots = 4;                ///< Tracking pilots in an OFDM symbol.
    int resource_block = 1;        ///< Subcarriers that share one transceiver.
    int attempts = 8;              ///< Of a round, before an error.
    double min_confidence = 0;     ///< That a round was whole; below it is repeated.
    int paths = 1;                 ///< Of every link, one sample apart.
    double path_decay_db = 3;      ///< From a path to the next.
    double timing_offset = 0;      ///< Samples; each device is late by between 0 and this.
    double carrier_offset_hz = 0;  ///< Largest offset between a device and the server.
    /// Largest error of what a device takes its offset for, from a header to its burst's end.
    double residual_offset_hz = 0;
    double linewidth_hz = 0;  ///< Of a device's Wiener phase noise.
    double sampling_offset_ppm = 0;
    double iq_gain_db = 0;
    double iq_phase_deg = 0;
    double transmit_range = 0;  ///< Largest real of a DAC, in rms reals at full power; 0: any.
    double receive_range = 0;   ///< Largest real of an ADC, in rms reals received; 0: any.
    int dac_bits = 0;           ///< 0: not quantised.
    int adc_bits = 0;
    double dropout = 0;  ///< Probability that a device's burst is missing from a sum.
    std::string silent_device = "none";  ///< Name of a device that drops out and sends nothing.
};

const Keys<WaveformConfig>& waveform_keys();

/// Bounds that follow from the prefix, the bandwidth and the converters' ranges.
void check_waveform(const WaveformConfig& waveform, double bandwidth_hz, const Checker& check);

}  // namespace aircomp::runtime
