// SPDX-License-Identifier: GPL-3.0-or-later
// Vectors to bursts as a block: messages to the kernel and back.
#include "preprocessor_impl.h"

#include <gnuradio/io_signature.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>
#include <utility>

namespace gr {
namespace aircomp {

preprocessor::sptr preprocessor::make(const phy::BurstFormat& format, size_t device, size_t length,
                                      size_t streams, std::optional<uint64_t> rotation_seed) {
    if (device >= format.device_antennas.size())
        throw std::invalid_argument("preprocessor: device: expected below " +
                                    std::to_string(format.device_antennas.size()) + ", found " +
                                    std::to_string(device));
    const phy::Payload payload{length, streams, rotation_seed};
    return gnuradio::make_block_sptr<preprocessor_impl>(format, device, payload);
}

preprocessor_impl::preprocessor_impl(const phy::BurstFormat& format, size_t device,
                                     const phy::Payload& payload)
    : gr::block("preprocessor", gr::io_signature::make(0, 0, 0), gr::io_signature::make(0, 0, 0)),
      format_(format),
      device_(device),
      kernel_(format, payload, format.device_antennas[device]),
      precoders_(format.resource_blocks() * kernel_.antennas() * payload.streams, 1.0F),
      samples_(kernel_.antennas() * std::max(kernel_.burst_samples(), format.sounding_samples())) {
    settings_.precoders = precoders_;
    message_port_register_in(pmt::mp("vectors"));
    message_port_register_in(pmt::mp("settings"));
    message_port_register_out(pmt::mp("bursts"));
    message_port_register_out(pmt::mp("reports"));
    set_msg_handler(pmt::mp("vectors"), [this](const pmt::pmt_t& pdu) {
        logging_errors(d_logger, "vector", [&] {
            try {
                take_vector(pdu);
            } catch (const std::exception&) {
                pass_in_silence(pdu);
                throw;
            }
        });
    });
}

void preprocessor_impl::change(const pmt::pmt_t& settings) {
    logging_errors(d_logger, "settings", [&] {
        phy::TransmitSettings next = settings_;
        double sounding_power_w = sounding_power_w_;
        std::vector<phy::Sample> precoders = precoders_;
        read_setting(settings, "scale", next.scale);
        read_setting(settings, "second_moment", next.second_moment);
        read_setting(settings, "clip_level", next.clip_level);
        read_setting(settings, "preamble_power_w", next.preamble_power_w);
        read_setting(settings, "phase", next.phase);
        read_setting(settings, "offset", next.offset);
        read_setting(settings, "sounding_power_w", sounding_power_w);
        read_setting(settings, "precoders", precoders);
        next.precoders = precoders;
        kernel_.check(next);
        if (!(std::isfinite(sounding_power_w) && sounding_power_w > 0))
            throw std::invalid_argument("sounding_power_w: expected above 0, found " +
                                        std::to_string(sounding_power_w));
        sounding_power_w_ = sounding_power_w;
        precoders_ = std::move(precoders);
        settings_ = next;
        settings_.precoders = precoders_;
    });
}

void preprocessor_impl::take_vector(const pmt::pmt_t& pdu) {
    const pmt::pmt_t metadata = pmt::car(pdu);
    waiting_.fetch(*this, d_logger);
    waiting_.apply(round_of(metadata), [this](const pmt::pmt_t& s) { change(s); });
    if (says(metadata, "sounding", true)) {
        const std::size_t count = format_.sounding_samples();
        publish(metadata,
                kernel_.sounding_burst(device_, sounding_power_w_, settings_,
                                       gsl::span(samples_).first(kernel_.antennas() * count)),
                count);
        return;
    }
    std::size_t length = 0;
    const float* const vector = pmt::f32vector_elements(pmt::cdr(pdu), length);
    const std::size_t count = kernel_.burst_samples();
    publish(metadata,
            kernel_.data_burst({vector, length}, settings_,
                               gsl::span(samples_).first(kernel_.antennas() * count)),
            count);
}

/// Whose vector was refused has no burst in that round; later rounds need not wait for one.
void preprocessor_impl::pass_in_silence(const pmt::pmt_t& pdu) {
    if (!pmt::is_pair(pdu) || !pmt::is_dict(pmt::car(pdu)) ||
        !pmt::is_uint64(setting(pmt::car(pdu), "round")))
        return;
    message_port_pub(pmt::mp("bursts"), pmt::cons(pmt::car(pdu), pmt::make_c32vector(0, 0)));
}

void preprocessor_impl::publish(const pmt::pmt_t& metadata, const phy::TransmitReport& report,
                                std::size_t samples) {
    message_port_pub(
        pmt::mp("bursts"),
        pmt::cons(metadata, pmt::init_c32vector(kernel_.antennas() * samples, samples_.data())));
    pmt::pmt_t out = pmt::make_dict();
    out = pmt::dict_add(out, pmt::mp("round"), pmt::from_uint64(round_of(metadata)));
    out = pmt::dict_add(out, pmt::mp("clipped"), pmt::from_uint64(report.clipped));
    out = pmt::dict_add(out, pmt::mp("mean_power_w"), pmt::from_double(report.mean_power_w));
    out = pmt::dict_add(out, pmt::mp("peak_power_w"), pmt::from_double(report.peak_power_w));
    out = pmt::dict_add(out, pmt::mp("papr_db"), pmt::from_double(report.papr_db));
    message_port_pub(pmt::mp("reports"), out);
}

void preprocessor_impl::begin_anew() {
    waiting_.fetch(*this, d_logger);
    waiting_.forget_rounds();
}

}  // namespace aircomp
}  // namespace gr
