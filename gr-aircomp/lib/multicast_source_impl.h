// SPDX-License-Identifier: GPL-3.0-or-later
// The server's messages as a block.
#pragma once

#include <gnuradio/aircomp/multicast_source.h>

#include <vector>

#include "multicast_settings.h"
#include "restartable.h"

namespace gr {
namespace aircomp {

class multicast_source_impl : public restartable<multicast_source> {
public:
    multicast_source_impl(const phy::BurstFormat& format, size_t antennas, double power_w);

private:
    void begin_anew() override;
    void take_message(const pmt::pmt_t& pdu);
    void change(const pmt::pmt_t& settings);
    std::vector<phy::Sample> burst_of(const pmt::pmt_t& pdu);

    phy::BurstFormat format_;
    std::size_t antennas_;
    phy::MulticastTransmitter kernel_;
    multicast_settings settings_;
    std::vector<phy::Sample> beams_;
    round_settings waiting_;
};

}  // namespace aircomp
}  // namespace gr
