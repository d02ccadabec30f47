// SPDX-License-Identifier: GPL-3.0-or-later
// Windows cut out of a radio's streams, as a block.
#pragma once

#include <gnuradio/aircomp/window_cutter.h>
#include <pmt/pmt.h>

#include <list>
#include <optional>
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
    /// What was asked for, and what of it has come.
    struct window {
        pmt::pmt_t order;
        uint64_t round, begin;
        std::size_t length, held = 0;
        std::vector<gr_complex> samples;  ///< [antennas, length]
    };

    void begin_anew() override;
    void expect(const pmt::pmt_t& order);
    void read_tag(const tag_t& tag);
    void take_time(uint64_t tick);
    void take(const gr_vector_const_void_star& inputs, std::size_t from, std::size_t to);
    bool take(window& wanted, const gr_vector_const_void_star& inputs, std::size_t from,
              std::size_t count);
    void miss_time(std::size_t count);
    void publish(window& wanted);
    void report(const char* state, const window& wanted, pmt::pmt_t report);
    uint64_t tick_of(const pmt::pmt_t& time) const;

    uint64_t rate_;
    std::size_t antennas_;
    phy::ConverterScale scale_;
    std::list<window> windows_;    ///< That are waited for.
    std::optional<uint64_t> now_;  ///< Tick of the next sample.
    uint64_t untimed_ = 0;         ///< Samples that passed while a window was waited for.
    bool other_rate_ = false;      ///< The stream says that it has one.
    bool told_ = false;            ///< Of a time that is none.
    std::vector<tag_t> tags_;
};

}  // namespace aircomp
}  // namespace gr
