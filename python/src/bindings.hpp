// SPDX-License-Identifier: GPL-3.0-or-later
// The parts of the module _core. The package's Python files give them names, documentation and
// doctests; _core.pyi lists what there is.
#pragma once

#include <pybind11/pybind11.h>

namespace aircomp::python {

void add_channels(pybind11::module_& core);
void add_designs(pybind11::module_& core);
void add_shares(pybind11::module_& core);
void add_models(pybind11::module_& core);
void add_cells(pybind11::module_& core);

}  // namespace aircomp::python
