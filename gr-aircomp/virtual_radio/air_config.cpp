// SPDX-License-Identifier: GPL-3.0-or-later
// What an emulated air is made of, read from its file.
#include "air_config.hpp"

#include <algorithm>
#include <stdexcept>

#include "board_preset.hpp"
#include "gnuradio/aircomp/phy/seed.hpp"
#include "yaml_mapping.hpp"

namespace gr::aircomp::virtual_radio {
namespace {

constexpr double any_hz = 1e9;
constexpr std::uint64_t tune_purpose = 23;
constexpr std::uint64_t loss_purpose = 24;

void read_host_side(YamlMapping& mapping, BoardConfig& board, std::uint64_t seed) {
    std::string phase = "fixed";
    mapping.read("tune_phase", phase);
    if (phase != "fixed" && phase != "random")
        mapping.fail("tune_phase", "fixed or random", mapping.node("tune_phase"));
    if (phase == "random") board.tune_seed = phy::derive_seed(seed, tune_purpose) | 1U;
    mapping.read("packet_loss", board.packet_loss, 0, 1);
    board.loss_seed = phy::derive_seed(seed, loss_purpose);
    mapping.read("trigger_jitter_samples", board.trigger_jitter_samples, 0, 1000);
}

/// The preset of `key`, or the one that holds without it.
const BoardPreset* read_preset(YamlMapping& mapping, const BoardPreset* otherwise) {
    std::string name = otherwise->name;
    mapping.read("impairments", name);
    const BoardPreset* const preset = find_board_preset(name);
    if (preset == nullptr)
        mapping.fail("impairments", "one of " + board_preset_names(), mapping.node("impairments"));
    return preset;
}

/// Oscillator and clock, which both directions share.
void read_oscillator(YamlMapping& mapping, const AirConfig& air, BoardConfig& board) {
    phy::RadioImpairments& radio = board.transmitter;
    mapping.read("oscillator_ppm", board.oscillator_ppm, -1000, 1000);
    mapping.read("carrier_offset_hz", radio.carrier_offset_hz, -any_hz, any_hz);
    mapping.read("sampling_offset_ppm", radio.sampling_offset_ppm, -1000, 1000);
    // A sample of the range is kept for transmissions between two ticks of the receiver's samples.
    mapping.read("timing_offset_samples", radio.timing_offset, 1 - air.most_offset,
                 air.most_offset - 1);
    mapping.read("linewidth_hz", radio.linewidth_hz, 0, any_hz);
    board.receiver.carrier_offset_hz = radio.carrier_offset_hz;
    board.receiver.sampling_offset_ppm = radio.sampling_offset_ppm;
    board.receiver.timing_offset = radio.timing_offset;
    board.receiver.linewidth_hz = radio.linewidth_hz;
}

void read_front_end(YamlMapping mapping, phy::RadioImpairments& radio) {
    mapping.read("iq_gain_db", radio.iq_gain_db, -20, 20);
    mapping.read("iq_phase_deg", radio.iq_phase_deg, -90, 90);
    mapping.read("full_scale", radio.full_scale, 0, 1e6);
    mapping.read_whole("converter_bits", radio.converter_bits, 0, 16);
    if (radio.converter_bits == 1)
        mapping.fail("converter_bits", "0 or from 2 to 16", mapping.node("converter_bits"));
    if (radio.converter_bits != 0 && radio.full_scale == 0)
        mapping.fail("full_scale", "a number above 0 where converter_bits is set",
                     mapping.node("full_scale"));
    mapping.finish();
}

BoardConfig read_board(YamlMapping mapping, const AirConfig& air, double noise_power,
                       const BoardPreset* preset, std::size_t index) {
    BoardConfig board;
    board.noise_power = noise_power;
    board.serial = "AIR" + std::to_string(index);
    mapping.read("name", board.name);
    if (board.name.empty()) mapping.fail("name", "a name", mapping.node("name"));
    mapping.read("serial", board.serial);
    mapping.read_whole("antennas", board.antennas, 1, 64);
    const std::uint64_t seed = phy::derive_seed(air.seed, index);
    impair(board, *read_preset(mapping, preset), seed);
    mapping.read("reference", board.reference);
    mapping.read("pulse", board.pulse);
    mapping.read("automatic_gain", board.automatic_gain);
    mapping.read("noise_power", board.noise_power, 0, 1e12);
    read_host_side(mapping, board, seed);
    read_oscillator(mapping, air, board);
    read_front_end(mapping.mapping("transmitter"), board.transmitter);
    read_front_end(mapping.mapping("receiver"), board.receiver);
    mapping.finish();
    return board;
}

void read_clock(YamlMapping& top, AirConfig& air) {
    std::string name = "scaled";
    top.read("clock", name);
    const auto clock = clock_of(name);
    if (!clock) top.fail("clock", "scaled or event", top.node("clock"));
    air.clock = *clock;
    top.read("time_scale", air.time_scale, 1e-6, 1);
    if (air.clock == ClockKind::event && top.node("time_scale"))
        top.fail("time_scale", "nothing beside clock: event", top.node("time_scale"));
    top.read("patience_s", air.patience_s, 0.1, 3600);
}

std::complex<double> read_complex(const YamlMapping& mapping, const std::string& key,
                                  const YAML::Node& node) {
    double real = 0, imaginary = 0;
    const bool fits = node.IsSequence() && node.size() == 2 && node[0].IsScalar() &&
                      node[1].IsScalar() && YAML::convert<double>::decode(node[0], real) &&
                      YAML::convert<double>::decode(node[1], imaginary);
    if (!fits) mapping.fail(key, "[real, imaginary]", node);
    return {real, imaginary};
}

GivenPath read_path(YamlMapping mapping, const AirConfig& air, std::size_t rows,
                    std::size_t columns) {
    GivenPath path;
    mapping.read("delay_samples", path.delay, 0, air.most_delay);
    const std::string shape = std::to_string(rows) + " rows (antennas of the first board) of " +
                              std::to_string(columns) + " [real, imaginary]";
    const auto given = mapping.elements("gains");
    if (given.size() != rows) mapping.fail("gains", shape, mapping.node("gains"));
    for (const YAML::Node& row : given) {
        if (!row.IsSequence() || row.size() != columns) mapping.fail("gains", shape, row);
        path.gains.emplace_back();
        for (const YAML::Node& gain : row)
            path.gains.back().push_back(read_complex(mapping, "gains", gain));
    }
    mapping.finish();
    return path;
}

void read_link(YamlMapping& mapping, LinkConfig& link, const AirConfig& air) {
    mapping.read("connected", link.connected);
    mapping.read("gain_db", link.gain_db, -300, 100);
    std::string fading = link.fading ? "rayleigh" : "none";
    mapping.read("fading", fading);
    if (fading != "rayleigh" && fading != "none")
        mapping.fail("fading", "none or rayleigh", mapping.node("fading"));
    link.fading = fading == "rayleigh";
    mapping.read_whole("paths", link.profile.paths, 1, phy::ChannelEmulator::most_paths);
    mapping.read("path_step_samples", link.profile.step, 0, air.most_delay);
    mapping.read("path_decay_db", link.profile.decay_db, -100, 100);
    mapping.read("rician_k", link.profile.rician_k, 0, 1e9);
    mapping.read("shift_hz", link.profile.shift_hz, -any_hz, any_hz);
    mapping.read("spread_hz", link.profile.spread_hz, 0, any_hz);
    if (link.profile.spread_hz > 0 && !link.fading)
        mapping.fail("fading", "rayleigh where spread_hz is set", mapping.node("fading"));
    if (static_cast<double>(link.profile.paths - 1) * link.profile.step > air.most_delay)
        mapping.fail("paths", "delays of at most most_delay_samples", mapping.node("paths"));
}

std::size_t find_board(const YamlMapping& mapping, const AirConfig& air, const YAML::Node& node) {
    std::string names;
    for (std::size_t b = 0; b < air.boards.size(); ++b) {
        if (node.IsScalar() && node.Scalar() == air.boards[b].name) return b;
        names += (b == 0 ? "" : ", ") + air.boards[b].name;
    }
    mapping.fail("between", "one of " + names, node);
}

void read_links(YamlMapping& top, AirConfig& air) {
    const auto entries = top.elements("links");
    for (std::size_t i = 0; i < entries.size(); ++i) {
        YamlMapping mapping = top.mapping(entries[i], "links[" + std::to_string(i) + "]");
        const auto ends = mapping.elements("between");
        if (ends.size() != 2)
            mapping.fail("between", "the names of two boards", mapping.node("between"));
        const std::size_t a = find_board(mapping, air, ends[0]);
        const std::size_t b = find_board(mapping, air, ends[1]);
        LinkConfig link = air.link;
        read_link(mapping, link, air);
        const auto given = mapping.elements("given");
        for (std::size_t p = 0; p < given.size(); ++p) {
            GivenPath path =
                read_path(mapping.mapping(given[p], "given[" + std::to_string(p) + "]"), air,
                          air.boards[a].antennas, air.boards[b].antennas);
            if (b < a) {
                auto turned = std::vector(path.gains[0].size(),
                                          std::vector<std::complex<double>>(path.gains.size()));
                for (std::size_t r = 0; r < path.gains.size(); ++r) {
                    for (std::size_t c = 0; c < turned.size(); ++c)
                        turned[c][r] = path.gains[r][c];
                }
                path.gains = std::move(turned);
            }
            link.given.push_back(std::move(path));
        }
        mapping.finish();
        if (!air.links.emplace(std::minmax(a, b), std::move(link)).second)
            mapping.fail("between", "a pair that was not named before", mapping.node("between"));
    }
}

}  // namespace

std::optional<ClockKind> clock_of(const std::string& name) {
    if (name == "scaled") return ClockKind::scaled;
    if (name == "event") return ClockKind::event;
    return std::nullopt;
}

const LinkConfig& AirConfig::between(std::size_t a, std::size_t b) const {
    static const LinkConfig none{false, 0, false, {}, {}};
    const auto found = links.find(std::minmax(a, b));
    return found != links.end() ? found->second : a == b ? none : link;
}

AirConfig ideal_air(std::size_t boards, std::size_t antennas) {
    AirConfig air;
    for (std::size_t b = 0; b < boards; ++b) {
        BoardConfig board;
        board.name = "board" + std::to_string(b);
        board.serial = "AIR" + std::to_string(b);
        board.antennas = antennas;
        air.boards.push_back(board);
    }
    return air;
}

AirConfig read_air(const std::string& file) {
    YamlMapping top = YamlMapping::of_file(file);
    AirConfig air;
    double noise_power = 0;
    top.read("master_clock_hz", air.tick_rate_hz, 1e6, 1e9);
    read_clock(top, air);
    top.read_whole("seed", air.seed, 0, 9e15);
    top.read("coherence_time_s", air.coherence_time_s, 0, 1e9);
    top.read("receive_buffer_s", air.receive_buffer_s, 1e-3, 1e3);
    top.read("most_delay_samples", air.most_delay, 0, 4096);
    top.read("most_offset_samples", air.most_offset, 2, 4096);
    top.read("noise_power", noise_power, 0, 1e12);
    const BoardPreset* const preset = read_preset(top, &board_presets().front());
    const auto boards = top.elements("boards");
    if (boards.empty()) top.fail("boards", "a list of boards", top.node("boards"));
    for (std::size_t b = 0; b < boards.size(); ++b) {
        const std::string key = "boards[" + std::to_string(b) + "]";
        air.boards.push_back(read_board(top.mapping(boards[b], key), air, noise_power, preset, b));
        for (std::size_t other = 0; other < b; ++other) {
            if (air.boards[other].name == air.boards[b].name)
                top.fail(key + ".name", "a name of its own", boards[b]["name"]);
        }
    }
    YamlMapping link = top.mapping("link");
    read_link(link, air.link, air);
    link.finish();
    read_links(top, air);
    top.finish();
    return air;
}

}  // namespace gr::aircomp::virtual_radio
