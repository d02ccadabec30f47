// SPDX-License-Identifier: GPL-3.0-or-later
// Transceiver designs of the short timescale.
#include <pybind11/stl.h>

#include <algorithm>

#include "aircomp/optimizer/design.hpp"
#include "arrays.hpp"
#include "bindings.hpp"
#include "poll.hpp"

namespace aircomp::python {
namespace {

constexpr const char* channel_shape = "receive antennas x transmit antennas";

/// Without `streams`, as many as every channel carries.
int streams_of(const py::object& streams, const std::vector<Eigen::MatrixXcd>& channels) {
    if (!streams.is_none()) return streams.cast<int>();
    Eigen::Index most = channels.empty() ? 1 : channels[0].rows();
    for (const auto& channel : channels)
        most = std::min({most, channel.rows(), channel.cols()});
    return static_cast<int>(most);
}

optimizer::TransceiverProblem problem_of(const py::object& channels, const py::object& power_w,
                                         double noise_power_w, const py::object& streams,
                                         const py::object& second_moments,
                                         const py::object& error_variances) {
    optimizer::TransceiverProblem problem;
    problem.channels = matrices_of(channels, "H", channel_shape);
    const std::size_t devices = problem.channels.size();
    problem.power_w = numbers_of(power_w, "power", devices);
    problem.noise_power_w = noise_power_w;
    problem.streams = streams_of(streams, problem.channels);
    problem.second_moments = numbers_of(second_moments, "second_moments", devices);
    if (!error_variances.is_none())
        problem.error_variances = numbers_of(error_variances, "error_variances", devices);
    return problem;
}

py::tuple design(const py::object& channels, const py::object& power_w, double noise_power_w,
                 const std::string& scheme, const py::object& streams,
                 const py::object& second_moments, const py::object& error_variances,
                 const py::object& warm_start, int starts, std::uint64_t seed, int draws,
                 double tolerance, int max_iterations) {
    const auto problem =
        problem_of(channels, power_w, noise_power_w, streams, second_moments, error_variances);
    optimizer::DesignOptions options;
    options.starts = starts;
    options.seed = seed;
    options.draws = draws;
    options.tolerance = tolerance;
    options.max_iterations = max_iterations;
    options.poll = SignalPoll();
    if (!warm_start.is_none())
        options.warm_start = matrix_of(warm_start, "warm_start", "streams x receive antennas");
    optimizer::Design result;
    std::vector<double> spent_w;
    {
        const py::gil_scoped_release release;
        result = optimizer::design(scheme, problem, options);
        for (std::size_t n = 0; n < problem.devices(); ++n)
            spent_w.push_back(optimizer::transmit_power(problem, result.transceiver, n));
    }
    return py::make_tuple(arrays_of(std::move(result.transceiver.precoders)),
                          array_of(std::move(result.transceiver.combiner)), result.mse, result.nmse,
                          array_of(std::move(spent_w)), array_of(std::move(result.multipliers)),
                          result.iterations, result.evaluations, result.gradient_norm);
}

double mean_square_error(const py::object& channels, const py::object& precoders,
                         const py::object& combiner, double noise_power_w,
                         const py::object& second_moments, const py::object& error_variances) {
    optimizer::Transceiver transceiver;
    transceiver.precoders = matrices_of(precoders, "precoders", "transmit antennas x streams");
    transceiver.combiner = matrix_of(combiner, "combiner", "streams x receive antennas");
    // What a device may spend does not enter the error.
    const auto problem =
        problem_of(channels, py::float_(0.0), noise_power_w, py::int_(transceiver.combiner.rows()),
                   second_moments, error_variances);
    problem.validate();
    return optimizer::mean_square_error(problem, transceiver);
}

}  // namespace

void add_designs(py::module_& core) {
    core.def("design", &design, py::arg("H"), py::arg("power"), py::arg("noise"), py::arg("scheme"),
             py::kw_only(), py::arg("streams"), py::arg("second_moments"),
             py::arg("error_variances"), py::arg("warm_start"), py::arg("starts"), py::arg("seed"),
             py::arg("draws"), py::arg("tolerance"), py::arg("max_iterations"));
    core.def("design_schemes", &optimizer::designer_names);
    core.def("mean_square_error", &mean_square_error, py::arg("H"), py::arg("precoders"),
             py::arg("combiner"), py::arg("noise"), py::kw_only(), py::arg("second_moments"),
             py::arg("error_variances"));
}

}  // namespace aircomp::python
