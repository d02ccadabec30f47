// SPDX-License-Identifier: GPL-3.0-or-later
// A device's receiver of the server's messages as a block.
#pragma once

#include <gnuradio/aircomp/multicast_receiver.h>

#include <vector>

#include "multicast_settings.h"
#include "restartable.h"

namespace gr {
namespace aircomp {

class multicast_receiver_impl : public restartable<multicast_receiver> {
public:
    multicast_receiver_impl(const phy::BurstFormat& format, size_t message_bytes, size_t antennas,
                            size_t lead, size_t tail, double power_w);

private:
    void begin_anew() override;
    void take_window(const pmt::pmt_t& pdu);
    void change(const pmt::pmt_t& settings);

    phy::BurstFormat format_;
    std::size_t message_bytes_;
    std::size_t antennas_, lead_, tail_;
    phy::MulticastReceiver kernel_;
    bool has_learned_ = false;  // the streams, in the last training
    multicast_settings settings_;
    round_settings waiting_;
};

}  // namespace aircomp
}  // namespace gr
