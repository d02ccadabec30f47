// SPDX-License-Identifier: GPL-3.0-or-later
// What the receivers' reports come to.
#include "round/server_radio.hpp"

#include <numeric>

namespace aircomp::runtime {
namespace {

double mean(const std::vector<double>& values) {
    return values.empty() ? 0
                          : std::accumulate(values.begin(), values.end(), 0.0) /
                                static_cast<double>(values.size());
}

}  // namespace

void add_sounding(const phy::SoundingReport& sounding, gsl::span<const double> power_w,
                  ServerReport& report) {
    report.found = sounding.found;
    report.noise_power_w = sounding.noise_power_w;
    for (std::size_t n = 0; n < power_w.size() && report.found; ++n) {
        report.found = power_w[n] == 0 || sounding.devices[n].found;
        if (!report.found) report.missing = n;
    }
}

void add_sum(const phy::ReceiveReport& received, ServerReport& report) {
    report.found = received.found;
    if (!report.found) return;
    report.noise_power_w = received.noise_power_w;
    report.confidence = received.confidence;
    report.pilot_gain = received.pilot_gain;
    report.evm = mean(received.evm);
    report.phase_rad = mean(received.phase);
}

}  // namespace aircomp::runtime
