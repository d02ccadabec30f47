// SPDX-License-Identifier: GPL-3.0-or-later
// What may go to a radio's converters, as a block.
#pragma once

#include <gnuradio/aircomp/transmit_guard.h>
#include <pmt/pmt.h>

#include "gnuradio/aircomp/phy/converter_scale.hpp"
#include "restartable.h"

namespace gr {
namespace aircomp {

class transmit_guard_impl : public restartable<transmit_guard> {
public:
    transmit_guard_impl(size_t antennas, double unit_power_dbfs, double max_mean_dbfs);

private:
    void begin_anew() override;
    void take_burst(const pmt::pmt_t& pdu);

    std::size_t antennas_;
    phy::ConverterScale scale_;
    double max_mean_dbfs_;
};

}  // namespace aircomp
}  // namespace gr
