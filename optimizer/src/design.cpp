// SPDX-License-Identifier: GPL-3.0-or-later
// The schemes by name.
#include "aircomp/optimizer/design.hpp"

#include <map>
#include <stdexcept>

namespace aircomp::optimizer {
namespace {

const std::map<std::string, Designer>& designers() {
    static const std::map<std::string, Designer> known = {
        {"inversion", design_inversion},
        {"mmse", design_mmse},
    };
    return known;
}

}  // namespace

std::vector<std::string> designer_names() {
    std::vector<std::string> names;
    for (const auto& [name, designer] : designers())
        names.push_back(name);
    return names;
}

Designer make_designer(const std::string& name) {
    const auto found = designers().find(name);
    if (found != designers().end()) return found->second;
    std::string known;
    for (const std::string& other : designer_names())
        known += (known.empty() ? "" : ", ") + other;
    throw std::invalid_argument("no transceiver design named '" + name + "'; there are: " + known);
}

Design design(const std::string& name, const TransceiverProblem& problem,
              const DesignOptions& options) {
    return make_designer(name)(problem, options);
}

}  // namespace aircomp::optimizer
