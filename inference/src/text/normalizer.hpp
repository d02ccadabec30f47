// SPDX-License-Identifier: GPL-3.0-or-later
// What tokenizers do to a text before they cut it: steps from text to text.
#pragma once

#include <functional>
#include <string>

#include "text/regex.hpp"

namespace aircomp::inference {

/// Takes and gives valid UTF-8.
using TextStep = std::function<std::string(std::string)>;

/// Unicode's normalisation forms: C and D keep what is compatible, KC and KD do not.
enum class NormalizationForm { c, d, kc, kd };
TextStep normalize(NormalizationForm form);

/// Every character's own lower case, whatever stands beside it.
TextStep lowercase();

/// Without the marks that combine with other characters.
TextStep strip_accents();

/// Without white space at the ends asked for.
TextStep strip(bool left, bool right);

/// `prefix` before a text that is not empty.
TextStep prepend(std::string prefix);

/// Every match replaced by `content`, as it stands.
TextStep replace(Regex pattern, std::string content);

}  // namespace aircomp::inference
