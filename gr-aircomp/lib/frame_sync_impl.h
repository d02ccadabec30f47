// SPDX-License-Identifier: GPL-3.0-or-later
// Bursts cut out of streams as a block.
#pragma once

#include <gnuradio/aircomp/frame_sync.h>
#include <pmt/pmt.h>

#include <atomic>
#include <map>
#include <vector>

#include "gnuradio/aircomp/phy/frame_sync.hpp"
#include "restartable.h"

namespace gr {
namespace aircomp {

class frame_sync_impl : public restartable<frame_sync> {
public:
    frame_sync_impl(const phy::BurstFormat& format, size_t antennas, size_t window_samples,
                    size_t period, size_t margin, double false_alarm);

    uint64_t windows() const override { return round_; }
    int work(int items, gr_vector_const_void_star& inputs, gr_vector_void_star& outputs) override;

private:
    void begin_anew() override;
    void search();
    void follow_grid();
    void publish(std::size_t from, pmt::pmt_t metadata);
    void drop(std::size_t count);

    std::size_t antennas_, window_, period_, margin_, preamble_;
    std::size_t span_;  ///< Samples per antenna that one search looks at.
    phy::FrameSync kernel_;
    /// What arrived and was not yet done with, [antennas, held_ of capacity_].
    std::vector<std::vector<gr_complex>> held_;
    std::size_t count_ = 0;
    int64_t first_ = 0;                    ///< Index of the first sample held.
    std::map<int64_t, pmt::pmt_t> times_;  ///< Radio times that the stream carries, by sample.
    std::atomic<uint64_t> round_{0};
    std::vector<gr_complex> scratch_;
};

}  // namespace aircomp
}  // namespace gr
