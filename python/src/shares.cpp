// SPDX-License-Identifier: GPL-3.0-or-later
// The long timescale: shares of the devices, and whole units of them.
#include <pybind11/stl.h>

#include "aircomp/optimizer/apportion.hpp"
#include "aircomp/optimizer/assignment.hpp"
#include "arrays.hpp"
#include "bindings.hpp"
#include "poll.hpp"

namespace aircomp::python {
namespace {

using optimizer::AssignmentDevice;
using optimizer::AssignmentOptions;
using optimizer::AssignmentProblem;

AssignmentDevice device_of(const py::handle& value) {
    AssignmentDevice device;
    device.link.receive_antennas = value.attr("receive_antennas").cast<Eigen::Index>();
    device.link.transmit_antennas = value.attr("transmit_antennas").cast<Eigen::Index>();
    device.link.path_gain = value.attr("path_gain").cast<double>();
    device.link.rician_factor = value.attr("rician_factor").cast<double>();
    device.error_variance = value.attr("error_variance").cast<double>();
    device.max_power_w = value.attr("max_power_w").cast<double>();
    device.min_power_w = value.attr("min_power_w").cast<double>();
    device.energy_j = value.attr("energy_j").cast<double>();
    device.energy_per_flop_j = value.attr("energy_per_flop_j").cast<double>();
    device.flops_per_s = value.attr("flops_per_s").cast<double>();
    device.memory_bytes = value.attr("memory_bytes").cast<double>();
    device.name = value.attr("name").cast<std::string>();
    return device;
}

/// Of a ShareProblem; the optimizer checks what it says.
AssignmentProblem problem_of(const py::object& value) {
    AssignmentProblem problem;
    for (const py::handle device : value.attr("devices"))
        problem.devices.push_back(device_of(device));
    problem.streams = value.attr("streams").cast<int>();
    problem.noise_power_w = value.attr("noise_power_w").cast<double>();
    problem.model_bytes = value.attr("model_bytes").cast<double>();
    problem.token_flops = value.attr("token_flops").cast<double>();
    problem.air_time_s = value.attr("air_time_s").cast<double>();
    problem.compute_time_s = value.attr("compute_time_s").cast<double>();
    problem.scheme = value.attr("scheme").cast<std::string>();
    return problem;
}

py::tuple trace_of(const std::vector<optimizer::AssignmentStep>& steps, std::size_t devices) {
    std::vector<double> nmse, stationarity, shares;
    for (const auto& step : steps) {
        nmse.push_back(step.nmse);
        stationarity.push_back(step.stationarity);
        shares.insert(shares.end(), step.shares.begin(), step.shares.end());
    }
    const auto count = static_cast<py::ssize_t>(steps.size());
    return py::make_tuple(array_of(std::move(nmse)), array_of(std::move(stationarity)),
                          array_of(std::move(shares), {count, static_cast<py::ssize_t>(devices)}));
}

py::tuple assign(const py::object& value, std::uint64_t seed, int max_iterations, double tolerance,
                 int batch, int channels) {
    const AssignmentProblem problem = problem_of(value);
    AssignmentOptions options;
    options.seed = seed;
    options.max_iterations = max_iterations;
    options.tolerance = tolerance;
    options.batch = batch;
    options.channels = channels;
    options.progress = [poll = SignalPoll()](int, int) mutable { poll(); };
    optimizer::Assignment result;
    {
        const py::gil_scoped_release release;
        result = optimizer::assign_shares(problem, options);
    }
    const py::tuple trace = trace_of(result.trace, problem.devices.size());
    return py::make_tuple(array_of(std::move(result.shares)), result.nmse.mean,
                          result.nmse.standard_error, array_of(std::move(result.power_w)),
                          array_of(std::move(result.energy_j)), result.converged, trace);
}

py::tuple expected_nmse(const py::object& value, const py::object& shares, int channels,
                        std::uint64_t seed) {
    const AssignmentProblem problem = problem_of(value);
    const auto given = numbers_of(shares, "shares");
    optimizer::Estimate estimate;
    {
        const py::gil_scoped_release release;
        estimate = optimizer::expected_nmse(problem, given, channels, seed);
    }
    return py::make_tuple(estimate.mean, estimate.standard_error);
}

}  // namespace

void add_shares(py::module_& core) {
    core.def("assign", &assign, py::arg("problem"), py::kw_only(), py::arg("seed"),
             py::arg("max_iterations"), py::arg("tolerance"), py::arg("batch"),
             py::arg("channels"));
    core.def("expected_nmse", &expected_nmse, py::arg("problem"), py::arg("shares"), py::kw_only(),
             py::arg("channels"), py::arg("seed"));
    core.def(
        "power_left",
        [](const py::object& problem, std::int64_t device, double share) {
            const AssignmentProblem converted = problem_of(problem);
            converted.validate();
            return converted.power_w(static_cast<std::size_t>(device), share);
        },
        py::arg("problem"), py::arg("device"), py::arg("share"));
    core.def(
        "apportion",
        [](const py::object& shares, std::int64_t units) {
            return array_of(optimizer::apportion(numbers_of(shares, "shares"), units));
        },
        py::arg("shares"), py::arg("units"));
}

}  // namespace aircomp::python
