// SPDX-License-Identifier: GPL-3.0-or-later
// Keys and checks of the section waveform.
#include "config/waveform_section.hpp"

#include <algorithm>

#include "config/keys.hpp"

namespace aircomp::runtime {
namespace {

/// What the format of a burst holds, in its own words; how its numbers have to agree it checks
/// itself, where there are bursts.
Range of_format(const std::string& words) {
    Range range = within(0, 65535);
    range.with_others = words;
    return range;
}

Keys<WaveformConfig> burst_keys() {
    using W = WaveformConfig;
    return {
        number("fft_size", &W::fft_size, "", of_format("a power of two, 16 to 4096"),
               "Subcarriers."),
        number("guard_low", &W::guard_low, "", of_format("1 to fft_size / 2 - 2"),
               "Unused subcarriers at the lower edge of the band."),
        number("guard_high", &W::guard_high, "", of_format("1 to fft_size / 2 - 2"),
               "Unused subcarriers at the upper edge of the band."),
        number("prefix", &W::prefix, "samples", of_format("1 to fft_size, at most 32"),
               "Cyclic prefix."),
        number("pilots", &W::pilots, "", of_format("2 to half the used subcarriers"),
               "Tracking pilots in an OFDM symbol."),
        number("resource_block", &W::resource_block, "", of_format("1 to the used subcarriers"),
               "Neighbouring subcarriers that share one transceiver; more is faster to design, and "
               "right where there is one path and no timing offset."),
        number("attempts", &W::attempts, "", within(1, 1000),
               "Attempts at a round whose header, sounding or burst is not found, or that is not "
               "whole, before an error; from the third on the channel is sounded anew."),
        number("min_confidence", &W::min_confidence, "", within(0, 1),
               "A round that is whole with less than this probability, as its pilots have it, is "
               "repeated; 0: none is.")
            .formerly("least_confidence"),
    };
}

Keys<WaveformConfig> impairment_keys() {
    using W = WaveformConfig;
    const Range within_subcarriers = with_others("0 to bandwidth_hz / 256");
    const Range converter_bits = with_others("0, or 2 to 16 where there is a range");
    return {
        number("paths", &W::paths, "", with_others("1 to prefix, at most 64"),
               "Paths of every link, one sample apart."),
        number("path_decay_db", &W::path_decay_db, "dB", within(0, 100),
               "What a path has less than the one before."),
        number("timing_offset", &W::timing_offset, "samples", with_others("0 to prefix / 2"),
               "Each device is late by between 0 and this."),
        number("carrier_offset_hz", &W::carrier_offset_hz, "Hz", within_subcarriers,
               "Largest carrier offset between a device and the server."),
        number("residual_offset_hz", &W::residual_offset_hz, "Hz", within_subcarriers,
               "Largest error of what a device takes that offset for: its phase is right at each "
               "header and turns away from there to the end of its burst."),
        number("linewidth_hz", &W::linewidth_hz, "Hz", within_subcarriers,
               "Full linewidth of each device's Wiener phase noise."),
        number("sampling_offset_ppm", &W::sampling_offset_ppm, "ppm", within(0, 100),
               "Largest offset of a device's sampling clock, parts per million."),
        number("iq_gain_db", &W::iq_gain_db, "dB", within(0, 6),
               "Largest imbalance of the gains of a device's branches."),
        number("iq_phase_deg", &W::iq_phase_deg, "degrees", within(0, 45),
               "Largest imbalance of the angle of a device's branches."),
        number("transmit_range", &W::transmit_range, "", within(0, 1e6),
               "The largest real that a device's converters take, in rms reals of its transmission "
               "at full power; 0: any."),
        number("receive_range", &W::receive_range, "", within(0, 1e6),
               "The largest real that the server's converters take, in rms reals of what it "
               "receives on average; 0: any."),
        number("dac_bits", &W::dac_bits, "bits", converter_bits,
               "Bits of the devices' converters; 0: not quantised."),
        number("adc_bits", &W::adc_bits, "bits", converter_bits,
               "Bits of the server's converters; 0: not quantised."),
        number("dropout", &W::dropout, "", within(0, 1),
               "Probability that a device's burst is missing from a round of a sum, each drawn "
               "anew; the server has only the pilots to see it by: min_confidence."),
        text("silent_device", &W::silent_device,
             "Name of a device that sends nothing at all, or none."),
    };
}

}  // namespace

const Keys<WaveformConfig>& waveform_keys() {
    static const Keys<WaveformConfig> keys = [] {
        Keys<WaveformConfig> all = burst_keys();
        for (const auto& key : impairment_keys())
            all.push_back(key);
        return all;
    }();
    return keys;
}

void check_waveform(const WaveformConfig& waveform, double bandwidth_hz, const Checker& check) {
    check.within("paths", waveform.paths, 1, std::clamp(waveform.prefix, 1, 64));
    check.within("timing_offset", waveform.timing_offset, 0.0, waveform.prefix / 2.0);
    check.within("carrier_offset_hz", waveform.carrier_offset_hz, 0.0, bandwidth_hz / 256);
    check.within("residual_offset_hz", waveform.residual_offset_hz, 0.0, bandwidth_hz / 256);
    check.within("linewidth_hz", waveform.linewidth_hz, 0.0, bandwidth_hz / 256);
    check.require(
        waveform.dac_bits == 0 ||
            (waveform.dac_bits >= 2 && waveform.dac_bits <= 16 && waveform.transmit_range > 0),
        "dac_bits", "0, or from 2 to 16 with a transmit_range above 0", waveform.dac_bits);
    check.require(waveform.adc_bits == 0 || (waveform.adc_bits >= 2 && waveform.adc_bits <= 16 &&
                                             waveform.receive_range > 0),
                  "adc_bits", "0, or from 2 to 16 with a receive_range above 0", waveform.adc_bits);
}

}  // namespace aircomp::runtime
