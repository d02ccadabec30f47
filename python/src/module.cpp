// SPDX-License-Identifier: GPL-3.0-or-later
// The module aircomp._core: what its parts have in common.
#include <filesystem>
#include <stdexcept>

#include "bindings.hpp"

namespace {

/// Bad input is a ValueError with the message that the program prints, whichever exception says so in
/// C++; what the system refuses is an OSError.
void translate(std::exception_ptr thrown) {
    try {
        if (thrown) std::rethrow_exception(std::move(thrown));
    } catch (const std::filesystem::filesystem_error& error) {
        PyErr_SetString(PyExc_OSError, error.what());
    } catch (const pybind11::builtin_exception&) {
        throw;
    } catch (const std::runtime_error& error) {
        PyErr_SetString(PyExc_ValueError, error.what());
    } catch (const std::logic_error& error) {
        PyErr_SetString(PyExc_ValueError, error.what());
    }
}

}  // namespace

PYBIND11_MODULE(_core, core) {
    core.doc() = "What aircomp's Python files are made of; use these.";
    core.attr("__version__") = AIRCOMP_VERSION;
    pybind11::register_local_exception_translator(translate);
    aircomp::python::add_channels(core);
    aircomp::python::add_designs(core);
    aircomp::python::add_shares(core);
    aircomp::python::add_models(core);
    aircomp::python::add_cells(core);
}
