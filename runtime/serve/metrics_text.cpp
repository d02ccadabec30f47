// SPDX-License-Identifier: GPL-3.0-or-later
// A run's status as Prometheus reads it: tables of metrics, and one function that writes a table.
#include <fmt/format.h>

#include <cmath>

#include "serve/run_status.hpp"

namespace aircomp::runtime::testbed {
namespace {

/// A metric of whatever `Source` describes one of.
template <typename Source>
struct Metric {
    const char* name;  ///< After "aircomp_", with its unit.
    const char* type;  ///< counter or gauge
    const char* help;
    double (*value)(const Source&);
};

/// A device, as the status has it in several lists.
struct Device {
    const DeviceSummary& totals;
    const LinkStatus& link;
};

const Metric<RunStatus> run_metrics[] = {
    {"prompt_tokens", "gauge", "Tokens of the prompt.",
     [](const RunStatus& s) { return static_cast<double>(s.prompt_tokens); }},
    {"tokens_total", "counter", "Tokens made by this process.",
     [](const RunStatus& s) { return static_cast<double>(s.totals.new_tokens); }},
    {"rounds_total", "counter", "All-reduces that brought their sum.",
     [](const RunStatus& s) { return static_cast<double>(s.totals.rounds); }},
    {"repeated_rounds_total", "counter", "Rounds that were asked for again.",
     [](const RunStatus& s) { return static_cast<double>(s.totals.repeated_rounds); }},
    {"epochs_total", "counter", "Assignments of slices.",
     [](const RunStatus& s) { return static_cast<double>(s.totals.epochs); }},
    {"refused_connections_total", "counter", "Connections that became no device's.",
     [](const RunStatus& s) { return static_cast<double>(s.refused_connections); }},
    {"generating_seconds_total", "counter", "Time since all devices were there.",
     [](const RunStatus& s) { return s.totals.generating_s; }},
    {"reducing_seconds_total", "counter", "Of it, in all-reduces, devices' computing included.",
     [](const RunStatus& s) { return s.totals.reduce_s; }},
    {"recovering_seconds_total", "counter", "Of it, from a loss to caches as before.",
     [](const RunStatus& s) { return s.totals.recovering_s; }},
};

const Metric<Device> device_metrics[] = {
    {"device_share_ratio", "gauge", "Part of a token's operations that its slice takes.",
     [](const Device& d) { return d.totals.share; }},
    {"device_heads", "gauge", "Query heads that it holds of every layer.",
     [](const Device& d) { return static_cast<double>(d.totals.heads); }},
    {"device_ffn_columns", "gauge", "FFN columns that it holds of every layer.",
     [](const Device& d) { return static_cast<double>(d.totals.ffn_columns); }},
    {"device_rounds_total", "counter", "Rounds that it took part in.",
     [](const Device& d) { return static_cast<double>(d.totals.rounds); }},
    {"device_losses_total", "counter", "Times that it was lost.",
     [](const Device& d) { return static_cast<double>(d.totals.losses); }},
    {"device_compute_seconds_total", "counter", "Its time on partials.",
     [](const Device& d) { return d.totals.compute_s; }},
    {"device_wait_seconds_total", "counter", "Its time between a partial and the sum.",
     [](const Device& d) { return d.totals.wait_s; }},
    {"device_sent_bytes_total", "counter", "Sent to it.",
     [](const Device& d) { return static_cast<double>(d.totals.bytes_sent); }},
    {"device_received_bytes_total", "counter", "Received from it.",
     [](const Device& d) { return static_cast<double>(d.totals.bytes_received); }},
    {"device_heartbeat_age_seconds", "gauge", "Since anything was heard of it.",
     [](const Device& d) { return d.link.heartbeat_age_s; }},
    {"device_round_trip_seconds", "gauge", "Of the last heartbeat that came back.",
     [](const Device& d) { return d.link.round_trip_s; }},
    {"device_pause_seconds", "gauge", "That it has to stay away for after losses.",
     [](const Device& d) { return d.link.pause_s; }},
};

const Metric<AirSummary> air_metrics[] = {
    {"nmse_estimate_ratio", "gauge", "Equation (4) for the last sum's channels and transceivers.",
     [](const AirSummary& a) { return a.nmse_estimate; }},
    {"condition_decibels", "gauge", "Condition of all devices' channels side by side.",
     [](const AirSummary& a) { return a.condition_db; }},
    {"soundings_total", "counter", "Channel soundings.",
     [](const AirSummary& a) { return static_cast<double>(a.soundings); }},
    {"evm_soundings_total", "counter", "Times that the pilots' error made it sound again.",
     [](const AirSummary& a) { return static_cast<double>(a.evm_soundings); }},
    {"repeated_air_rounds_total", "counter", "Soundings and sums that did not count.",
     [](const AirSummary& a) { return static_cast<double>(a.repeated_rounds); }},
    {"messages_total", "counter", "Messages of sums that came down over radios.",
     [](const AirSummary& a) { return static_cast<double>(a.messages); }},
    {"repeated_messages_total", "counter", "Those that a device had not decoded.",
     [](const AirSummary& a) { return static_cast<double>(a.repeated_messages); }},
};

const Metric<DeviceAirSummary> device_air_metrics[] = {
    {"device_evm_ratio", "gauge", "Rms error of its last sounding over its channel's rms.",
     [](const DeviceAirSummary& d) { return d.evm; }},
    {"device_snr_decibels", "gauge", "Of its sounding, at the most power that it may have.",
     [](const DeviceAirSummary& d) { return d.snr_db; }},
    {"device_condition_decibels", "gauge", "Condition of its channel.",
     [](const DeviceAirSummary& d) { return d.condition_db; }},
    {"device_phase_radians", "gauge", "Turn of its channel since its precoder was designed.",
     [](const DeviceAirSummary& d) { return d.phase_rad; }},
    {"device_power_watts", "gauge", "Mean power of its last burst.",
     [](const DeviceAirSummary& d) { return d.power_w; }},
    {"device_power_margin_decibels", "gauge", "From that power to what it may spend.",
     [](const DeviceAirSummary& d) { return d.power_margin_db; }},
    {"device_offset_hertz", "gauge", "Its oscillator over the server's, as last predicted.",
     [](const DeviceAirSummary& d) { return d.offset_hz; }},
    {"device_header_snr_decibels", "gauge", "Of the last header that it heard.",
     [](const DeviceAirSummary& d) { return d.header_snr_db; }},
    {"device_bursts_total", "counter", "Bursts, troubled ones included.",
     [](const DeviceAirSummary& d) { return static_cast<double>(d.bursts); }},
    {"device_clipped_reals_total", "counter", "Reals beyond the transmitter's range.",
     [](const DeviceAirSummary& d) { return static_cast<double>(d.clipped_reals); }},
    {"device_limited_vectors_total", "counter", "Vectors scaled down to their headroom.",
     [](const DeviceAirSummary& d) { return static_cast<double>(d.limited_vectors); }},
};

using Labels = std::string;

std::string escaped(const std::string& value) {
    std::string text;
    for (const char c : value) {
        if (c == '\n') {
            text += "\\n";
        } else {
            if (c == '\\' || c == '"') text += '\\';
            text += c;
        }
    }
    return text;
}

Labels labels(const std::string& device) {
    return "{device=\"" + escaped(device) + "\"}";
}

Labels labels(const std::string& device, const char* key, const std::string& value) {
    return "{device=\"" + escaped(device) + "\"," + key + "=\"" + escaped(value) + "\"}";
}

std::string number(double value) {
    if (std::isnan(value)) return "NaN";
    if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
    return fmt::format("{}", value);
}

class Exposition {
public:
    void head(const char* name, const char* type, const char* help) {
        text_ += fmt::format("# HELP aircomp_{0} {2}\n# TYPE aircomp_{0} {1}\n", name, type, help);
    }
    void sample(const char* name, const Labels& labels, double value) {
        text_ += fmt::format("aircomp_{}{} {}\n", name, labels, number(value));
    }

