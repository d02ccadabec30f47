// SPDX-License-Identifier: GPL-3.0-or-later
// Channel estimation as a block: messages to the kernel and back.
#include "sounder_impl.h"

#include <gnuradio/io_signature.h>

#include <cmath>
#include <stdexcept>
#include <string>

namespace gr {
namespace aircomp {
namespace {

void add(pmt::pmt_t& out, const char* key, const pmt::pmt_t& value) {
    out = pmt::dict_add(out, pmt::mp(key), value);
}

pmt::pmt_t describe(const phy::DeviceEstimate& device) {
    pmt::pmt_t out = pmt::make_dict();
    add(out, "found", pmt::from_bool(device.found));
    add(out, "mmse", pmt::init_c32vector(device.mmse.size(), device.mmse.data()));
    add(out, "least_squares",
        pmt::init_c32vector(device.least_squares.size(), device.least_squares.data()));
    add(out, "least_squares_variance", pmt::from_double(device.least_squares_variance));
    add(out, "mmse_variance",
        pmt::init_f64vector(device.mmse_variance.size(), device.mmse_variance.data()));
    add(out, "path_gain", pmt::from_double(device.path_gain));
    add(out, "delay_samples", pmt::from_double(device.delay_samples));
    return out;
}

}  // namespace

sounder::sptr sounder::make(const phy::BurstFormat& format, size_t antennas, size_t window_samples,
                            double power_w) {
    return gnuradio::make_block_sptr<sounder_impl>(format, antennas, window_samples, power_w);
}

sounder_impl::sounder_impl(const phy::BurstFormat& format, size_t antennas, size_t window_samples,
                           double power_w)
    : gr::block("sounder", gr::io_signature::make(0, 0, 0), gr::io_signature::make(0, 0, 0)),
      kernel_(format, antennas, window_samples),
      powers_w_(format.device_antennas.size(), power_w) {
    message_port_register_in(pmt::mp("windows"));
    message_port_register_in(pmt::mp("settings"));
    message_port_register_out(pmt::mp("estimates"));
    set_msg_handler(pmt::mp("windows"), [this](const pmt::pmt_t& pdu) {
        logging_errors(d_logger, "window", [&] { take_window(pdu); });
    });
}

void sounder_impl::change(const pmt::pmt_t& settings) {
    logging_errors(d_logger, "settings", [&] {
        const pmt::pmt_t power_w = setting(settings, "power_w");
        if (pmt::is_null(power_w)) return;
        const std::vector<double> powers_w = pmt::f64vector_elements(power_w);
        if (powers_w.size() != powers_w_.size())
            throw std::invalid_argument("power_w: expected " + std::to_string(powers_w_.size()) +
                                        " powers, found " + std::to_string(powers_w.size()));
        for (const double power : powers_w) {
            if (!(std::isfinite(power) && power >= 0))
                throw std::invalid_argument("power_w: expected at least 0, found " +
                                            std::to_string(power));
        }
        powers_w_ = powers_w;
    });
}

void sounder_impl::take_window(const pmt::pmt_t& pdu) {
    if (says(pmt::car(pdu), "sounding", false)) return;
    waiting_.fetch(*this, d_logger);
    waiting_.apply(round_of(pmt::car(pdu)), [this](const pmt::pmt_t& s) { change(s); });
    std::size_t count = 0;
    const gr_complex* const samples = pmt::c32vector_elements(pmt::cdr(pdu), count);
    const phy::SoundingReport& report = kernel_.process({samples, count}, powers_w_);
    pmt::pmt_t out = pmt::make_dict();
    add(out, "round", pmt::from_uint64(round_of(pmt::car(pdu))));
    add(out, "found", pmt::from_bool(report.found));
    if (report.found) {
        add(out, "reference", pmt::from_long(static_cast<long>(report.reference)));
        add(out, "offset", pmt::from_double(report.offset));
        add(out, "noise_power_w", pmt::from_double(report.noise_power_w));
        pmt::pmt_t devices = pmt::make_vector(report.devices.size(), pmt::PMT_NIL);
        for (std::size_t n = 0; n < report.devices.size(); ++n)
            pmt::vector_set(devices, n, describe(report.devices[n]));
        add(out, "devices", devices);
    }
    message_port_pub(pmt::mp("estimates"), out);
}

void sounder_impl::begin_anew() {
    waiting_.fetch(*this, d_logger);
    waiting_.forget_rounds();
}

}  // namespace aircomp
}  // namespace gr
