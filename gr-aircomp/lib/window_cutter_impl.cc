// SPDX-License-Identifier: GPL-3.0-or-later
// Timed windows cut out of a radio's streams, by the times that the radio tags them with.
#include "window_cutter_impl.h"

#include <gnuradio/io_signature.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "round_settings.h"

namespace gr {
namespace aircomp {

window_cutter::sptr window_cutter::make(uint64_t rate, size_t antennas, double unit_power_dbfs) {
    if (rate == 0) throw std::invalid_argument("window_cutter: rate: expected above 0, found 0");
    if (antennas == 0)
        throw std::invalid_argument("window_cutter: antennas: expected above 0, found 0");
    return gnuradio::make_block_sptr<window_cutter_impl>(rate, antennas, unit_power_dbfs);
}

window_cutter_impl::window_cutter_impl(uint64_t rate, size_t antennas, double unit_power_dbfs)
    : gr::sync_block("window_cutter", gr::io_signature::make(1, -1, sizeof(gr_complex)),
                     gr::io_signature::make(0, 0, 0)),
      rate_(rate),
      antennas_(antennas),
      scale_(unit_power_dbfs) {
    const auto inputs = static_cast<int>(antennas);
    set_input_signature(gr::io_signature::make(inputs, inputs, sizeof(gr_complex)));
    message_port_register_in(pmt::mp("expect"));
    message_port_register_out(pmt::mp("windows"));
    message_port_register_out(pmt::mp("reports"));
    set_msg_handler(pmt::mp("expect"), [this](const pmt::pmt_t& order) {
        logging_errors(d_logger, "window", [&] { expect(order); });
    });
}

void window_cutter_impl::expect(const pmt::pmt_t& order) {
    const uint64_t length = pmt::to_uint64(setting(order, "samples"));
    if (length == 0 || length > most_samples)
        throw std::invalid_argument("samples: expected from 1 to " + std::to_string(most_samples) +
                                    ", found " + std::to_string(length));
    const uint64_t round = round_of(order);
    begin_ = pmt::to_uint64(setting(order, "time"));
    round_ = round;
    length_ = length;
    samples_.resize(antennas_ * length_);
    held_ = 0;
    inside_ = false;
    order_ = order;
}

uint64_t window_cutter_impl::tick_of(const pmt::pmt_t& time) const {
    const double fraction = pmt::to_double(pmt::tuple_ref(time, 1));
    uint64_t ticks = 0;
    if (!(fraction >= 0 && fraction <= 1) ||
        __builtin_mul_overflow(pmt::to_uint64(pmt::tuple_ref(time, 0)), rate_, &ticks))
        throw std::invalid_argument("expected whole seconds and a fraction of one");
    return ticks + static_cast<uint64_t>(std::llround(fraction * static_cast<double>(rate_)));
}

/// A time within a window: samples before it were lost.
void window_cutter_impl::begin_at(uint64_t tick) {
    if (!order_) return;
    if (inside_ && tick != begin_ + held_) {
        report("overflowed", pmt::make_dict());
        order_.reset();
        return;
    }
    inside_ = tick == begin_ + held_;
}

void window_cutter_impl::take(const gr_vector_const_void_star& inputs, std::size_t from,
                              std::size_t to) {
    if (!order_ || !inside_) return;
    const std::size_t count = std::min(to - from, length_ - held_);
    for (std::size_t a = 0; a < antennas_; ++a)
        std::copy_n(static_cast<const gr_complex*>(inputs[a]) + from, count,
                    &samples_[a * length_ + held_]);
    held_ += count;
    if (held_ == length_) publish();
}

void window_cutter_impl::publish() {
    phy::ConverterLevel level;
    for (std::size_t a = 0; a < antennas_; ++a)
        scale_.from_converter(gsl::span(samples_).subspan(a * length_, length_), level);
    message_port_pub(pmt::mp("windows"),
                     pmt::cons(order_, pmt::init_c32vector(samples_.size(), samples_.data())));
    pmt::pmt_t out = pmt::make_dict();
    out = pmt::dict_add(out, pmt::mp("mean_dbfs"), pmt::from_double(level.mean_dbfs()));
    out = pmt::dict_add(out, pmt::mp("peak_dbfs"), pmt::from_double(level.peak_dbfs()));
    report("whole", out);
    order_.reset();
}

void window_cutter_impl::report(const char* state, pmt::pmt_t report) {
    report = pmt::dict_add(report, pmt::mp("round"), pmt::from_uint64(round_));
    report = pmt::dict_add(report, pmt::mp("state"), pmt::mp(state));
    message_port_pub(pmt::mp("reports"), report);
}

int window_cutter_impl::work(int items, gr_vector_const_void_star& inputs, gr_vector_void_star&) {
    get_tags_in_window(tags_, 0, 0, static_cast<uint64_t>(items), pmt::mp("rx_time"));
    std::sort(tags_.begin(), tags_.end(), tag_t::offset_compare);
    std::size_t from = 0;
    for (const tag_t& tag : tags_) {
        const auto at = static_cast<std::size_t>(tag.offset - nitems_read(0));
        take(inputs, from, at);
        from = at;
        try {
            begin_at(tick_of(tag.value));
        } catch (const std::exception& error) {
            if (!told_) d_logger->error("rx_time refused, as are others like it: {}", error.what());
            told_ = true;
        }
    }
    take(inputs, from, static_cast<std::size_t>(items));
    return items;
}

void window_cutter_impl::begin_anew() {
    order_.reset();
    inside_ = false;
}

}  // namespace aircomp
}  // namespace gr
