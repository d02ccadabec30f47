// SPDX-License-Identifier: GPL-3.0-or-later
// The schemes by name, and the options they share.
#include "aircomp/optimizer/design.hpp"

#include <map>
#include <stdexcept>

#include "validate.hpp"

namespace aircomp::optimizer {
namespace {

const std::map<std::string, Designer>& designers() {
    static const std::map<std::string, Designer> known = {
        {"alternating", design_alternating},
        {"inversion", design_inversion},
        {"mmse", design_mmse},
        {"sdr", design_sdr},
        {"uniform", design_uniform},
    };
    return known;
}

}  // namespace

void validate(const TransceiverProblem& problem, const DesignOptions& options) {
    problem.validate();
    if (options.starts < 1) {
        throw std::invalid_argument("design options: starts: expected at least 1, found " +
                                    std::to_string(options.starts));
    }
    if (!(options.tolerance > 0.0)) {
        throw std::invalid_argument("design options: tolerance: expected above 0, found " +
                                    std::to_string(options.tolerance));
    }
    if (!options.warm_start) return;
    const Eigen::MatrixXcd& A = *options.warm_start;
    if (A.rows() != problem.streams || A.cols() != problem.receive_antennas() || !A.allFinite()) {
        throw std::invalid_argument("design options: warm_start: expected finite " +
                                    std::to_string(problem.streams) + " x " +
                                    std::to_string(problem.receive_antennas()) + ", found " +
                                    std::to_string(A.rows()) + " x " + std::to_string(A.cols()));
    }
}

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
