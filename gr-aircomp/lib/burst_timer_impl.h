// SPDX-License-Identifier: GPL-3.0-or-later
// When bursts are sent, as a block.
#pragma once

#include <gnuradio/aircomp/burst_timer.h>
#include <pmt/pmt.h>

#include <atomic>
#include <map>
#include <optional>

#include "restartable.h"

namespace gr {
namespace aircomp {

class burst_timer_impl : public restartable<burst_timer> {
public:
    burst_timer_impl(uint64_t rate, uint64_t period, bool continuous, uint64_t start_s,
                     const std::string& length_tag, size_t antennas);

    uint64_t late() const override { return late_; }
    int work(int items, gr_vector_const_void_star& inputs, gr_vector_void_star& outputs) override;

private:
    void begin_anew() override;
    /// Of one round: [antennas, length] samples, none where the round passes in silence, and when a
    /// radio sends it, ticks.
    struct burst {
        pmt::pmt_t samples;
        std::size_t length = 0;
        uint64_t ticks = 0;
    };

    void take_burst(const pmt::pmt_t& pdu);
    uint64_t ticks_of(const pmt::pmt_t& metadata) const;
    void tell_of_a_hole();
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
    std::optional<burst> going_;         ///< Out of waiting_: goes out in pieces.
    uint64_t sent_ = 0;                  ///< Samples of the stream, or of the burst that goes out.
    bool told_ = false;                  ///< Of the round that is waited for.
    std::atomic<uint64_t> late_{0};
};

}  // namespace aircomp
}  // namespace gr
