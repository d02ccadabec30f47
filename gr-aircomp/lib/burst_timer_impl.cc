// SPDX-License-Identifier: GPL-3.0-or-later
// When bursts are sent: all times are integer ticks of the sampling clock.
#include "burst_timer_impl.h"

#include <gnuradio/io_signature.h>

#include <algorithm>
#include <stdexcept>
#include <string>

#include "round_settings.h"

namespace gr {
namespace aircomp {

burst_timer::sptr burst_timer::make(uint64_t rate, uint64_t period, bool continuous,
                                    uint64_t start_s, const std::string& length_tag,
                                    size_t antennas) {
    if (rate == 0) throw std::invalid_argument("burst_timer: rate: expected above 0, found 0");
    if (period == 0) throw std::invalid_argument("burst_timer: period: expected above 0, found 0");
    if (antennas == 0)
        throw std::invalid_argument("burst_timer: antennas: expected above 0, found 0");
    return gnuradio::make_block_sptr<burst_timer_impl>(rate, period, continuous, start_s,
                                                       length_tag, antennas);
}

burst_timer_impl::burst_timer_impl(uint64_t rate, uint64_t period, bool continuous,
                                   uint64_t start_s, const std::string& length_tag, size_t antennas)
    : gr::sync_block("burst_timer", gr::io_signature::make(0, 0, 0),
                     gr::io_signature::make(1, -1, sizeof(gr_complex))),
      rate_(rate),
      period_(period),
      continuous_(continuous),
      start_s_(start_s),
      length_tag_(pmt::intern(length_tag)),
      antennas_(antennas) {
    const auto outputs = static_cast<int>(antennas);
    set_output_signature(gr::io_signature::make(outputs, outputs, sizeof(gr_complex)));
    message_port_register_in(pmt::mp("bursts"));
    message_port_register_in(pmt::mp("start"));
    // No handler for bursts: work() fetches them, since it has nothing else to wait for.
    set_msg_handler(pmt::mp("start"), [this](const pmt::pmt_t& message) {
        logging_errors(d_logger, "start", [&] {
            start_s_ = pmt::to_uint64(pmt::is_pair(message) ? pmt::cdr(message) : message);
        });
    });
}

void burst_timer_impl::take_burst(const pmt::pmt_t& pdu) {
    logging_errors(d_logger, "burst", [&] {
        const uint64_t round = round_of(pmt::car(pdu));
        burst next;
        next.samples = pmt::cdr(pdu);
        if (!pmt::is_c32vector(next.samples))
            throw std::invalid_argument("expected complex samples, found another type");
        next.length = pmt::length(next.samples) / antennas_;
        if (continuous_ && round < (sent_ + period_ - 1) / period_) {
            ++late_;
            return;
        }
        if (next.length > period_ || pmt::length(next.samples) % antennas_ != 0) {
            ++late_;
            d_logger->error(
                "burst of round {}: expected at most {} samples of each of {} antennas, "
                "found {} in all: the round passes in silence",
                round, period_, antennas_, pmt::length(next.samples));
            next.length = 0;
        }
        if (!continuous_) {
            if (next.length == 0) return;
            next.ticks = ticks_of(pmt::car(pdu));
        }
        waiting_[round] = next;
    });
}

/// When a radio sends a burst: at the tick that it names, or as many periods after the start as its
/// round says.
uint64_t burst_timer_impl::ticks_of(const pmt::pmt_t& metadata) const {
    const pmt::pmt_t time = setting(metadata, "time");
    if (!pmt::is_null(time)) return pmt::to_uint64(time);
    uint64_t start = 0, after = 0, ticks = 0;
    if (__builtin_mul_overflow(start_s_.load(), rate_, &start) ||
        __builtin_mul_overflow(round_of(metadata), period_, &after) ||
        __builtin_add_overflow(start, after, &ticks))
        throw std::invalid_argument("round " + std::to_string(round_of(metadata)) +
                                    ": expected one whose time has 64 bits");
    return ticks;
}

/// A stream cannot go on without its next round: says which, once, when two later ones wait.
void burst_timer_impl::tell_of_a_hole() {
    if (told_ || waiting_.size() < 2) return;
    told_ = true;
    d_logger->warn("waits for the burst of round {}; {} later rounds are here", sent_ / period_,
                   waiting_.size());
}

int burst_timer_impl::work(int items, gr_vector_const_void_star&, gr_vector_void_star& outputs) {
    while (const pmt::pmt_t pdu = delete_head_nowait(pmt::mp("bursts")))
        take_burst(pdu);
    const auto room = static_cast<uint64_t>(items);
    return continuous_ ? send_continuous(outputs, room) : send_bursts(outputs, room);
}

/// Samples `first` to `first + count` of every antenna, zeros beyond the burst's end.
void burst_timer_impl::copy(const burst& from, uint64_t first, uint64_t count,
                            const gr_vector_void_star& outputs, uint64_t at) const {
    std::size_t size = 0;
    const gr_complex* const samples = pmt::c32vector_elements(from.samples, size);
    const uint64_t full = first < from.length ? std::min(count, from.length - first) : 0;
    for (std::size_t a = 0; a < antennas_; ++a) {
        auto* const out = static_cast<gr_complex*>(outputs[a]) + at;
        std::copy_n(samples + a * from.length + (full > 0 ? first : 0), full, out);
        std::fill_n(out + full, count - full, gr_complex(0));
    }
}

int burst_timer_impl::send_continuous(const gr_vector_void_star& outputs, uint64_t room) {
    uint64_t made = 0;
    while (made < room) {
        const uint64_t into = sent_ % period_;
        const auto next = waiting_.find(sent_ / period_);
        if (next == waiting_.end()) {
            tell_of_a_hole();
            break;
        }
        told_ = false;
        const uint64_t count = std::min(room - made, period_ - into);
        copy(next->second, into, count, outputs, made);
        made += count;
        sent_ += count;
        if (sent_ % period_ == 0) waiting_.erase(next);
    }
    return static_cast<int>(made);
}

int burst_timer_impl::send_bursts(const gr_vector_void_star& outputs, uint64_t room) {
    if (!going_) {
        if (waiting_.empty()) return 0;
        going_ = waiting_.begin()->second;
        waiting_.erase(waiting_.begin());
        sent_ = 0;
        tag(*going_);
    }
    const uint64_t count = std::min<uint64_t>(room, going_->length - sent_);
    copy(*going_, sent_, count, outputs, 0);
    sent_ += count;
    if (sent_ == going_->length) going_.reset();
    return static_cast<int>(count);
}

void burst_timer_impl::tag(const burst& next) {
    const double fraction = static_cast<double>(next.ticks % rate_) / static_cast<double>(rate_);
    for (std::size_t a = 0; a < antennas_; ++a) {
        const auto output = static_cast<unsigned>(a);
        add_item_tag(output, nitems_written(output), length_tag_,
                     pmt::from_long(static_cast<long>(next.length)));
        add_item_tag(
            output, nitems_written(output), pmt::mp("tx_time"),
            pmt::make_tuple(pmt::from_uint64(next.ticks / rate_), pmt::from_double(fraction)));
    }
}

void burst_timer_impl::begin_anew() {
    waiting_.clear();
    going_.reset();
    sent_ = 0;
    late_ = 0;
    told_ = false;
}

}  // namespace aircomp
}  // namespace gr
