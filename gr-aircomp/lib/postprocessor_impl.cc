// SPDX-License-Identifier: GPL-3.0-or-later
// Received windows to sums as a block: messages to the kernel and back.
#include "postprocessor_impl.h"

#include <gnuradio/io_signature.h>

#include <utility>

namespace gr {
namespace aircomp {
namespace {

pmt::pmt_t add_report(pmt::pmt_t out, const phy::ReceiveReport& report) {
    out = pmt::dict_add(out, pmt::mp("found"), pmt::from_bool(report.found));
    if (!report.found) return out;
    const auto number = [&out](const char* key, double value) {
        out = pmt::dict_add(out, pmt::mp(key), pmt::from_double(value));
    };
    number("offset", report.sync.offset);
    number("snr", report.sync.snr);
    number("noise_power_w", report.noise_power_w);
    number("pilot_gain", report.pilot_gain);
    number("confidence", report.confidence);
    out = pmt::dict_add(out, pmt::mp("evm"),
                        pmt::init_f64vector(report.evm.size(), report.evm.data()));
    return pmt::dict_add(out, pmt::mp("phase"),
                         pmt::init_f64vector(report.phase.size(), report.phase.data()));
}

}  // namespace

postprocessor::sptr postprocessor::make(const phy::BurstFormat& format, size_t length,
                                        size_t antennas, size_t window_samples, size_t streams,
                                        std::optional<uint64_t> rotation_seed,
                                        int64_t channel_reference) {
    const phy::Payload payload{length, streams, rotation_seed};
    return gnuradio::make_block_sptr<postprocessor_impl>(format, payload, antennas, window_samples,
                                                         channel_reference);
}

postprocessor_impl::postprocessor_impl(const phy::BurstFormat& format, const phy::Payload& payload,
                                       size_t antennas, size_t window_samples,
                                       int64_t channel_reference)
    : gr::block("postprocessor", gr::io_signature::make(0, 0, 0), gr::io_signature::make(0, 0, 0)),
      kernel_(format, payload, antennas, window_samples),
      combiners_(format.resource_blocks() * payload.streams * antennas, 1.0F),
      pilot_reference_(format.resource_blocks() * payload.streams,
                       static_cast<float>(format.device_antennas.size())),
      sum_(payload.length) {
    settings_.channel_reference = channel_reference;
    settings_.smallest_part = 1.0 / static_cast<double>(format.device_antennas.size());
    settings_.combiners = combiners_;
    settings_.pilot_reference = pilot_reference_;
    kernel_.check(settings_);
    message_port_register_in(pmt::mp("windows"));
    message_port_register_in(pmt::mp("settings"));
    message_port_register_out(pmt::mp("sums"));
    message_port_register_out(pmt::mp("reports"));
    set_msg_handler(pmt::mp("windows"), [this](const pmt::pmt_t& pdu) {
        logging_errors(d_logger, "window", [&] { take_window(pdu); });
    });
}

void postprocessor_impl::change(const pmt::pmt_t& settings) {
    logging_errors(d_logger, "settings", [&] {
        phy::ReceiveSettings next = settings_;
        std::vector<phy::Sample> combiners = combiners_, pilot_reference = pilot_reference_;
        read_setting(settings, "scale", next.scale);
        read_setting(settings, "smallest_part", next.smallest_part);
        read_setting(settings, "combiners", combiners);
        read_setting(settings, "pilot_reference", pilot_reference);
        const pmt::pmt_t reference = setting(settings, "channel_reference");
        if (!pmt::is_null(reference)) next.channel_reference = pmt::to_long(reference);
        next.combiners = combiners;
        next.pilot_reference = pilot_reference;
        kernel_.check(next);
        combiners_ = std::move(combiners);
        pilot_reference_ = std::move(pilot_reference);
        settings_ = next;
        settings_.combiners = combiners_;
        settings_.pilot_reference = pilot_reference_;
    });
}

void postprocessor_impl::take_window(const pmt::pmt_t& pdu) {
    const pmt::pmt_t metadata = pmt::car(pdu);
    if (says(metadata, "sounding", true)) return;
    waiting_.fetch(*this, d_logger);
    waiting_.apply(round_of(metadata), [this](const pmt::pmt_t& s) { change(s); });
    std::size_t count = 0;
    const gr_complex* const samples = pmt::c32vector_elements(pmt::cdr(pdu), count);
    const phy::ReceiveReport& report = kernel_.process({samples, count}, settings_, sum_);
    if (report.found)
        message_port_pub(pmt::mp("sums"), pmt::cons(add_report(metadata, report),
                                                    pmt::init_f32vector(sum_.size(), sum_)));
    const pmt::pmt_t round =
        pmt::dict_add(pmt::make_dict(), pmt::mp("round"), pmt::from_uint64(round_of(metadata)));
    message_port_pub(pmt::mp("reports"), add_report(round, report));
}

void postprocessor_impl::begin_anew() {
    waiting_.fetch(*this, d_logger);
    waiting_.forget_rounds();
}

}  // namespace aircomp
}  // namespace gr
