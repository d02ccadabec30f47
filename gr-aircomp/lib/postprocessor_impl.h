// SPDX-License-Identifier: GPL-3.0-or-later
// Received windows to sums as a block.
#pragma once

#include <gnuradio/aircomp/postprocessor.h>

#include <vector>

#include "gnuradio/aircomp/phy/postprocessor.hpp"
#include "restartable.h"
#include "round_settings.h"

namespace gr {
namespace aircomp {

class postprocessor_impl : public restartable<postprocessor> {
public:
    postprocessor_impl(const phy::BurstFormat& format, const phy::Payload& payload, size_t antennas,
                       size_t window_samples, int64_t channel_reference);

private:
    void begin_anew() override;
    void take_window(const pmt::pmt_t& pdu);
    void change(const pmt::pmt_t& settings);

    phy::Postprocessor kernel_;
    phy::ReceiveSettings settings_;
    std::vector<phy::Sample> combiners_, pilot_reference_;
    std::vector<float> sum_;
    round_settings waiting_;
};

}  // namespace aircomp
}  // namespace gr
