// SPDX-License-Identifier: GPL-3.0-or-later
// Impairments of boards that one can buy.
#include "board_preset.hpp"

#include <cmath>

#include "gnuradio/aircomp/phy/seed.hpp"

namespace gr::aircomp::virtual_radio {
namespace {

constexpr std::uint64_t jitter_purpose = 25;
constexpr std::uint64_t preset_purpose = 26;

/// Output `index` of the generator of `seed`, from -most to most.
double within(double most, std::uint64_t seed, std::uint64_t index) {
    const double unit = std::ldexp(static_cast<double>(phy::derive_seed(seed, index) >> 11U), -53);
    return most * (2 * unit - 1);
}

}  // namespace

const std::vector<BoardPreset>& board_presets() {
    static const std::vector<BoardPreset> presets = {
        {"none"},
        {"pluto", 1, 0.05, 0.12, 0.8, 12, 12, 1, false},
        {"b210", 2, 0.05, 0.22, 1.4, 12, 12, 0, true},
        {"x310", 2.5, 0.05, 0.22, 1.4, 16, 14, 0, true},
    };
    return presets;
}

const BoardPreset* find_board_preset(const std::string& name) {
    for (const BoardPreset& preset : board_presets()) {
        if (preset.name == name) return &preset;
    }
    return nullptr;
}

std::string board_preset_names() {
    std::string names;
    for (const BoardPreset& preset : board_presets())
        names += (names.empty() ? "" : ", ") + preset.name;
    return names;
}

void impair(BoardConfig& board, const BoardPreset& preset, std::uint64_t seed) {
    const std::uint64_t own = phy::derive_seed(seed, preset_purpose);
    board.reference = board.reference && preset.takes_reference;
    board.oscillator_ppm = within(preset.oscillator_ppm, own, 0);
    board.trigger_jitter_samples = preset.trigger_jitter_samples;
    board.jitter_seed = phy::derive_seed(seed, jitter_purpose);
    std::uint64_t index = 1;
    for (phy::RadioImpairments* radio : {&board.transmitter, &board.receiver}) {
        radio->carrier_offset_hz = 0;
        radio->sampling_offset_ppm = 0;
        radio->linewidth_hz = preset.linewidth_hz;
        radio->iq_gain_db = within(preset.iq_gain_db, own, index++);
        radio->iq_phase_deg = within(preset.iq_phase_deg, own, index++);
        radio->converter_bits = radio == &board.transmitter ? preset.dac_bits : preset.adc_bits;
        radio->full_scale = radio->converter_bits == 0 ? 0 : 1;
    }
}

void impair(AirConfig& air, const BoardPreset& preset) {
    for (std::size_t b = 0; b < air.boards.size(); ++b)
        impair(air.boards[b], preset, phy::derive_seed(air.seed, b));
}

}  // namespace gr::aircomp::virtual_radio
