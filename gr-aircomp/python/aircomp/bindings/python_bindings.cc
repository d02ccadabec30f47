// SPDX-License-Identifier: GPL-3.0-or-later
// The module of all bindings.
#include <pybind11/pybind11.h>

#define NPY_NO_DEPRECATED_API NPY_1_7_API_VERSION
#include <numpy/arrayobject.h>

namespace py = pybind11;

// Headers for binding functions
/**************************************/
// The following comment block is used for
// gr_modtool to insert function prototypes
// Please do not delete
/**************************************/
// BINDING_FUNCTION_PROTOTYPES(
void bind_burst_format(py::module& m);
void bind_burst_timer(py::module& m);
void bind_channel_emulator(py::module& m);
void bind_frame_sync(py::module& m);
void bind_header_source(py::module& m);
void bind_header_tracker(py::module& m);
void bind_multicast_receiver(py::module& m);
void bind_multicast_source(py::module& m);
void bind_postprocessor(py::module& m);
void bind_preprocessor(py::module& m);
void bind_sounder(py::module& m);
void bind_transmit_guard(py::module& m);
void bind_window_cutter(py::module& m);
// ) END BINDING_FUNCTION_PROTOTYPES

// import_array() is a macro that returns a null pointer where it fails.
void* init_numpy() {
    import_array();
    return NULL;
}

PYBIND11_MODULE(aircomp_python, m) {
    init_numpy();
    py::module::import("gnuradio.gr");

    /**************************************/
    // The following comment block is used for
    // gr_modtool to insert binding function calls
    // Please do not delete
    /**************************************/
    // BINDING_FUNCTION_CALLS(
    bind_burst_format(m);
    bind_burst_timer(m);
    bind_channel_emulator(m);
    bind_frame_sync(m);
    bind_header_source(m);
    bind_header_tracker(m);
    bind_multicast_receiver(m);
    bind_multicast_source(m);
    bind_postprocessor(m);
    bind_preprocessor(m);
    bind_sounder(m);
    bind_transmit_guard(m);
    bind_window_cutter(m);
    // ) END BINDING_FUNCTION_CALLS
}
