// SPDX-License-Identifier: GPL-3.0-or-later
// Channel estimation as a block.
#pragma once

#include <gnuradio/aircomp/sounder.h>

#include <vector>

#include "gnuradio/aircomp/phy/sounder.hpp"
#include "restartable.h"
#include "round_settings.h"

namespace gr {
namespace aircomp {

class sounder_impl : public restartable<sounder> {
public:
    sounder_impl(const phy::BurstFormat& format, size_t antennas, size_t window_samples,
                 double power_w);

private:
    void begin_anew() override;
    void take_window(const pmt::pmt_t& pdu);
    void change(const pmt::pmt_t& settings);

    phy::Sounder kernel_;
    std::vector<double> powers_w_;
    round_settings waiting_;
};

}  // namespace aircomp
}  // namespace gr
