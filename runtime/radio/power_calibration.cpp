// SPDX-License-Identifier: GPL-3.0-or-later
// Reading a power calibration, and between its points.
#include "radio/power_calibration.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <stdexcept>
#include <string>
#include <tuple>

namespace aircomp::runtime {
namespace {

constexpr double most_frequency_error = 0.05;

}  // namespace

PowerCalibration::PowerCalibration(const std::filesystem::path& file) : file_(file) {
    std::ifstream in(file);
    if (!in) throw std::runtime_error(file.string() + ": cannot be read");
    int number = 0;
    for (std::string line; std::getline(in, line);) {
        ++number;
        if (line.empty() || line[0] == '#') continue;
        Point point{};
        char rest = 0;
        if (std::sscanf(line.c_str(), "%lf , %lf , %lf %c", &point.frequency_hz, &point.gain_db,
                        &point.dbm, &rest) != 3) {
            throw std::runtime_error(file.string() + ":" + std::to_string(number) +
                                     ": expected 'frequency_hz, gain_db, dbm', found '" + line +
                                     "'");
        }
        points_.push_back(point);
    }
    if (points_.empty()) throw std::runtime_error(file.string() + ": expected at least one line");
    std::sort(points_.begin(), points_.end(), [](const Point& a, const Point& b) {
        return std::tie(a.frequency_hz, a.gain_db) < std::tie(b.frequency_hz, b.gain_db);
    });
}

double PowerCalibration::full_scale_dbm(double frequency_hz, double gain_db) const {
    const auto nearest =
        std::min_element(points_.begin(), points_.end(), [&](const Point& a, const Point& b) {
            return std::abs(a.frequency_hz - frequency_hz) <
                   std::abs(b.frequency_hz - frequency_hz);
        });
    if (std::abs(nearest->frequency_hz / frequency_hz - 1) > most_frequency_error) {
        throw std::runtime_error(file_.string() + ": expected a frequency within 5% of " +
                                 std::to_string(frequency_hz) + " Hz, found " +
                                 std::to_string(nearest->frequency_hz) + " Hz at the nearest");
    }
    std::vector<Point> gains;
    for (const Point& point : points_) {
        if (point.frequency_hz == nearest->frequency_hz) gains.push_back(point);
    }
    if (gain_db <= gains.front().gain_db)
        return gains.front().dbm + gain_db - gains.front().gain_db;
    for (std::size_t i = 1; i < gains.size(); ++i) {
        if (gain_db > gains[i].gain_db) continue;
        const double part =
            (gain_db - gains[i - 1].gain_db) / (gains[i].gain_db - gains[i - 1].gain_db);
        return gains[i - 1].dbm + part * (gains[i].dbm - gains[i - 1].dbm);
    }
    return gains.back().dbm + gain_db - gains.back().gain_db;
}

}  // namespace aircomp::runtime
