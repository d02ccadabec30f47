// SPDX-License-Identifier: GPL-3.0-or-later
// Schemes by name.
#include <algorithm>
#include <stdexcept>

#include "aircomp/optimizer/design.hpp"
#include "schemes/media.hpp"
#include "schemes/up/media.hpp"

namespace aircomp::runtime {
namespace {

const std::string assigned = "+sca";

}  // namespace

std::vector<std::string> scheme_names() {
    std::vector<std::string> names = {"centralized", "exact", "digital", "digital-sdma", "fdma"};
    for (const auto& design : optimizer::designer_names())
        names.push_back(design);
    for (const char* design : {"mmse", "sdr"})
        names.push_back(design + assigned);
    names.emplace_back("hierarchical");
    return names;
}

bool assigns_shares(const std::string& scheme) {
    return scheme.size() > assigned.size() &&
           scheme.compare(scheme.size() - assigned.size(), assigned.size(), assigned) == 0;
}

std::string design_of(const std::string& scheme) {
    const std::string name =
        assigns_shares(scheme) ? scheme.substr(0, scheme.size() - assigned.size()) : scheme;
    const auto designs = optimizer::designer_names();
    return std::find(designs.begin(), designs.end(), name) == designs.end() ? "" : name;
}

bool is_analog(const std::string& scheme) {
    return scheme == "fdma" || scheme == "hierarchical" || !design_of(scheme).empty();
}

void check_scheme(const Config& config, const Checker& check) {
    const auto names = scheme_names();
    std::string known;
    for (const auto& name : names)
        known += (known.empty() ? "" : ", ") + name;
    check.require(std::find(names.begin(), names.end(), config.scheme) != names.end(), "scheme",
                  "one of " + known, "'" + config.scheme + "'");
    check.require(config.shares.empty() || !assigns_shares(config.scheme), "shares",
                  "none, for the scheme " + config.scheme + " chooses them",
                  std::to_string(config.shares.size()) + " numbers");
    if (config.scheme != "hierarchical") return;
    check.require(config.relays.antennas >= config.radio.streams, "relays.antennas",
                  "at least radio.streams, " + to_text(config.radio.streams),
                  config.relays.antennas);
}

std::unique_ptr<Medium> make_medium(const Config& config, std::int64_t length,
                                    const std::vector<double>& power_w,
                                    const Calibration& calibration) {
    const std::string& scheme = config.scheme;
    if (scheme == "centralized" || scheme == "exact") {
        return make_exact_medium(power_w.size());
    }
    if (scheme == "digital") {
        return make_digital_medium({config, power_w}, length, DigitalAccess::one_after_another);
    }
    if (scheme == "digital-sdma") {
        return make_digital_medium({config, power_w}, length, DigitalAccess::space_division);
    }
    if (scheme == "fdma") {
        return make_fdma_medium({config, power_w}, {config, length, calibration});
    }
    if (scheme == "hierarchical") {
        return make_hierarchical_medium({config, power_w}, {config, length, calibration});
    }
    const std::string design = design_of(scheme);
    if (!design.empty() && config.medium == AirMedium::waveform) {
        return make_waveform_medium({config, power_w}, {config, length, calibration}, design);
    }
    if (!design.empty() && config.medium == AirMedium::radio) {
        return make_radio_medium({config, power_w}, {config, length, calibration}, design);
    }
    if (!design.empty()) {
        return make_symbol_medium({config, power_w}, {config, length, calibration}, design);
    }
    std::string known;
    for (const auto& name : scheme_names())
        known += (known.empty() ? "" : ", ") + name;
    throw std::invalid_argument("scheme '" + scheme + "' is not known; known are " + known);
}

}  // namespace aircomp::runtime
