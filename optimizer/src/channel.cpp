// SPDX-License-Identifier: GPL-3.0-or-later
// Path loss, fading draws and their evolution over time.
#include "aircomp/optimizer/channel.hpp"

#include <cmath>
#include <complex>
#include <stdexcept>
#include <string>

namespace aircomp::optimizer {
namespace {

constexpr double pi = 3.14159265358979323846;

void require(bool holds, const char* what, double found) {
    if (!holds) throw std::invalid_argument(std::string(what) + ", found " + std::to_string(found));
}

void validate(const Link& link) {
    require(link.receive_antennas >= 1, "link: receive_antennas must be at least 1",
            static_cast<double>(link.receive_antennas));
    require(link.transmit_antennas >= 1, "link: transmit_antennas must be at least 1",
            static_cast<double>(link.transmit_antennas));
    require(std::isfinite(link.path_gain) && link.path_gain >= 0.0,
            "link: path_gain must be finite and not negative", link.path_gain);
    require(std::isfinite(link.rician_factor) && link.rician_factor >= 0.0,
            "link: rician_factor must be finite and not negative", link.rician_factor);
}

double scattered_power(const Link& link) {
    return link.path_gain / (1.0 + link.rician_factor);
}

// Response of a half-wavelength linear array to a plane wave from `angle` off broadside.
Eigen::VectorXcd steering(Eigen::Index antennas, double angle) {
    Eigen::VectorXcd response(antennas);
    for (Eigen::Index i = 0; i < antennas; ++i) {
        response[i] = std::polar(1.0, pi * static_cast<double>(i) * std::sin(angle));
    }
    return response;
}

Eigen::MatrixXcd draw_line_of_sight(const Link& link, Random& random) {
    if (link.rician_factor == 0.0) {
        return Eigen::MatrixXcd::Zero(link.receive_antennas, link.transmit_antennas);
    }
    const double arrival = 2.0 * pi * uniform(random);
    const double departure = 2.0 * pi * uniform(random);
    const double phase = 2.0 * pi * uniform(random);
    const double amplitude = std::sqrt(link.path_gain - scattered_power(link));
    return std::polar(amplitude, phase) * steering(link.receive_antennas, arrival) *
           steering(link.transmit_antennas, departure).transpose();
}

}  // namespace

double path_gain(double distance_m, const PathLoss& model) {
    const auto positive = [](double value) { return std::isfinite(value) && value > 0.0; };
    require(positive(distance_m), "path_gain: distance_m must be positive", distance_m);
    require(positive(model.reference_gain), "path_gain: reference_gain must be positive",
            model.reference_gain);
    require(positive(model.reference_distance_m),
            "path_gain: reference_distance_m must be positive", model.reference_distance_m);
    require(positive(model.exponent), "path_gain: exponent must be positive", model.exponent);
    return model.reference_gain *
           std::pow(distance_m / model.reference_distance_m, -model.exponent);
}

double draw_path_gain(Random& random) {
    return std::pow(10.0, -uniform(random));
}

Eigen::MatrixXcd draw_channel(const Link& link, Random& random) {
    validate(link);
    const Eigen::MatrixXcd line_of_sight = draw_line_of_sight(link, random);
    const Eigen::MatrixXcd scattered =
        std::sqrt(scattered_power(link)) *
        complex_normal(random, link.receive_antennas, link.transmit_antennas);
    return line_of_sight + scattered;
}

double jakes_correlation(double doppler_hz, double interval_s) {
    return std::cyl_bessel_j(0.0, std::abs(2.0 * pi * doppler_hz * interval_s));
}

double doppler_hz(double speed_m_per_s, double carrier_hz) {
    constexpr double speed_of_light_m_per_s = 299792458.0;
    return speed_m_per_s * carrier_hz / speed_of_light_m_per_s;
}

JakesFading::JakesFading(const Link& link, double doppler_hz, Random& random) {
    validate(link);
    require(std::isfinite(doppler_hz) && doppler_hz >= 0.0,
            "JakesFading: doppler_hz must be finite and not negative", doppler_hz);
    line_of_sight_ = draw_line_of_sight(link, random);
    amplitude_ = std::sqrt(scattered_power(link) / waves);
    for (Eigen::Index entry = 0; entry < line_of_sight_.size(); ++entry) {
        const double offset = uniform(random);
        for (int wave = 0; wave < waves; ++wave) {
            const double arrival = 2.0 * pi * (wave + offset) / waves;
            angular_doppler_.push_back(2.0 * pi * doppler_hz * std::cos(arrival));
            phase_.push_back(2.0 * pi * uniform(random));
        }
    }
}

Eigen::MatrixXcd JakesFading::channel(double time_s) const {
    Eigen::MatrixXcd H = line_of_sight_;
    for (Eigen::Index entry = 0; entry < H.size(); ++entry) {
        for (std::size_t wave = entry * waves; wave < static_cast<std::size_t>(entry + 1) * waves;
             ++wave) {
            H(entry) += std::polar(amplitude_, angular_doppler_[wave] * time_s + phase_[wave]);
        }
    }
    return H;
}

}  // namespace aircomp::optimizer
