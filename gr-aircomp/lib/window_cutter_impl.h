// SPDX-License-Identifier: GPL-3.0-or-later
// Timed windows cut out of a radio's streams, as a block.
#pragma once

#include <gnuradio/aircomp/window_cutter.h>
#include <pmt/pmt.h>

#include <vector>

#include "gnuradio/aircomp/phy/converter_scale.hpp"
#include "restartable.h"

namespace gr {
namespace aircomp {

class window_cutter_impl : public restartable<window_cutter> {
public:
    window_cutter_impl(uint64_t rate, size_t antennas, double unit_power_dbfs);

    int work(int items, gr_vector_const_void_star& inputs, gr_vector_void_star& outputs) override;

private:
    void begin_anew() override;
    void expect(const pmt::pmt_t& order);
    void begin_at(uint64_t tick);
    void take(const gr_vector_const_void_star& inputs, std::size_t from, std::size_t to);
    void publish();
    void report(const char* state, pmt::pmt_t report);
    uint64_t tick_of(const pmt::pmt_t& time) const;

    uint64_t rate_;
    std::size_t antennas_;
    phy::ConverterScale scale_;
    pmt::pmt_t order_;     ///< Of the window expected; null: none.
    uint64_t round_ = 0;   ///< Of that window.
    bool told_ = false;    ///< Of a time that is none.
    bool inside_ = false;  ///< Whether what comes now belongs to it.
    uint64_t begin_ = 0;
    std::size_t length_ = 0, held_ = 0;
    std::vector<gr_complex> samples_;  ///< [antennas, length_]
    std::vector<tag_t> tags_;
};

}  // namespace aircomp
}  // namespace gr
