// SPDX-License-Identifier: GPL-3.0-or-later
// The channel emulator as a block.
#pragma once

#include <gnuradio/aircomp/channel_emulator.h>

#include <functional>
#include <map>
#include <mutex>

#include "gnuradio/aircomp/phy/channel_emulator.hpp"
#include "restartable.h"

namespace gr {
namespace aircomp {

class channel_emulator_impl : public restartable<channel_emulator> {
public:
    channel_emulator_impl(const phy::EmulatorConfig& config, double noise_power);

    void set_noise_power(double power) override;
    void set_carrier_offsets(const std::vector<double>& offsets_hz) override;
    void set_sampling_offsets(const std::vector<double>& offsets_ppm) override;
    void set_timing_offsets(const std::vector<double>& offsets) override;
    void set_linewidths(const std::vector<double>& linewidths_hz) override;
    void set_on(const std::vector<bool>& on) override;
    void set_link(size_t receive_stream, size_t transmit_stream, const std::vector<double>& delays,
                  const std::vector<std::complex<double>>& gains) override;
    size_t latency() const override;
    std::complex<double> response(size_t receive_stream, size_t transmit_stream,
                                  double frequency) const override;

    int work(int items, gr_vector_const_void_star& inputs, gr_vector_void_star& outputs) override;

private:
    void begin_anew() override;
    void tag_start();
    using Change = std::function<void(phy::RadioImpairments&, std::size_t radio)>;
    using Undo = std::vector<std::function<void()>>;  // In the order of what was done.

    void change_transmitters(std::size_t values, const Change& change);
    void take_message(const pmt::pmt_t& message);
    void apply(const pmt::pmt_t& settings);
    void apply(const pmt::pmt_t& settings, Undo& undo);
    void apply_radio(const pmt::pmt_t& settings, Undo& undo);
    void apply_link(const pmt::pmt_t& settings);

    mutable std::mutex mutex_;  // Setters and messages come from other threads than work().
    phy::ChannelEmulator emulator_;
    std::size_t transmitters_;
    std::multimap<uint64_t, pmt::pmt_t> waiting_;  // Settings by the sample from which they hold.
    uint64_t done_ = 0;                            // Samples since the flowgraph began.
    std::vector<gsl::span<const phy::Sample>> transmit_;
    std::vector<gsl::span<phy::Sample>> receive_;
};

}  // namespace aircomp
}  // namespace gr
