// SPDX-License-Identifier: GPL-3.0-or-later
// A device's receiver of the server's messages as a block: windows to the kernel, bytes out.
#include "multicast_receiver_impl.h"

#include <gnuradio/io_signature.h>

#include <stdexcept>

namespace gr {
namespace aircomp {
namespace {

void require_bytes(std::size_t message_bytes) {
    if (message_bytes < 1)
        throw std::invalid_argument(
            "multicast_receiver: message_bytes: expected at least 1, found 0");
}

}  // namespace

multicast_receiver::sptr multicast_receiver::make(const phy::BurstFormat& format,
                                                  size_t message_bytes, size_t antennas,
                                                  size_t lead, size_t tail, double power_w) {
    require_bytes(message_bytes);
    return gnuradio::make_block_sptr<multicast_receiver_impl>(format, message_bytes, antennas, lead,
                                                              tail, power_w);
}

multicast_receiver_impl::multicast_receiver_impl(const phy::BurstFormat& format,
                                                 size_t message_bytes, size_t antennas, size_t lead,
                                                 size_t tail, double power_w)
    : gr::block("multicast_receiver", gr::io_signature::make(0, 0, 0),
                gr::io_signature::make(0, 0, 0)),
      format_(format),
      message_bytes_(message_bytes),
      antennas_(antennas),
      lead_(lead),
      tail_(tail),
      kernel_(format, antennas, lead, tail),
      settings_(first_settings(power_w, format)) {
    message_port_register_in(pmt::mp("windows"));
    message_port_register_in(pmt::mp("settings"));
    message_port_register_out(pmt::mp("messages"));
    set_msg_handler(pmt::mp("windows"), [this](const pmt::pmt_t& pdu) {
        logging_errors(d_logger, "window", [&] { take_window(pdu); });
    });
}

void multicast_receiver_impl::change(const pmt::pmt_t& settings) {
    logging_errors(d_logger, "settings", [&] {
        const multicast_settings now = changed(settings_, settings, format_);
        if (now.modulation.streams > antennas_)
            throw std::invalid_argument("streams: expected at most " + std::to_string(antennas_) +
                                        ", as many as antennas, found " +
                                        std::to_string(now.modulation.streams));
        settings_ = now;
    });
}

void multicast_receiver_impl::take_window(const pmt::pmt_t& pdu) {
    waiting_.fetch(*this, d_logger);
    const pmt::pmt_t metadata = pmt::car(pdu);
    waiting_.apply(round_of(metadata), [this](const pmt::pmt_t& s) { change(s); });
    std::size_t count = 0;
    const gr_complex* const samples = pmt::c32vector_elements(pmt::cdr(pdu), count);
    const bool is_training = says(metadata, "training", true);
    phy::MulticastReport report;
    std::vector<uint8_t> message(message_bytes_);
    if (is_training) {
        has_learned_ = false;  // if the window is refused, too
        has_learned_ =
            kernel_.train({samples, count}, settings_.modulation.streams, settings_.power_w);
        report.decoded = has_learned_;
    } else if (has_learned_) {
        double phase = 0, offset = 0;
        read_setting(metadata, "phase", phase);
        read_setting(metadata, "offset", offset);
        report = kernel_.receive({samples, count}, settings_.modulation, phase, offset, message);
    }
    if (is_training || !report.decoded) message.clear();
    pmt::pmt_t out = pmt::make_dict();
    out = pmt::dict_add(out, pmt::mp("round"), pmt::from_uint64(round_of(metadata)));
    out = pmt::dict_add(out, pmt::mp("training"), pmt::from_bool(is_training));
    out = pmt::dict_add(out, pmt::mp("found"), pmt::from_bool(report.decoded));
    out = pmt::dict_add(out, pmt::mp("evm"), pmt::from_double(report.evm));
    out = pmt::dict_add(out, pmt::mp("noise_power_w"), pmt::from_double(report.noise_power_w));
    message_port_pub(pmt::mp("messages"),
                     pmt::cons(out, pmt::init_u8vector(message.size(), message)));
}

/// The streams of the run before are forgotten.
void multicast_receiver_impl::begin_anew() {
    waiting_.fetch(*this, d_logger);
    waiting_.forget_rounds();
    has_learned_ = false;
    kernel_ = phy::MulticastReceiver(format_, antennas_, lead_, tail_);
}

}  // namespace aircomp
}  // namespace gr
