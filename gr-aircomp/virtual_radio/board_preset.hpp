// SPDX-License-Identifier: GPL-3.0-or-later
// How far boards that one can buy are from ideal: named sets of impairments. docs/virtual-radio.md
// says where each number comes from.
#pragma once

#include <string>
#include <vector>

#include "air_config.hpp"

namespace gr::aircomp::virtual_radio {

/// The largest impairments of a kind of board; each board draws its own within them.
struct BoardPreset {
    std::string name;
    double oscillator_ppm = 0;  ///< Of its own oscillator.
    double linewidth_hz = 0;    ///< Not drawn: every board has it.
    double iq_gain_db = 0, iq_phase_deg = 0;
    unsigned dac_bits = 0, adc_bits = 0;  ///< At a full scale of 1; 0: no converter.
    double trigger_jitter_samples = 0;
    bool takes_reference = true;  ///< It has an input for a reference clock.
};

/// All presets; the first, `none`, is an ideal board.
const std::vector<BoardPreset>& board_presets();

/// Null where there is none of that name.
const BoardPreset* find_board_preset(const std::string& name);

/// "none, pluto, ...", for messages.
std::string board_preset_names();

/// Sets oscillator, phase noise, branches, converters and trigger of a board; leaves what lies
/// around it as it is: noise, cables, packet loss. `seed` is the board's.
void impair(BoardConfig& board, const BoardPreset& preset, std::uint64_t seed);

/// Every board of the air.
void impair(AirConfig& air, const BoardPreset& preset);

}  // namespace gr::aircomp::virtual_radio
