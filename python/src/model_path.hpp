// SPDX-License-Identifier: GPL-3.0-or-later
// Names of models, as the program's --model takes them.
#pragma once

#include <string>

#include "aircomp/inference/local_models.hpp"
#include "files/places.hpp"

namespace aircomp::python {

/// The folder or GGUF file that `name` stands for; what is not there may have been installed with the
/// program, in share/aircomp of the prefix that Python runs from. Throws std::runtime_error that says
/// where it looked.
inline std::string model_path(const std::string& name) {
    return inference::find_model(runtime::here_or_shipped(name)).string();
}

}  // namespace aircomp::python
