// SPDX-License-Identifier: GPL-3.0-or-later
// One evaluation after the other.
#include "experiment/comparison.hpp"

#include "config/config_entry.hpp"
#include "schemes/registry.hpp"

namespace aircomp::runtime {

std::vector<std::string> compared_schemes() {
    std::vector<std::string> names;
    for (const Scheme& scheme : schemes())
        if (scheme.compared) names.push_back(scheme.name);
    return names;
}

Json compare(Config config, const Model& model, const std::vector<inference::Token>& tokens,
             const std::vector<std::string>& schemes, const EvaluationOptions& options) {
    for (const std::string& scheme : schemes)
        find_scheme(scheme);
    Json results = Json::array();
    for (const std::string& scheme : schemes) {
        config.scheme = scheme;
        Json result = evaluate(config, model, tokens, options);
        result["label"] = find_scheme(scheme).quantises
                              ? scheme + " " + number_text(config.digital.bits) + " bit"
                              : scheme;
        results.push_back(std::move(result));
    }
    return results;
}

}  // namespace aircomp::runtime
