// SPDX-License-Identifier: GPL-3.0-or-later
// What may go to a radio's converters, as a block.
#include "transmit_guard_impl.h"

#include <gnuradio/io_signature.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>

#include "round_settings.h"

namespace gr {
namespace aircomp {

transmit_guard::sptr transmit_guard::make(size_t antennas, double unit_power_dbfs,
                                          double max_mean_dbfs) {
    if (antennas == 0)
        throw std::invalid_argument("transmit_guard: antennas: expected above 0, found 0");
    return gnuradio::make_block_sptr<transmit_guard_impl>(antennas, unit_power_dbfs, max_mean_dbfs);
}

transmit_guard_impl::transmit_guard_impl(size_t antennas, double unit_power_dbfs,
                                         double max_mean_dbfs)
    : gr::block("transmit_guard", gr::io_signature::make(0, 0, 0), gr::io_signature::make(0, 0, 0)),
      antennas_(antennas),
      scale_(unit_power_dbfs),
      max_mean_dbfs_(max_mean_dbfs) {
    message_port_register_in(pmt::mp("bursts"));
    message_port_register_out(pmt::mp("bursts"));
    message_port_register_out(pmt::mp("reports"));
    set_msg_handler(pmt::mp("bursts"), [this](const pmt::pmt_t& pdu) {
        logging_errors(d_logger, "burst", [&] { take_burst(pdu); });
    });
}

void transmit_guard_impl::take_burst(const pmt::pmt_t& pdu) {
    std::size_t count = 0;
    const gr_complex* const watts = pmt::c32vector_elements(pmt::cdr(pdu), count);
    if (count == 0 || count % antennas_ != 0)
        throw std::invalid_argument("expected as many samples of each of " +
                                    std::to_string(antennas_) + " antennas, found " +
                                    std::to_string(count) + " in all");
    const pmt::pmt_t samples = pmt::make_c32vector(count, 0);
    gr_complex* const converter = pmt::c32vector_writable_elements(samples, count);
    const std::size_t length = count / antennas_;
    phy::ConverterLevel level;
    for (std::size_t a = 0; a < antennas_; ++a)
        scale_.to_converter({watts + a * length, length}, {converter + a * length, length}, level);
    // A level that is not a number is hidden by any that is one.
    const bool finite = std::all_of(watts, watts + count, [](const gr_complex& sample) {
        return std::isfinite(sample.real()) && std::isfinite(sample.imag());
    });
    const bool passed = finite && level.mean_dbfs() <= max_mean_dbfs_;
    pmt::pmt_t report = pmt::make_dict();
    report = pmt::dict_add(report, pmt::mp("round"), pmt::from_uint64(round_of(pmt::car(pdu))));
    report = pmt::dict_add(report, pmt::mp("passed"), pmt::from_bool(passed));
    report = pmt::dict_add(report, pmt::mp("clipped"), pmt::from_uint64(level.clipped));
    report = pmt::dict_add(report, pmt::mp("mean_dbfs"), pmt::from_double(level.mean_dbfs()));
    report = pmt::dict_add(report, pmt::mp("peak_dbfs"), pmt::from_double(level.peak_dbfs()));
    if (passed)
        message_port_pub(pmt::mp("bursts"), pmt::cons(pmt::car(pdu), samples));
    else
        d_logger->error("a burst of {} dBFS was refused: at most {} dBFS are allowed",
                        level.mean_dbfs(), max_mean_dbfs_);
    message_port_pub(pmt::mp("reports"), report);
}

/// What waited at the inputs was all that there was of the run before.
void transmit_guard_impl::begin_anew() {}

}  // namespace aircomp
}  // namespace gr
