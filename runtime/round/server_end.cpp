// SPDX-License-Identifier: GPL-3.0-or-later
// Header, sounding and sum of the server.
#include "round/server_end.hpp"

#include "gnuradio/aircomp/phy/preprocessor.hpp"

namespace aircomp::runtime {

ServerEnd::ServerEnd(const phy::BurstFormat& format, const phy::Payload& payload,
                     std::size_t antennas, double header_power_w, std::size_t lead,
                     std::size_t tail)
    : header_(format.header_samples()),
      sounding_window_(lead + format.sounding_samples() + tail),
      burst_window_(
          lead + format.burst_samples(format.data_symbols(payload.length, payload.streams)) + tail),
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

}  // namespace aircomp::runtime
