// SPDX-License-Identifier: GPL-3.0-or-later
// Bursts cut out of streams: samples are held until a search can see a whole window after them.
#include "frame_sync_impl.h"

#include <gnuradio/io_signature.h>

#include <algorithm>
#include <stdexcept>
#include <string>

namespace gr {
namespace aircomp {
namespace {

std::size_t at_least(const char* what, std::size_t found, std::size_t least) {
    if (found >= least) return found;
    throw std::invalid_argument(std::string("frame_sync: ") + what + ": expected at least " +
                                std::to_string(least) + ", found " + std::to_string(found));
}

/// A format whose data bursts have no preamble has nothing to be found by.
void require_grid(const phy::BurstFormat& format, std::size_t period) {
    if (format.data_preamble == 0 && period == 0)
        throw std::invalid_argument(
            "frame_sync: period: expected above 0, since data bursts have no preamble, found 0");
}

}  // namespace

frame_sync::sptr frame_sync::make(const phy::BurstFormat& format, size_t antennas,
                                  size_t window_samples, size_t period, size_t margin,
                                  double false_alarm) {
    require_grid(format, period);
    return gnuradio::make_block_sptr<frame_sync_impl>(format, antennas, window_samples, period,
                                                      margin, false_alarm);
}

frame_sync_impl::frame_sync_impl(const phy::BurstFormat& format, size_t antennas,
                                 size_t window_samples, size_t period, size_t margin,
                                 double false_alarm)
    : gr::sync_block("frame_sync", gr::io_signature::make(1, -1, sizeof(gr_complex)),
                     gr::io_signature::make(0, 0, 0)),
      antennas_(at_least("antennas", antennas, 1)),
      window_(at_least("window_samples", window_samples, format.header_samples() + margin)),
      period_(period == 0 ? 0 : at_least("period", period, window_samples)),
      margin_(margin),
      preamble_(format.header_samples()),
      span_(window_ + preamble_),
      kernel_(format, antennas, span_, false_alarm),
      held_(antennas, std::vector<gr_complex>(4 * span_ + period_)),
      scratch_(antennas * span_) {
    const auto inputs = static_cast<int>(antennas);
    set_input_signature(gr::io_signature::make(inputs, inputs, sizeof(gr_complex)));
    message_port_register_out(pmt::mp("windows"));
    frame_sync_impl::begin_anew();
}

void frame_sync_impl::publish(std::size_t from, pmt::pmt_t metadata) {
    metadata = pmt::dict_add(metadata, pmt::mp("round"), pmt::from_uint64(round_));
    const int64_t first = first_ + static_cast<int64_t>(from);
    const int64_t start = first + static_cast<int64_t>(period_ > 0 ? 0 : margin_);
    metadata = pmt::dict_add(metadata, pmt::mp("first"), pmt::from_long(first));
    metadata = pmt::dict_add(metadata, pmt::mp("start"),
                             pmt::from_uint64(static_cast<uint64_t>(std::max<int64_t>(0, start))));
    const auto later = times_.upper_bound(std::max<int64_t>(first, 0));
    if (later != times_.begin()) {
        const auto time = std::prev(later);
        metadata = pmt::dict_add(metadata, pmt::mp("rx_time"), time->second);
        metadata = pmt::dict_add(metadata, pmt::mp("rx_time_at"),
                                 pmt::from_uint64(static_cast<uint64_t>(time->first)));
        times_.erase(times_.begin(), time);
    }
    for (std::size_t a = 0; a < antennas_; ++a)
        std::copy_n(held_[a].data() + from, window_, scratch_.data() + a * window_);
    message_port_pub(
        pmt::mp("windows"),
        pmt::cons(metadata, pmt::init_c32vector(antennas_ * window_, scratch_.data())));
    ++round_;
}

void frame_sync_impl::drop(std::size_t count) {
    for (auto& samples : held_)
        std::copy(samples.data() + count, samples.data() + count_, samples.data());
    count_ -= count;
    first_ += static_cast<int64_t>(count);
}

void frame_sync_impl::follow_grid() {
    while (count_ >= period_) {
        publish(0, pmt::make_dict());
        drop(period_);
    }
}

void frame_sync_impl::search() {
    // A burst found in the first span may begin `preamble_` before its end: a window more is held.
    while (count_ >= span_ + window_) {
        for (std::size_t a = 0; a < antennas_; ++a)
            std::copy_n(held_[a].data(), span_, scratch_.data() + a * span_);
        const auto sync = kernel_.find(gsl::span(scratch_).first(antennas_ * span_));
        if (!sync) {
            drop(span_ - preamble_ - margin_);
            continue;
        }
        const auto start = static_cast<std::size_t>(
            std::max<std::ptrdiff_t>(0, sync->start - static_cast<std::ptrdiff_t>(margin_)));
        // Part of a preamble, where the span ends, looks like one some periods earlier.
        if (start > 0 && start + margin_ + 2 * preamble_ > span_) {
            drop(start);
            continue;
        }
        pmt::pmt_t metadata = pmt::make_dict();
        metadata = pmt::dict_add(metadata, pmt::mp("offset"), pmt::from_double(sync->offset));
        metadata = pmt::dict_add(metadata, pmt::mp("snr"), pmt::from_double(sync->snr));
        metadata = pmt::dict_add(metadata, pmt::mp("statistic"), pmt::from_double(sync->statistic));
        publish(start, metadata);
        // The rest of this burst holds no preamble; the next one's margin may begin in its ramp.
        drop(start + window_ - margin_);
    }
}

int frame_sync_impl::work(int items, gr_vector_const_void_star& inputs, gr_vector_void_star&) {
    const std::size_t room = held_[0].size() - count_;
    const std::size_t count = std::min(static_cast<std::size_t>(items), room);
    for (std::size_t a = 0; a < antennas_; ++a)
        std::copy_n(static_cast<const gr_complex*>(inputs[a]), count, held_[a].data() + count_);
    std::vector<gr::tag_t> tags;
    get_tags_in_window(tags, 0, 0, count, pmt::mp("rx_time"));
    const int64_t here = first_ + static_cast<int64_t>(count_);
    for (const gr::tag_t& tag : tags)
        times_[here + static_cast<int64_t>(tag.offset - nitems_read(0))] = tag.value;
    count_ += count;
    if (period_ > 0)
        follow_grid();
    else
        search();
    return static_cast<int>(count);
}

void frame_sync_impl::begin_anew() {
    // Zeros before the stream: a burst at its very start has its margin too.
    count_ = period_ > 0 ? 0 : margin_;
    first_ = -static_cast<int64_t>(count_);
    for (auto& samples : held_)
        std::fill(samples.begin(), samples.end(), gr_complex(0));
    times_.clear();
    round_ = 0;
}

}  // namespace aircomp
}  // namespace gr
