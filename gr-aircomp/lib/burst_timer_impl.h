// SPDX-License-Identifier: GPL-3.0-or-later
// When bursts are sent, as a block.
#pragma once

#include <gnuradio/aircomp/burst_timer.h>
#include <pmt/pmt.h>

#include <atomic>
#include <map>

namespace gr {
namespace aircomp {

class burst_timer_impl : public burst_timer {
public:
    burst_timer_impl(uint64_t rate, uint64_t period, bool continuous, uint64_t start_s,
                     const std::string& length_tag);

    uint64_t late() const override { return late_; }
    int work(int items, gr_vector_const_void_star& inputs, gr_vector_void_star& outputs) override;

private:
    void take_burst(const pmt::pmt_t& pdu);
    int send_continuous(gr_complex* out, uint64_t room);
    int send_bursts(gr_complex* out, uint64_t room);
    void tag(uint64_t round, std::size_t length);

    uint64_t rate_, period_;
    bool continuous_;
    std::atomic<uint64_t> start_s_;
    pmt::pmt_t length_tag_;
    std::map<uint64_t, pmt::pmt_t> waiting_;  ///< Samples of bursts by round.
    uint64_t sent_ = 0;                       ///< Samples of the stream, or of the first burst.
    std::atomic<uint64_t> late_{0};
};

}  // namespace aircomp
}  // namespace gr
