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
                     const std::string& length_tag, size_t antennas);

    uint64_t late() const override { return late_; }
    int work(int items, gr_vector_const_void_star& inputs, gr_vector_void_star& outputs) override;

private:
    /// Of one round: [antennas, length] samples, and the PDU's metadata.
    struct burst {
        pmt::pmt_t metadata, samples;
        std::size_t length;
    };

    void take_burst(const pmt::pmt_t& pdu);
    void copy(const burst& from, uint64_t first, uint64_t count, const gr_vector_void_star& outputs,
              uint64_t at) const;
    int send_continuous(const gr_vector_void_star& outputs, uint64_t room);
    int send_bursts(const gr_vector_void_star& outputs, uint64_t room);
    void tag(const burst& next);

    uint64_t rate_, period_;
    bool continuous_;
    std::atomic<uint64_t> start_s_;
    pmt::pmt_t length_tag_;
    std::size_t antennas_;
    std::map<uint64_t, burst> waiting_;  ///< By round.
    uint64_t sent_ = 0;                  ///< Samples of the stream, or of the first burst.
    std::atomic<uint64_t> late_{0};
};

}  // namespace aircomp
}  // namespace gr
