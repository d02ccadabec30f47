// SPDX-License-Identifier: GPL-3.0-or-later
// When bursts are sent: all times are integer ticks of the sampling clock.
#include "burst_timer_impl.h"

#include <gnuradio/io_signature.h>

#include <algorithm>
#include <stdexcept>

#include "round_settings.h"

namespace gr {
namespace aircomp {

burst_timer::sptr burst_timer::make(uint64_t rate, uint64_t period, bool continuous,
                                    uint64_t start_s, const std::string& length_tag) {
    if (rate == 0) throw std::invalid_argument("burst_timer: rate: expected above 0, found 0");
    if (period == 0) throw std::invalid_argument("burst_timer: period: expected above 0, found 0");
    return gnuradio::make_block_sptr<burst_timer_impl>(rate, period, continuous, start_s,
                                                       length_tag);
}

burst_timer_impl::burst_timer_impl(uint64_t rate, uint64_t period, bool continuous,
                                   uint64_t start_s, const std::string& length_tag)
    : gr::sync_block("burst_timer", gr::io_signature::make(0, 0, 0),
                     gr::io_signature::make(1, 1, sizeof(gr_complex))),
      rate_(rate),
      period_(period),
      continuous_(continuous),
      start_s_(start_s),
      length_tag_(pmt::intern(length_tag)) {
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
        const std::size_t length = pmt::length(pmt::cdr(pdu));
        const bool past = continuous_ && round < (sent_ + period_ - 1) / period_;
        if (past || length == 0 || length > period_ || !pmt::is_c32vector(pmt::cdr(pdu)))
            ++late_;
        else
            waiting_[round] = pmt::cdr(pdu);
    });
}

int burst_timer_impl::work(int items, gr_vector_const_void_star&, gr_vector_void_star& outputs) {
    while (const pmt::pmt_t pdu = delete_head_nowait(pmt::mp("bursts")))
        take_burst(pdu);
    auto* const out = static_cast<gr_complex*>(outputs[0]);
    const auto room = static_cast<uint64_t>(items);
    return continuous_ ? send_continuous(out, room) : send_bursts(out, room);
}

int burst_timer_impl::send_continuous(gr_complex* out, uint64_t room) {
    uint64_t made = 0;
    while (made < room) {
        const uint64_t into = sent_ % period_;
        const auto burst = waiting_.find(sent_ / period_);
        if (burst == waiting_.end()) break;
        std::size_t length = 0;
        const gr_complex* const samples = pmt::c32vector_elements(burst->second, length);
        const uint64_t count = std::min(room - made, period_ - into);
        const uint64_t full = into < length ? std::min(count, length - into) : 0;
        std::copy_n(samples + into, full, out + made);
        std::fill_n(out + made + full, count - full, gr_complex(0));
        made += count;
        sent_ += count;
        if (sent_ % period_ == 0) waiting_.erase(burst);
    }
    return static_cast<int>(made);
}

int burst_timer_impl::send_bursts(gr_complex* out, uint64_t room) {
    if (waiting_.empty()) return 0;
    const auto burst = waiting_.begin();
    std::size_t length = 0;
    const gr_complex* const samples = pmt::c32vector_elements(burst->second, length);
    if (sent_ == 0) tag(burst->first, length);
    const uint64_t count = std::min<uint64_t>(room, length - sent_);
    std::copy_n(samples + sent_, count, out);
    sent_ += count;
    if (sent_ == length) {
        waiting_.erase(burst);
        sent_ = 0;
    }
    return static_cast<int>(count);
}

void burst_timer_impl::tag(uint64_t round, std::size_t length) {
    const uint64_t ticks = round * period_;
    const uint64_t seconds = start_s_ + ticks / rate_;
    const double fraction = static_cast<double>(ticks % rate_) / static_cast<double>(rate_);
    add_item_tag(0, nitems_written(0), length_tag_, pmt::from_long(static_cast<long>(length)));
    add_item_tag(0, nitems_written(0), pmt::mp("tx_time"),
                 pmt::make_tuple(pmt::from_uint64(seconds), pmt::from_double(fraction)));
}

}  // namespace aircomp
}  // namespace gr
