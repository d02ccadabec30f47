// SPDX-License-Identifier: GPL-3.0-or-later
// What the last sums over the air looked like, for pages that are open.
#pragma once

#include <complex>
#include <vector>

namespace aircomp::runtime::testbed {

struct AirView {
    /// Some of the last sum's symbols, as the server received them, over the common scale.
    std::vector<std::complex<float>> symbols;
    double symbol_rms = 0;  ///< Their root mean square, as the calibration expects it.
    double pilot_evm = 0;   ///< Of the last sum's pilots: rms error over rms reference.
    /// Of each site's last sum, by its place in a token: measured where testbed.measure is on,
    /// otherwise what equation (4) expects. Empty before the first sum that somebody watched.
    std::vector<double> site_nmse;
};

}  // namespace aircomp::runtime::testbed
