// SPDX-License-Identifier: GPL-3.0-or-later
// Vectors to bursts as a block.
#pragma once

#include <gnuradio/aircomp/preprocessor.h>

#include <vector>

#include "gnuradio/aircomp/phy/preprocessor.hpp"
#include "restartable.h"
#include "round_settings.h"

namespace gr {
namespace aircomp {

class preprocessor_impl : public restartable<preprocessor> {
public:
    preprocessor_impl(const phy::BurstFormat& format, size_t device, const phy::Payload& payload);

    size_t burst_samples() const override { return kernel_.burst_samples(); }
    size_t sounding_samples() const override { return format_.sounding_samples(); }

private:
    void begin_anew() override;
    void take_vector(const pmt::pmt_t& pdu);
    void pass_in_silence(const pmt::pmt_t& pdu);
    void change(const pmt::pmt_t& settings);
    void publish(const pmt::pmt_t& metadata, const phy::TransmitReport& report,
                 std::size_t samples);

    phy::BurstFormat format_;
    std::size_t device_;
    phy::Preprocessor kernel_;
    phy::TransmitSettings settings_;
    double sounding_power_w_ = 1;
    std::vector<phy::Sample> precoders_;
    std::vector<phy::Sample> samples_;
    round_settings waiting_;
};

}  // namespace aircomp
}  // namespace gr
