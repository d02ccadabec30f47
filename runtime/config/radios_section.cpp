// SPDX-License-Identifier: GPL-3.0-or-later
// Keys and checks of the section radios.
#include "config/radios_section.hpp"

#include "config/keys.hpp"
#include "config/physical_ranges.hpp"

namespace aircomp::runtime {
namespace {

const std::vector<std::pair<std::string, RadioChain>> chain_names = {
    {"kernels", RadioChain::kernels},
    {"flowgraph", RadioChain::flowgraph},
    {"companion", RadioChain::companion}};

/// Gains as radios have them, dB.
const Range gain_range = within(-100, 120);

const TextRule a_name = {"a name", [](const std::string& name) { return !name.empty(); }};

const Keys<FrequencyRange>& range_keys() {
    static const Keys<FrequencyRange> keys = {
        number("low", &FrequencyRange::low_hz, "Hz", frequency_range, "Lower edge.").required(),
        number("high", &FrequencyRange::high_hz, "Hz", with_others("above low"), "Upper edge.")
            .required(),
    };
    return keys;
}

const Keys<TransmitLimits>& limits_keys() {
    using L = TransmitLimits;
    static const Keys<L> keys = {
        list("frequency_ranges_hz", &L::frequency_ranges, range_keys(),
             "The band, carrier plus and minus half the sample rate, lies wholly within one of "
             "these ranges."),
        number("max_gain_db", &L::max_gain_db, "dB", gain_range, "Transmit gain.")
            .formerly("most_gain_db"),
        number("max_mean_dbfs", &L::max_mean_dbfs, "dBFS", within(-100, 0),
               "Mean of a burst on any channel, some dB above unit_power_dbfs, for the partials of "
               "a model are louder at times.")
            .formerly("most_mean_dbfs"),
        number("max_power_dbm", &L::max_power_dbm, "dBm", within(-150, 60),
               "The same at the connector, anything where it is left out; every radio needs a "
               "calibration for it.")
            .formerly("most_power_dbm"),
        number("max_duty", &L::max_duty, "", above_up_to(0, 1), "Part of any second on the air.")
            .formerly("most_duty"),
        number("watchdog_s", &L::watchdog_s, "s", within(0.01, 3600),
               "Silence once the coordinator has given no sign for so long."),
    };
    return keys;
}

const Keys<RadioEndConfig>& end_keys() {
    using E = RadioEndConfig;
    static const Keys<E> keys = {
        text("args", &E::args, "What the driver finds it by; for UHD its device arguments.")
            .required(),
        text("subdevice", &E::subdevice, "As UHD writes it; the radio's own without it."),
        text("transmit_port", &E::transmit_port, "Antenna connector; the radio's own without it."),
        text("receive_port", &E::receive_port, "Antenna connector; the radio's own without it."),
        number("transmit_gain_db", &E::transmit_gain_db, "dB", gain_range, "Transmit gain."),
        number("receive_gain_db", &E::receive_gain_db, "dB", gain_range, "Receive gain."),
        path("calibration", &E::calibration,
             "A file of lines 'frequency_hz, gain_db, dbm at full scale', relative to the file."),
        choice("chain", &E::chain, chain_names,
               "What computes its samples; without it, what radios.chain says."),
    };
    return keys;
}

/// The chain of all radios, before those that have one of their own are read.
Key<RadiosConfig> chain_of_all() {
    auto key = choice(
        "chain", &RadiosConfig::chain, chain_names,
        "What computes the radios' samples: this process; gr-aircomp/examples/usrp_*.grc, started "
        "without a screen; or the same opened in Companion and waited for; one radio's own chain "
        "goes before.");
    key.read = [read = key.read](const YamlNode& node, const std::filesystem::path& folder,
                                 RadiosConfig& radios) {
        read(node, folder, radios);
        radios.server.chain = radios.chain;
    };
    return key;
}

RadioEndConfig radio_of(const RadiosConfig& radios) {
    RadioEndConfig radio;
    radio.chain = radios.chain;
    return radio;
}

Keys<RadiosConfig> common_keys() {
    using R = RadiosConfig;
    const Range within_subcarriers = with_others("0 to bandwidth_hz / 256");
    return {
        flag("transmit", &R::transmit, "Nothing is sent unless this is true."),
        text("driver", &R::driver,
             "What opens the radios: uhd, or a driver of one's own (docs/extend/radio.md).",
             a_name),
        number("frequency_hz", &R::frequency_hz, "Hz", with_others("1 to 1e+12"),
               "Carrier of all radios."),
        text("clock_source", &R::clock_source,
             "The 10 MHz reference: external, internal, or what the radio offers.", a_name),
        text("time_source", &R::time_source,
             "The pulse per second: external, internal, or what the radio offers.", a_name),
        number("unit_power_dbfs", &R::unit_power_dbfs, "dBFS", within(-100, 0),
               "What samples of mean power 1 W are at the converters, where 0 is a full-scale "
               "complex exponential; OFDM peaks some 10 dB above its mean, and what is beyond full "
               "scale is clipped and counted."),
        number("receive_headroom_db", &R::receive_headroom_db, "dB", within(0, 100),
               "How far below full scale the peaks at the server's ADC should stay; aircomp sum "
               "warns."),
        number("carrier_offset_hz", &R::carrier_offset_hz, "Hz", within_subcarriers,
               "Largest carrier offset of a device before any header, which the tracking of "
               "offsets starts from."),
        number("linewidth_hz", &R::linewidth_hz, "Hz", within_subcarriers,
               "Linewidth of a device's and the server's oscillators together, which the tracking "
               "starts from too."),
        number("lead_s", &R::lead_s, "s", within(0, 10),
               "From a round's order to its header, radio time."),
        number("interval_s", &R::interval_s, "s", within(0, 10),
               "From a round's end to the next header, radio time."),
        number("timeout_s", &R::timeout_s, "s", within(0.001, 60),
               "Radio time after which an acknowledgement or a window is missing.")
            .formerly("patience_s"),
        number("max_evm", &R::max_evm, "", above_up_to(0, 1e6),
               "Error of a sum's pilots, rms over their own rms, above which the channel is "
               "sounded anew before its coherence block is over.")
            .formerly("most_evm"),
        chain_of_all(),
    };
}

}  // namespace

const Keys<RadiosConfig>& radios_keys() {
    using R = RadiosConfig;
    static const Keys<R> keys = [] {
        Keys<R> all = common_keys();
        all.push_back(section("limits", &R::limits, limits_keys(),
                              "Checked before the first sample of every burst."));
        all.push_back(section("server", &R::server, end_keys(), "The server's radio.").required());
        all.push_back(list<R, RadioEndConfig>("devices", &R::devices, end_keys(),
                                              "The devices' radios, in their order.", radio_of)
                          .required());
        return all;
    }();
    return keys;
}

bool has_radios(const RadiosConfig& radios) {
    return !radios.devices.empty() || !radios.server.args.empty();
}

void check_radios(const RadiosConfig& radios, std::size_t devices, double bandwidth_hz,
                  const Checker& check) {
    if (!has_radios(radios)) return;
    check.require(radios.devices.size() == devices, "devices",
                  to_text(devices) + " radios, as many as devices", radios.devices.size());
    check.in_range("frequency_hz", radios.frequency_hz, frequency_range);
    check.within("carrier_offset_hz", radios.carrier_offset_hz, 0.0, bandwidth_hz / 256);
    check.within("linewidth_hz", radios.linewidth_hz, 0.0, bandwidth_hz / 256);
    const auto& ranges = radios.limits.frequency_ranges;
    for (std::size_t i = 0; i < ranges.size(); ++i) {
        check.in("limits.frequency_ranges_hz[" + std::to_string(i) + "]")
            .require(ranges[i].high_hz > ranges[i].low_hz, "high", "a frequency above low",
                     ranges[i].high_hz);
    }
}

}  // namespace aircomp::runtime
