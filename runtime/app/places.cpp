// SPDX-License-Identifier: GPL-3.0-or-later
// Paths of this build. Alone in a file: others compile to the same in every clone.
#include "places.hpp"

namespace aircomp::app {

const char* const plots_folder = AIRCOMP_PLOTS_DIR;
const char* const experiments_folder = AIRCOMP_EXPERIMENTS_DIR;
const char* const python = AIRCOMP_PYTHON;

}  // namespace aircomp::app
