// SPDX-License-Identifier: GPL-3.0-or-later
// Windows cut out of a radio's streams, by the times that the radio tags its samples with.
#include "window_cutter_impl.h"

#include <gnuradio/io_signature.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>

#include "round_settings.h"

namespace gr {
namespace aircomp {
namespace {

/// Beyond that the one that was asked for first is given up.
constexpr std::size_t most_windows = 64;

}  // namespace

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
    const uint64_t begin = pmt::to_uint64(setting(order, "time"));
    windows_.remove_if([&](const window& other) { return other.round == round; });
    if (windows_.size() == most_windows) {
        report("missing", windows_.front(), pmt::make_dict());
        windows_.pop_front();
    }
    windows_.push_back({order, round, begin, length, 0, {}});
}

uint64_t window_cutter_impl::tick_of(const pmt::pmt_t& time) const {
    const double fraction = pmt::to_double(pmt::tuple_ref(time, 1));
    uint64_t ticks = 0;
    if (!(fraction >= 0 && fraction <= 1) ||
        __builtin_mul_overflow(pmt::to_uint64(pmt::tuple_ref(time, 0)), rate_, &ticks))
        throw std::invalid_argument("expected whole seconds and a fraction of one");
    return ticks + static_cast<uint64_t>(std::llround(fraction * static_cast<double>(rate_)));
}

/// The next sample was received at `tick`: where that is not the one that follows, samples before
/// it were lost.
void window_cutter_impl::take_time(uint64_t tick) {
    if (now_ != tick) {
        windows_.remove_if([&](const window& begun) {
            if (begun.held > 0) report("overflowed", begun, pmt::make_dict());
            return begun.held > 0;
        });
    }
    now_ = tick;
    untimed_ = 0;
}

void window_cutter_impl::read_tag(const tag_t& tag) {
    try {
        if (pmt::eqv(tag.key, pmt::mp("rx_time"))) return take_time(tick_of(tag.value));
        const double rate = pmt::to_double(tag.value);
        const bool other = !(std::abs(rate - static_cast<double>(rate_)) <= 0.5);
        if (other && !other_rate_)
            d_logger->error("the stream has a rate of {} Hz, expected {}: no windows", rate, rate_);
        other_rate_ = other;
    } catch (const std::exception& error) {
        if (!told_)
            d_logger->error("{} refused, as are others like it: {}", pmt::symbol_to_string(tag.key),
                            error.what());
        told_ = true;
    }
}

/// Samples whose time nobody knows: after a second of them nothing that was asked for will come.
void window_cutter_impl::miss_time(std::size_t count) {
    if (windows_.empty()) return;
    untimed_ += count;
    if (untimed_ < rate_) return;
    d_logger->error("{} samples without a time: expected tags rx_time, as usrp_source makes them",
                    untimed_);
    for (const window& wanted : windows_)
        report("missing", wanted, pmt::make_dict());
    windows_.clear();
    untimed_ = 0;
}

/// Samples `from` to `to` of what has come; there is no tag between them.
void window_cutter_impl::take(const gr_vector_const_void_star& inputs, std::size_t from,
                              std::size_t to) {
    if (from == to) return;
    if (!now_ || other_rate_) return miss_time(to - from);
    windows_.remove_if([&](window& wanted) { return take(wanted, inputs, from, to - from); });
    *now_ += to - from;
}

/// Returns whether the window is done with.
bool window_cutter_impl::take(window& wanted, const gr_vector_const_void_star& inputs,
                              std::size_t from, std::size_t count) {
    if (wanted.held == 0) {
        if (wanted.begin < *now_) {
            report("missing", wanted, pmt::make_dict());
            return true;
        }
        if (wanted.begin - *now_ >= count) return false;
        wanted.samples.resize(antennas_ * wanted.length);
    }
    const std::size_t skipped = wanted.held == 0 ? wanted.begin - *now_ : 0;
    const std::size_t own = std::min(count - skipped, wanted.length - wanted.held);
    for (std::size_t a = 0; a < antennas_; ++a)
        std::copy_n(static_cast<const gr_complex*>(inputs[a]) + from + skipped, own,
                    &wanted.samples[a * wanted.length + wanted.held]);
    wanted.held += own;
    if (wanted.held < wanted.length) return false;
    publish(wanted);
    return true;
}

void window_cutter_impl::publish(window& wanted) {
    phy::ConverterLevel level;
    gsl::span<gr_complex> samples = wanted.samples;
    for (std::size_t a = 0; a < antennas_; ++a)
        scale_.from_converter(samples.subspan(a * wanted.length, wanted.length), level);
    message_port_pub(pmt::mp("windows"),
                     pmt::cons(wanted.order, pmt::init_c32vector(samples.size(), samples.data())));
    pmt::pmt_t out = pmt::make_dict();
    out = pmt::dict_add(out, pmt::mp("mean_dbfs"), pmt::from_double(level.mean_dbfs()));
    out = pmt::dict_add(out, pmt::mp("peak_dbfs"), pmt::from_double(level.peak_dbfs()));
    report("whole", wanted, out);
}

void window_cutter_impl::report(const char* state, const window& wanted, pmt::pmt_t report) {
    report = pmt::dict_add(report, pmt::mp("round"), pmt::from_uint64(wanted.round));
    report = pmt::dict_add(report, pmt::mp("state"), pmt::mp(state));
    message_port_pub(pmt::mp("reports"), report);
}

int window_cutter_impl::work(int items, gr_vector_const_void_star& inputs, gr_vector_void_star&) {
    get_tags_in_window(tags_, 0, 0, static_cast<uint64_t>(items));
    std::stable_sort(tags_.begin(), tags_.end(), tag_t::offset_compare);
    std::size_t from = 0;
    for (const tag_t& tag : tags_) {
        if (!pmt::eqv(tag.key, pmt::mp("rx_time")) && !pmt::eqv(tag.key, pmt::mp("rx_rate")))
            continue;
        const auto at = static_cast<std::size_t>(tag.offset - nitems_read(0));
        take(inputs, from, at);
        from = at;
        read_tag(tag);
    }
    take(inputs, from, static_cast<std::size_t>(items));
    return items;
}

void window_cutter_impl::begin_anew() {
    windows_.clear();
    now_.reset();
    untimed_ = 0;
    other_rate_ = false;
}

}  // namespace aircomp
}  // namespace gr
