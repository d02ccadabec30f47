// SPDX-License-Identifier: GPL-3.0-or-later
// A device's clock by the server's headers, as a block: messages to the kernel and back.
#include "header_tracker_impl.h"

#include <gnuradio/io_signature.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "round_settings.h"

namespace gr {
namespace aircomp {

header_tracker::sptr header_tracker::make(const phy::BurstFormat& format, size_t antennas,
                                          size_t lead, size_t tail, double sample_rate_hz,
                                          double linewidth_hz, double initial_offset_hz) {
    phy::OscillatorModel oscillator;
    oscillator.linewidth_hz = linewidth_hz;
    oscillator.initial_offset_hz = initial_offset_hz;
    return gnuradio::make_block_sptr<header_tracker_impl>(format, antennas, lead, tail,
                                                          sample_rate_hz, oscillator);
}

header_tracker_impl::header_tracker_impl(const phy::BurstFormat& format, size_t antennas,
                                         size_t lead, size_t tail, double sample_rate_hz,
                                         const phy::OscillatorModel& oscillator)
    : gr::block("header_tracker", gr::io_signature::make(0, 0, 0), gr::io_signature::make(0, 0, 0)),
      antennas_(antennas),
      lead_(lead),
      own_(lead + format.header_samples() + tail),
      sample_rate_hz_(sample_rate_hz),
      kernel_(format, antennas, own_, oscillator, sample_rate_hz),
      header_(antennas * own_) {
    message_port_register_in(pmt::mp("rounds"));
    message_port_register_in(pmt::mp("windows"));
    message_port_register_out(pmt::mp("settings"));
    message_port_register_out(pmt::mp("vectors"));
    message_port_register_out(pmt::mp("reports"));
    set_msg_handler(pmt::mp("windows"), [this](const pmt::pmt_t& pdu) {
        logging_errors(d_logger, "window", [&] { take_window(pdu); });
    });
}

// Ports have no order among them: what was sent before a PDU is fetched when the PDU comes.
void header_tracker_impl::fetch_rounds() {
    while (const pmt::pmt_t pdu = delete_head_nowait(pmt::mp("rounds"))) {
        logging_errors(d_logger, "round",
                       [&] { rounds_.insert_or_assign(round_of(pmt::car(pdu)), pdu); });
    }
}

void header_tracker_impl::take_window(const pmt::pmt_t& pdu) {
    fetch_rounds();
    const uint64_t number = round_of(pmt::car(pdu));
    // Rounds whose windows never came are over.
    rounds_.erase(rounds_.begin(), rounds_.lower_bound(number));
    const auto waiting = rounds_.find(number);
    if (waiting == rounds_.end())
        throw std::invalid_argument("of round " + std::to_string(number) +
                                    ", which nobody ordered");
    const pmt::pmt_t round = waiting->second;
    rounds_.erase(waiting);
    const auto heard = hear(pdu, pmt::car(round));

    pmt::pmt_t report = pmt::dict_add(pmt::make_dict(), pmt::mp("round"), pmt::from_uint64(number));
    report = pmt::dict_add(report, pmt::mp("found"), pmt::from_bool(heard.found));
    report = pmt::dict_add(report, pmt::mp("snr_db"),
                           pmt::from_double(10 * std::log10(std::max(1e-20, heard.sync.snr))));
    if (heard.found) {
        const auto time = pmt::to_uint64(setting(pmt::car(round), "time"));
        const auto correction = kernel_.predict(static_cast<double>(time));
        report = pmt::dict_add(report, pmt::mp("offset_hz"),
                               pmt::from_double(correction.offset * sample_rate_hz_));
        pmt::pmt_t settings = pmt::make_dict();
        settings = pmt::dict_add(settings, pmt::mp("round"), pmt::from_uint64(number));
        settings = pmt::dict_add(settings, pmt::mp("phase"), pmt::from_double(correction.phase));
        settings = pmt::dict_add(settings, pmt::mp("offset"), pmt::from_double(correction.offset));
        message_port_pub(pmt::mp("settings"), settings);
        message_port_pub(pmt::mp("vectors"), round);
    }
    message_port_pub(pmt::mp("reports"), report);
}

/// All headers in turn, up to the first that is not found.
phy::HeaderMeasurement header_tracker_impl::hear(const pmt::pmt_t& window,
                                                 const pmt::pmt_t& round) {
    std::size_t count = 0, samples = 0;
    const uint64_t* const headers = pmt::u64vector_elements(setting(round, "headers"), count);
    const gr_complex* const received = pmt::c32vector_elements(pmt::cdr(window), samples);
    const uint64_t begin = pmt::to_uint64(setting(pmt::car(window), "time"));
    const std::size_t length = samples / antennas_;
    const pmt::pmt_t anew = setting(round, "begin_anew");
    if (!pmt::is_null(anew) && pmt::to_bool(anew)) kernel_.begin_anew();
    if (pmt::to_bool(setting(round, "new_reference"))) kernel_.forget_phase();
    phy::HeaderMeasurement heard;
    for (std::size_t i = 0; i < count && (i == 0 || heard.found); ++i) {
        const uint64_t first = headers[i] - lead_ - begin;
        if (first > length || length - first < own_)
            throw std::invalid_argument("without header " + std::to_string(i));
        for (std::size_t a = 0; a < antennas_; ++a)
            std::copy_n(received + a * length + first, own_, &header_[a * own_]);
        heard = kernel_.hear(header_, static_cast<double>(begin + first));
    }
    return heard;
}

void header_tracker_impl::begin_anew() {
    rounds_.clear();
    kernel_.begin_anew();
}

}  // namespace aircomp
}  // namespace gr
