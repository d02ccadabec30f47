// SPDX-License-Identifier: GPL-3.0-or-later
// The server's headers as a block: one burst a round.
#include "header_source_impl.h"

#include <gnuradio/io_signature.h>

#include <algorithm>
#include <stdexcept>

#include "gnuradio/aircomp/phy/preprocessor.hpp"
#include "round_settings.h"

namespace gr {
namespace aircomp {

header_source::sptr header_source::make(const phy::BurstFormat& format, size_t antennas,
                                        double power_w) {
    if (antennas == 0)
        throw std::invalid_argument("header_source: antennas: expected above 0, found 0");
    return gnuradio::make_block_sptr<header_source_impl>(format, antennas, power_w);
}

header_source_impl::header_source_impl(const phy::BurstFormat& format, size_t antennas,
                                       double power_w)
    : gr::block("header_source", gr::io_signature::make(0, 0, 0), gr::io_signature::make(0, 0, 0)),
      antennas_(antennas),
      header_(format.header_samples()) {
    phy::write_header(format, power_w, header_);
    message_port_register_in(pmt::mp("rounds"));
    message_port_register_out(pmt::mp("bursts"));
    set_msg_handler(pmt::mp("rounds"), [this](const pmt::pmt_t& pdu) {
        logging_errors(d_logger, "round", [&] { take_round(pdu); });
    });
}

void header_source_impl::take_round(const pmt::pmt_t& pdu) {
    const pmt::pmt_t order = pmt::car(pdu);
    std::size_t count = 0;
    const uint64_t* const headers = pmt::u64vector_elements(setting(order, "headers"), count);
    const uint64_t antenna = pmt::to_uint64(setting(order, "header_antenna"));
    if (count == 0 || antenna >= antennas_ || !std::is_sorted(headers, headers + count) ||
        headers[count - 1] - headers[0] > most_samples)
        throw std::invalid_argument("headers: expected ascending ticks and an antenna below " +
                                    std::to_string(antennas_));
    const auto burst = static_cast<std::size_t>(headers[count - 1] - headers[0]) + header_.size();
    const pmt::pmt_t samples = pmt::make_c32vector(antennas_ * burst, 0);
    std::size_t size = 0;
    gr_complex* const out = pmt::c32vector_writable_elements(samples, size) + antenna * burst;
    for (std::size_t i = 0; i < count; ++i)
        std::copy(header_.begin(), header_.end(), out + (headers[i] - headers[0]));
    pmt::pmt_t metadata = pmt::make_dict();
    metadata = pmt::dict_add(metadata, pmt::mp("round"), pmt::from_uint64(round_of(order)));
    metadata = pmt::dict_add(metadata, pmt::mp("time"), pmt::from_uint64(headers[0]));
    message_port_pub(pmt::mp("bursts"), pmt::cons(metadata, samples));
}

/// What waited at the inputs was all that there was of the run before.
void header_source_impl::begin_anew() {}

}  // namespace aircomp
}  // namespace gr
