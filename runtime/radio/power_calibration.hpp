// SPDX-License-Identifier: GPL-3.0-or-later
// What a radio's full scale is in dBm at its connector, measured once with a power meter.
#pragma once

#include <filesystem>
#include <vector>

namespace aircomp::runtime {

/// Read from lines "frequency_hz, gain_db, dbm": power at the connector, dBm, when the converter
/// sends a full-scale complex exponential. Lines that begin with # are comments.
class PowerCalibration {
public:
    /// Throws std::runtime_error "FILE:LINE: expected ..., found ...".
    explicit PowerCalibration(const std::filesystem::path& file);

    /// Between the gains measured at the frequency nearest to `frequency_hz`: linear in dB, and
    /// with a slope of 1 beyond them. Throws std::runtime_error where no measured frequency is
    /// within 5%.
    double full_scale_dbm(double frequency_hz, double gain_db) const;

private:
    struct Point {
        double frequency_hz, gain_db, dbm;
    };
    std::filesystem::path file_;
    std::vector<Point> points_;  // by frequency, then gain
};

}  // namespace aircomp::runtime
