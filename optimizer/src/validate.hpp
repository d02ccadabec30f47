// SPDX-License-Identifier: GPL-3.0-or-later
// Checks that the iterative schemes share. Internal to the library.
#pragma once

#include "aircomp/optimizer/design.hpp"

namespace aircomp::optimizer {

/// Throws std::invalid_argument that names what is wrong with the problem, the number of starts,
/// the tolerance or the warm start.
void validate(const TransceiverProblem& problem, const DesignOptions& options);

}  // namespace aircomp::optimizer
