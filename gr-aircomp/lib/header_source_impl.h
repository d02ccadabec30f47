// SPDX-License-Identifier: GPL-3.0-or-later
// The server's headers as a block.
#pragma once

#include <gnuradio/aircomp/header_source.h>
#include <pmt/pmt.h>

#include <vector>

#include "restartable.h"

namespace gr {
namespace aircomp {

class header_source_impl : public restartable<header_source> {
public:
    header_source_impl(const phy::BurstFormat& format, size_t antennas, double power_w);

private:
    void begin_anew() override;
    void take_round(const pmt::pmt_t& pdu);

    std::size_t antennas_;
    std::vector<phy::Sample> header_;
};

}  // namespace aircomp
}  // namespace gr
