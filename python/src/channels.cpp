// SPDX-License-Identifier: GPL-3.0-or-later
// Channel models: path loss, fading, and how it moves on.
#include "aircomp/optimizer/channel.hpp"

#include "arrays.hpp"
#include "bindings.hpp"

namespace aircomp::python {
namespace {

using optimizer::JakesFading;
using optimizer::Link;
using optimizer::Random;

py::object draw(Random& random, const py::object& path_gains, std::int64_t receive_antennas,
                std::int64_t transmit_antennas, double rician_factor) {
    std::vector<Eigen::MatrixXcd> channels;
    for (const double gain : numbers_of(path_gains, "path_gains"))
        channels.push_back(optimizer::draw_channel(
            {receive_antennas, transmit_antennas, gain, rician_factor}, random));
    return arrays_of(std::move(channels));
}

py::array_t<double> draw_path_gains(Random& random, std::int64_t devices) {
    if (devices < 1)
        throw std::invalid_argument("devices: expected at least 1, found " +
                                    std::to_string(devices));
    std::vector<double> gains;
    for (std::int64_t n = 0; n < devices; ++n)
        gains.push_back(optimizer::draw_path_gain(random));
    return array_of(std::move(gains));
}

py::array_t<double> path_gains(const py::object& distances_m, double exponent,
                               double reference_gain, double reference_distance_m) {
    auto gains = numbers_of(distances_m, "distances_m");
    for (double& gain : gains)
        gain = optimizer::path_gain(gain, {reference_gain, reference_distance_m, exponent});
    return array_of(std::move(gains));
}

py::object at(const JakesFading& fading, const py::object& times_s) {
    std::vector<Eigen::MatrixXcd> channels;
    for (const double time_s : numbers_of(times_s, "times_s"))
        channels.push_back(fading.channel(time_s));
    return arrays_of(std::move(channels));
}

}  // namespace

void add_channels(py::module_& core) {
    py::class_<Random>(core, "Random")
        .def(py::init([](std::uint64_t seed) { return Random(seed); }), py::arg("seed"));
    py::class_<JakesFading>(core, "JakesFading")
        .def(py::init([](Random& random, double doppler_hz, std::int64_t receive_antennas,
                         std::int64_t transmit_antennas, double path_gain, double rician_factor) {
                 return JakesFading(
                     Link{receive_antennas, transmit_antennas, path_gain, rician_factor},
                     doppler_hz, random);
             }),
             py::arg("random"), py::arg("doppler_hz"), py::kw_only(), py::arg("receive_antennas"),
             py::arg("transmit_antennas"), py::arg("path_gain"), py::arg("rician_factor"))
        .def("at", &at, py::arg("times_s"));
    core.def("draw_channels", &draw, py::arg("random"), py::arg("path_gains"), py::kw_only(),
             py::arg("receive_antennas"), py::arg("transmit_antennas"), py::arg("rician_factor"));
    core.def("draw_path_gains", &draw_path_gains, py::arg("random"), py::arg("devices"));
    core.def("path_gains", &path_gains, py::arg("distances_m"), py::kw_only(), py::arg("exponent"),
             py::arg("reference_gain"), py::arg("reference_distance_m"));
    core.def("jakes_correlation", &optimizer::jakes_correlation, py::arg("doppler_hz"),
             py::arg("interval_s"));
    core.def("doppler_hz", &optimizer::doppler_hz, py::arg("speed_m_per_s"), py::arg("carrier_hz"));
}

}  // namespace aircomp::python
