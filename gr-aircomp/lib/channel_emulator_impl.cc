// SPDX-License-Identifier: GPL-3.0-or-later
// The channel emulator as a block: settings in order, samples through the kernel.
#include "channel_emulator_impl.h"

#include <gnuradio/io_signature.h>
#include <pmt/pmt.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "round_settings.h"

namespace gr {
namespace aircomp {
namespace {

using Real = double phy::RadioImpairments::*;
constexpr std::pair<const char*, Real> reals[] = {
    {"carrier_offset_hz", &phy::RadioImpairments::carrier_offset_hz},
    {"sampling_offset_ppm", &phy::RadioImpairments::sampling_offset_ppm},
    {"timing_offset", &phy::RadioImpairments::timing_offset},
    {"linewidth_hz", &phy::RadioImpairments::linewidth_hz},
    {"iq_gain_db", &phy::RadioImpairments::iq_gain_db},
    {"iq_phase_deg", &phy::RadioImpairments::iq_phase_deg},
    {"full_scale", &phy::RadioImpairments::full_scale},
};

pmt::pmt_t entry(const pmt::pmt_t& settings, const char* key) {
    return pmt::dict_ref(settings, pmt::mp(key), pmt::PMT_NIL);
}

std::size_t index(const pmt::pmt_t& settings, const char* key) {
    const pmt::pmt_t value = entry(settings, key);
    return pmt::is_uint64(value) ? pmt::to_uint64(value)
                                 : static_cast<std::size_t>(pmt::to_long(value));
}

phy::RadioImpairments changed(phy::RadioImpairments impairments, const pmt::pmt_t& settings) {
    for (const auto& [name, field] : reals) {
        const pmt::pmt_t value = entry(settings, name);
        if (!pmt::is_null(value)) impairments.*field = pmt::to_double(value);
    }
    const pmt::pmt_t bits = entry(settings, "converter_bits");
    if (!pmt::is_null(bits)) impairments.converter_bits = static_cast<unsigned>(pmt::to_long(bits));
    const pmt::pmt_t on = entry(settings, "on");
    if (!pmt::is_null(on)) impairments.on = pmt::to_bool(on);
    return impairments;
}

std::vector<phy::Path> make_paths(const std::vector<double>& delays,
                                  const std::vector<std::complex<double>>& gains) {
    if (delays.size() != gains.size())
        throw std::invalid_argument("channel_emulator: expected as many delays as gains, found " +
                                    std::to_string(delays.size()) + " and " +
                                    std::to_string(gains.size()));
    std::vector<phy::Path> paths;
    for (std::size_t p = 0; p < delays.size(); ++p)
        paths.push_back({delays[p], gains[p], 0, 0});
    return paths;
}

}  // namespace

channel_emulator::sptr channel_emulator::make(double sample_rate_hz,
                                              const std::vector<size_t>& transmitter_antennas,
                                              const std::vector<size_t>& receiver_antennas,
                                              double noise_power, double most_delay,
                                              double most_offset, uint64_t seed) {
    const phy::EmulatorConfig config{sample_rate_hz, transmitter_antennas, receiver_antennas,
                                     most_delay,     most_offset,          seed};
    return gnuradio::make_block_sptr<channel_emulator_impl>(config, noise_power);
}

channel_emulator_impl::channel_emulator_impl(const phy::EmulatorConfig& config, double noise_power)
    : gr::sync_block("channel_emulator", gr::io_signature::make(1, -1, sizeof(gr_complex)),
                     gr::io_signature::make(1, -1, sizeof(gr_complex))),
      emulator_(config),
      transmitters_(config.transmitter_antennas.size()),
      transmit_(emulator_.transmit_streams()),
      receive_(emulator_.receive_streams()) {
    const auto inputs = static_cast<int>(transmit_.size());
    const auto outputs = static_cast<int>(receive_.size());
    set_input_signature(gr::io_signature::make(inputs, inputs, sizeof(gr_complex)));
    set_output_signature(gr::io_signature::make(outputs, outputs, sizeof(gr_complex)));
    set_tag_propagation_policy(TPP_DONT);
    emulator_.set_noise_power(noise_power);
    message_port_register_in(pmt::mp("settings"));
    set_msg_handler(pmt::mp("settings"),
                    [this](const pmt::pmt_t& message) { take_message(message); });
}

void channel_emulator_impl::set_noise_power(double power) {
    const std::lock_guard<std::mutex> lock(mutex_);
    emulator_.set_noise_power(power);
}

void channel_emulator_impl::change_transmitters(std::size_t values, const Change& change) {
    if (values != 1 && values != transmitters_)
        throw std::invalid_argument("channel_emulator: expected one value or " +
                                    std::to_string(transmitters_) + ", found " +
                                    std::to_string(values));
    const std::lock_guard<std::mutex> lock(mutex_);
    for (std::size_t n = 0; n < transmitters_; ++n) {
        phy::RadioImpairments impairments = emulator_.transmitter(n);
        change(impairments, values == 1 ? 0 : n);
        emulator_.set_transmitter(n, impairments);
    }
}

void channel_emulator_impl::set_carrier_offsets(const std::vector<double>& offsets_hz) {
    change_transmitters(offsets_hz.size(), [&](phy::RadioImpairments& r, std::size_t n) {
        r.carrier_offset_hz = offsets_hz[n];
    });
}

void channel_emulator_impl::set_sampling_offsets(const std::vector<double>& offsets_ppm) {
    change_transmitters(offsets_ppm.size(), [&](phy::RadioImpairments& r, std::size_t n) {
        r.sampling_offset_ppm = offsets_ppm[n];
    });
}

void channel_emulator_impl::set_timing_offsets(const std::vector<double>& offsets) {
    change_transmitters(offsets.size(), [&](phy::RadioImpairments& r, std::size_t n) {
        r.timing_offset = offsets[n];
    });
}

void channel_emulator_impl::set_linewidths(const std::vector<double>& linewidths_hz) {
    change_transmitters(linewidths_hz.size(), [&](phy::RadioImpairments& r, std::size_t n) {
        r.linewidth_hz = linewidths_hz[n];
    });
}

void channel_emulator_impl::set_on(const std::vector<bool>& on) {
    change_transmitters(on.size(), [&](phy::RadioImpairments& r, std::size_t n) { r.on = on[n]; });
}

void channel_emulator_impl::set_link(size_t receive_stream, size_t transmit_stream,
                                     const std::vector<double>& delays,
                                     const std::vector<std::complex<double>>& gains) {
    const std::vector<phy::Path> paths = make_paths(delays, gains);
    const std::lock_guard<std::mutex> lock(mutex_);
    emulator_.set_link(receive_stream, transmit_stream, paths);
}

size_t channel_emulator_impl::latency() const {
    return emulator_.latency();
}

std::complex<double> channel_emulator_impl::response(size_t receive_stream, size_t transmit_stream,
                                                     double frequency) const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return emulator_.response(receive_stream, transmit_stream, frequency);
}

void channel_emulator_impl::take_message(const pmt::pmt_t& message) {
    const pmt::pmt_t settings =
        pmt::is_pair(message) && !pmt::is_dict(message) ? pmt::cdr(message) : message;
    const std::lock_guard<std::mutex> lock(mutex_);
    logging_errors(d_logger, "settings", [&] {
        const pmt::pmt_t at = entry(settings, "at");
        if (pmt::is_null(at))
            apply(settings);
        else
            waiting_.emplace(pmt::to_uint64(at), settings);
    });
}

/// All of a message's settings, or none where one is refused.
void channel_emulator_impl::apply(const pmt::pmt_t& settings) {
    Undo undo;
    try {
        apply(settings, undo);
    } catch (const std::exception&) {
        for (auto step = undo.rbegin(); step != undo.rend(); ++step)
            (*step)();
        throw;
    }
}

void channel_emulator_impl::apply(const pmt::pmt_t& settings, Undo& undo) {
    undo.push_back([this, power = emulator_.noise_power()] { emulator_.set_noise_power(power); });
    const pmt::pmt_t noise_power = entry(settings, "noise_power");
    if (!pmt::is_null(noise_power)) emulator_.set_noise_power(pmt::to_double(noise_power));
    apply_radio(settings, undo);
    if (!pmt::is_null(entry(settings, "delays"))) apply_link(settings);
}

void channel_emulator_impl::apply_radio(const pmt::pmt_t& settings, Undo& undo) {
    if (!pmt::is_null(entry(settings, "transmitter"))) {
        const std::size_t radio = index(settings, "transmitter");
        undo.push_back([this, radio, before = emulator_.transmitter(radio)] {
            emulator_.set_transmitter(radio, before);
        });
        emulator_.set_transmitter(radio, changed(emulator_.transmitter(radio), settings));
    }
    if (!pmt::is_null(entry(settings, "receiver"))) {
        const std::size_t radio = index(settings, "receiver");
        undo.push_back([this, radio, before = emulator_.receiver(radio)] {
            emulator_.set_receiver(radio, before);
        });
        emulator_.set_receiver(radio, changed(emulator_.receiver(radio), settings));
    }
}

void channel_emulator_impl::apply_link(const pmt::pmt_t& settings) {
    const auto delays = pmt::f64vector_elements(entry(settings, "delays"));
    const auto gains = pmt::c64vector_elements(entry(settings, "gains"));
    emulator_.set_link(index(settings, "receive_stream"), index(settings, "transmit_stream"),
                       make_paths(delays, gains));
}

/// As usrp_source tags what it receives: blocks that go by the radio's time work behind both.
void channel_emulator_impl::tag_start() {
    const pmt::pmt_t zero = pmt::make_tuple(pmt::from_uint64(0), pmt::from_double(0));
    for (std::size_t r = 0; r < receive_.size(); ++r)
        add_item_tag(static_cast<unsigned>(r), nitems_written(static_cast<unsigned>(r)),
                     pmt::mp("rx_time"), zero);
}

int channel_emulator_impl::work(int items, gr_vector_const_void_star& inputs,
                                gr_vector_void_star& outputs) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const uint64_t now = done_;
    if (now == 0) tag_start();
    while (!waiting_.empty() && waiting_.begin()->first <= now) {
        const pmt::pmt_t settings = waiting_.begin()->second;
        waiting_.erase(waiting_.begin());
        logging_errors(d_logger, "settings", [&] { apply(settings); });
    }
    auto count = static_cast<std::size_t>(items);
    if (!waiting_.empty()) count = std::min<uint64_t>(count, waiting_.begin()->first - now);
    for (std::size_t k = 0; k < transmit_.size(); ++k)
        transmit_[k] = {static_cast<const gr_complex*>(inputs[k]), count};
    for (std::size_t r = 0; r < receive_.size(); ++r)
        receive_[r] = {static_cast<gr_complex*>(outputs[r]), count};
    emulator_.process(transmit_, receive_);
    done_ += count;
    return static_cast<int>(count);
}

void channel_emulator_impl::begin_anew() {
    const std::lock_guard<std::mutex> lock(mutex_);
    // Settings for a sample of the run before will not be due again.
    waiting_.clear();
    done_ = 0;
    emulator_.seek(0);
    emulator_.restart_clocks();
}

}  // namespace aircomp
}  // namespace gr
