// SPDX-License-Identifier: GPL-3.0-or-later
// Schemes by name.
#include <algorithm>
#include <stdexcept>

#include "aircomp/optimizer/design.hpp"
#include "aircomp/runtime/media.hpp"
#include "media/media.hpp"

namespace aircomp::runtime {
namespace {

bool is_design(const std::string& scheme) {
    const auto designs = optimizer::designer_names();
    return std::find(designs.begin(), designs.end(), scheme) != designs.end();
}

}  // namespace

std::vector<std::string> scheme_names() {
    std::vector<std::string> names = {"centralized", "exact", "digital", "digital-sdma", "fdma"};
    for (const auto& design : optimizer::designer_names())
        names.push_back(design);
    return names;
}

bool is_analog(const std::string& scheme) {
    return scheme == "fdma" || is_design(scheme);
}

std::unique_ptr<Medium> make_medium(const Config& config, std::int64_t length,
                                    const std::vector<bool>& participants,
                                    const Calibration& calibration) {
    const std::string& scheme = config.scheme;
    if (scheme == "centralized" || scheme == "exact") {
        return make_exact_medium(participants.size());
    }
    if (scheme == "digital") {
        return make_digital_medium({config, participants}, length,
                                   DigitalAccess::one_after_another);
    }
    if (scheme == "digital-sdma") {
        return make_digital_medium({config, participants}, length, DigitalAccess::space_division);
    }
    if (scheme == "fdma") {
        return make_fdma_medium({config, participants}, {config, length, calibration});
    }
    if (is_design(scheme) && config.medium == AirMedium::waveform) {
        return make_waveform_medium({config, participants}, {config, length, calibration}, scheme);
    }
    if (is_design(scheme)) {
        return make_symbol_medium({config, participants}, {config, length, calibration}, scheme);
    }
    std::string known;
    for (const auto& name : scheme_names())
        known += (known.empty() ? "" : ", ") + name;
    throw std::invalid_argument("scheme '" + scheme + "' is not known; known are " + known);
}

}  // namespace aircomp::runtime
