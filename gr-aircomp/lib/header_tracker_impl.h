// SPDX-License-Identifier: GPL-3.0-or-later
// A device's clock by the server's headers, as a block.
#pragma once

#include <gnuradio/aircomp/header_tracker.h>
#include <pmt/pmt.h>

#include <map>
#include <vector>

#include "gnuradio/aircomp/phy/header_tracker.hpp"
#include "restartable.h"

namespace gr {
namespace aircomp {

class header_tracker_impl : public restartable<header_tracker> {
public:
    header_tracker_impl(const phy::BurstFormat& format, size_t antennas, size_t lead, size_t tail,
                        double sample_rate_hz, const phy::OscillatorModel& oscillator);

private:
    void begin_anew() override;
    void fetch_rounds();
    void take_window(const pmt::pmt_t& pdu);
    phy::HeaderMeasurement hear(const pmt::pmt_t& window, const pmt::pmt_t& round);

    std::size_t antennas_, lead_;
    std::size_t own_;  ///< Samples per antenna of one header's window.
    double sample_rate_hz_;
    phy::HeaderTracker kernel_;
    std::map<uint64_t, pmt::pmt_t> rounds_;  ///< PDUs that wait for their headers.
    std::vector<phy::Sample> header_;
};

}  // namespace aircomp
}  // namespace gr
