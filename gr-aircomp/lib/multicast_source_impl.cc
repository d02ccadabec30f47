// SPDX-License-Identifier: GPL-3.0-or-later
// The server's messages as a block: bytes to the kernel, samples out.
#include "multicast_source_impl.h"

#include <gnuradio/io_signature.h>

#include <stdexcept>

#include "gnuradio/aircomp/phy/preprocessor.hpp"

namespace gr {
namespace aircomp {

multicast_source::sptr multicast_source::make(const phy::BurstFormat& format, size_t antennas,
                                              double power_w) {
    return gnuradio::make_block_sptr<multicast_source_impl>(format, antennas, power_w);
}

multicast_source_impl::multicast_source_impl(const phy::BurstFormat& format, size_t antennas,
                                             double power_w)
    : gr::block("multicast_source", gr::io_signature::make(0, 0, 0),
                gr::io_signature::make(0, 0, 0)),
      format_(format),
      antennas_(antennas),
      kernel_(format, antennas),
      settings_(first_settings(power_w, format)),
      beams_(antennas) {
    beams_[0] = 1;
    message_port_register_in(pmt::mp("messages"));
    message_port_register_in(pmt::mp("settings"));
    message_port_register_out(pmt::mp("bursts"));
    set_msg_handler(pmt::mp("messages"), [this](const pmt::pmt_t& pdu) {
        logging_errors(d_logger, "message", [&] { take_message(pdu); });
    });
}

void multicast_source_impl::change(const pmt::pmt_t& settings) {
    logging_errors(d_logger, "settings", [&] {
        const multicast_settings now = changed(settings_, settings, format_);
        std::vector<phy::Sample> beams = beams_;
        read_setting(settings, "beams", beams);
        if (beams.size() != antennas_ * now.modulation.streams)
            throw std::invalid_argument("beams: expected " +
                                        std::to_string(antennas_ * now.modulation.streams) +
                                        " numbers, found " + std::to_string(beams.size()));
        for (const phy::Sample& beam : beams) {
            if (!(std::abs(beam) <= 1))
                throw std::invalid_argument("beams: expected columns of norm 1");
        }
        settings_ = now;
        beams_ = beams;
    });
}

std::vector<phy::Sample> multicast_source_impl::burst_of(const pmt::pmt_t& pdu) {
    if (says(pmt::car(pdu), "training", true))
        return kernel_.training(beams_, settings_.modulation.streams, settings_.power_w);
    const std::vector<uint8_t> bytes = pmt::u8vector_elements(pmt::cdr(pdu));
    const pmt::pmt_t antenna = setting(pmt::car(pdu), "header_antenna");
    const uint64_t header_antenna = pmt::is_null(antenna) ? 0 : pmt::to_uint64(antenna);
    if (header_antenna >= antennas_)
        throw std::invalid_argument("header_antenna: expected below " + std::to_string(antennas_) +
                                    ", found " + std::to_string(header_antenna));
    if (bytes.empty() ||
        phy::message_samples(format_, bytes.size(), settings_.modulation) > most_samples)
        throw std::invalid_argument("message: expected a byte at least, and a burst of at most " +
                                    std::to_string(most_samples) + " samples");
    return kernel_.message(bytes, settings_.modulation, beams_, settings_.power_w, header_antenna);
}

void multicast_source_impl::take_message(const pmt::pmt_t& pdu) {
    waiting_.fetch(*this, d_logger);
    const pmt::pmt_t order = pmt::car(pdu);
    waiting_.apply(round_of(order), [this](const pmt::pmt_t& s) { change(s); });
    const uint64_t time = pmt::to_uint64(setting(order, "time"));
    const std::vector<phy::Sample> burst = burst_of(pdu);
    pmt::pmt_t metadata = pmt::make_dict();
    metadata = pmt::dict_add(metadata, pmt::mp("round"), pmt::from_uint64(round_of(order)));
    metadata = pmt::dict_add(metadata, pmt::mp("time"), pmt::from_uint64(time));
    message_port_pub(pmt::mp("bursts"),
                     pmt::cons(metadata, pmt::init_c32vector(burst.size(), burst.data())));
}

void multicast_source_impl::begin_anew() {
    waiting_.fetch(*this, d_logger);
    waiting_.forget_rounds();
}

}  // namespace aircomp
}  // namespace gr
