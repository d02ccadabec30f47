// SPDX-License-Identifier: GPL-3.0-or-later
// Header, sounding and sum of the server.
#include "round/server_end.hpp"

#include <numeric>

#include "gnuradio/aircomp/phy/preprocessor.hpp"
#include "round/round_clock.hpp"

namespace aircomp::runtime {
namespace {

double mean(const std::vector<double>& values) {
    return values.empty() ? 0
                          : std::accumulate(values.begin(), values.end(), 0.0) /
                                static_cast<double>(values.size());
}

}  // namespace

ServerEnd::ServerEnd(const phy::BurstFormat& format, const phy::Payload& payload,
                     std::size_t antennas, double header_power_w, std::size_t lead,
                     std::size_t tail)
    : header_(format.header_samples()),
      sounding_window_(lead + format.sounding_samples() + tail),
      burst_window_(lead + burst_samples(format, payload) + tail),
      sounder_(format, antennas, sounding_window_),
      receiver_(format, payload, antennas, burst_window_) {
    phy::write_header(format, header_power_w, header_);
}

const phy::SoundingReport& ServerEnd::sound(gsl::span<const phy::Sample> received,
                                            gsl::span<const double> power_w) {
    return sounder_.process(received, power_w);
}

const phy::ReceiveReport& ServerEnd::sum(gsl::span<const phy::Sample> received,
                                         const ServerSettings& settings, double scale,
                                         gsl::span<float> sum) {
    phy::ReceiveSettings receive;
    receive.scale = scale;
    receive.combiners = settings.combiners;
    receive.pilot_reference = settings.pilot_reference;
    receive.smallest_part = settings.smallest_part;
    receive.channel_reference = settings.channel_reference;
    return receiver_.process(received, receive, sum);
}

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