    /// All metrics of a table for one or several sources, each under its labels.
    template <typename Table, typename Source>
    void table(const Table& metrics, const std::vector<std::pair<Labels, Source>>& sources) {
        for (const auto& metric : metrics) {
            head(metric.name, metric.type, metric.help);
            for (const auto& [labels, source] : sources)
                sample(metric.name, labels, metric.value(source));
        }
    }

    const std::string& text() const { return text_; }

private:
    std::string text_;
};

/// Of all states, one is 1.
void add_states(const RunStatus& status, Exposition& out) {
    using control::PeerState;
    out.head("device_state", "gauge", "1 for the state that its link is in, 0 for the others.");
    for (std::size_t n = 0; n < status.devices.size(); ++n) {
        for (const auto state : {PeerState::greeting, PeerState::lobby, PeerState::loading,
                                 PeerState::ready, PeerState::computing, PeerState::closed}) {
            out.sample("device_state",
                       labels(status.totals.devices[n].name, "state", name_of(state)),
                       status.devices[n].state == state ? 1 : 0);
        }
    }
}

void add_air(const RunStatus& status, Exposition& out) {
    const AirSummary& air = *status.totals.air;
    std::vector<std::pair<Labels, DeviceAirSummary>> devices;
    for (std::size_t n = 0; n < air.devices.size(); ++n)
        devices.emplace_back(labels(status.totals.devices[n].name), air.devices[n]);
    out.table(air_metrics, std::vector<std::pair<Labels, AirSummary>>{{"", air}});
    if (air.nmse) {
        out.head("nmse_ratio", "gauge", "Measured over all sums so far.");
        out.sample("nmse_ratio", "", *air.nmse);
    }
    out.table(device_air_metrics, devices);
    const char* const name = "device_troubled_bursts_total";
    out.head(name, "counter", "Bursts that were late, cut short, refused or not acknowledged.");
    for (std::size_t n = 0; n < air.devices.size(); ++n) {
        const DeviceAirSummary& one = air.devices[n];
        for (const auto& [outcome, count] :
             {std::pair("late", one.late), std::pair("underflow", one.underflows),
              std::pair("sequence_error", one.sequence_errors),
              std::pair("unacknowledged", one.unacknowledged), std::pair("refused", one.refused)}) {
            out.sample(name, labels(status.totals.devices[n].name, "outcome", outcome),
                       static_cast<double>(count));
        }
    }
}

}  // namespace

std::string metrics_text(const RunStatus& status) {
    Exposition out;
    std::vector<std::pair<Labels, Device>> devices;
    for (std::size_t n = 0; n < status.devices.size(); ++n) {
        devices.emplace_back(labels(status.totals.devices[n].name),
                             Device{status.totals.devices[n], status.devices[n]});
    }
    out.table(run_metrics, std::vector<std::pair<Labels, const RunStatus&>>{{"", status}});
    add_states(status, out);
    out.table(device_metrics, devices);
    if (status.totals.air) add_air(status, out);
    return out.text();
}

}  // namespace aircomp::runtime::testbed
