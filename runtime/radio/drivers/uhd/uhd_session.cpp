// SPDX-License-Identifier: GPL-3.0-or-later
// RadioSession over UHD: USRPs and whatever else UHD finds by its device arguments. The only unit
// that knows UHD's headers.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <functional>
#include <stdexcept>
#include <thread>
#include <uhd/exception.hpp>
#include <uhd/usrp/multi_usrp.hpp>

#include "gnuradio/aircomp/phy/converter_scale.hpp"
#include "radio/burst_tracker.hpp"
#include "radio/drivers.hpp"

namespace aircomp::runtime {
namespace {

namespace phy = gr::aircomp::phy;

using Clock = std::chrono::steady_clock;
using Samples = std::vector<std::complex<float>>;

constexpr auto lock_patience = std::chrono::seconds(10);
constexpr auto poll = std::chrono::milliseconds(10);
// Radio time is some milliseconds away, and may stand where nobody looks at it.
constexpr auto clock_poll = std::chrono::microseconds(200);
// How long a call into UHD may block before radio time is looked at again.
constexpr double slice_s = 0.05;
// What a front end may be off the carrier asked for: steps of its oscillators are finer.
constexpr double most_carrier_error_hz = 10;
constexpr double most_rate_error = 1e-9;

class UhdSession final : public RadioSession {
public:
    explicit UhdSession(const RadioOptions& options);
    ~UhdSession() override;

    const RadioOptions& options() const override { return options_; }
    std::vector<Ticks> last_pulse() override;
    void set_time_at_next_pulse(Ticks time) override;
    void tune(Ticks time) override;
    Ticks now() override { return ticks(usrp_->get_time_now()); }
    void transmit(Ticks begin, gsl::span<const std::complex<float>> samples) override;
    BurstReport finish_burst() override;
    WindowReport receive(Ticks begin, gsl::span<std::complex<float>> samples) override;
    void rest() override;
    void call(gsl::span<const std::string> radios) override;

private:
    [[noreturn]] void fail(const std::string& what) const {
        throw std::runtime_error("radio '" + options_.name + "': " + what);
    }
    uhd::time_spec_t time(Ticks ticks) const {
        return uhd::time_spec_t::from_ticks(ticks, options_.sample_rate_hz);
    }
    Ticks ticks(const uhd::time_spec_t& time) const {
        return time.to_ticks(options_.sample_rate_hz);
    }
    Ticks patience() const {
        return static_cast<Ticks>(options_.timeout_s * options_.sample_rate_hz);
    }

    void take_references();
    void set_up_channels();
    void set_rate();
    void open_streams();
    void wait_for(const std::string& what, const std::function<bool()>& holds) const;
    bool oscillators_locked();
    void hear_radio(double seconds);
    void end_stream();
    WindowState collect(Ticks begin, gsl::span<std::complex<float>> samples);
    void forget_windows();

    RadioOptions options_;
    phy::ConverterScale scale_;
    uhd::usrp::multi_usrp::sptr usrp_;
    std::vector<std::size_t> channels_;
    uhd::tx_streamer::sptr transmitter_;
    uhd::rx_streamer::sptr receiver_;
    BurstTracker burst_;
    BurstReport report_;
    Ticks burst_end_ = 0;
    Samples sent_;
};

UhdSession::UhdSession(const RadioOptions& options)
    : options_(options), scale_(options.unit_power_dbfs) {
    try {
        usrp_ = uhd::usrp::multi_usrp::make(uhd::device_addr_t(options_.args));
        take_references();
        set_up_channels();
        set_rate();
        open_streams();
    } catch (const uhd::exception& error) {
        std::string reason = error.what();
        std::replace(reason.begin(), reason.end(), '\n', ' ');
        fail("device arguments '" + options_.args + "': " + reason);
    }
}

UhdSession::~UhdSession() {
    // Streamers end before the device that they belong to.
    transmitter_.reset();
    receiver_.reset();
}

void UhdSession::take_references() {
    usrp_->set_clock_source(options_.clock_source);
    usrp_->set_time_source(options_.time_source);
    if (options_.clock_source == "internal") return;
    for (std::size_t board = 0; board < usrp_->get_num_mboards(); ++board) {
        wait_for("board " + std::to_string(board) + " to lock to clock source '" +
                     options_.clock_source + "' (ref_locked)",
                 [&] { return usrp_->get_mboard_sensor("ref_locked", board).to_bool(); });
    }
}

void UhdSession::set_up_channels() {
    if (!options_.subdevice.empty()) {
        usrp_->set_tx_subdev_spec(options_.subdevice);
        usrp_->set_rx_subdev_spec(options_.subdevice);
    }
    const std::size_t most = std::min(usrp_->get_tx_num_channels(), usrp_->get_rx_num_channels());
    if (most < options_.channels) {
        fail("expected " + std::to_string(options_.channels) +
             " channels in both directions, found " + std::to_string(most) + " with subdevice '" +
             options_.subdevice + "'");
    }
    for (std::size_t channel = 0; channel < options_.channels; ++channel) {
        channels_.push_back(channel);
        usrp_->set_tx_gain(options_.transmit_gain_db, channel);
        // Only B200 and E3xx front ends (FE-RX1, FE-RX2) have automatic gain; others warn of being
        // asked.
        if (usrp_->get_rx_subdev_name(channel).rfind("FE-", 0) == 0)
            usrp_->set_rx_agc(false, channel);
        usrp_->set_rx_gain(options_.receive_gain_db, channel);
        if (!options_.transmit_port.empty()) usrp_->set_tx_antenna(options_.transmit_port, channel);
        if (!options_.receive_port.empty()) usrp_->set_rx_antenna(options_.receive_port, channel);
    }
}

void UhdSession::set_rate() {
    const double asked = options_.sample_rate_hz;
    for (const std::size_t channel : channels_) {
        usrp_->set_tx_rate(asked, channel);
        usrp_->set_rx_rate(asked, channel);
        for (const double found : {usrp_->get_tx_rate(channel), usrp_->get_rx_rate(channel)}) {
            if (std::abs(found / asked - 1) <= most_rate_error) continue;
            fail("expected a sample rate of " + std::to_string(asked) + " Hz, found " +
                 std::to_string(found) + " Hz: the master clock of " +
                 std::to_string(usrp_->get_master_clock_rate()) + " Hz has to be a multiple");
        }
    }
}

void UhdSession::open_streams() {
    uhd::stream_args_t args("fc32", "sc16");
    args.channels = channels_;
    transmitter_ = usrp_->get_tx_stream(args);
    receiver_ = usrp_->get_rx_stream(args);
}

void UhdSession::wait_for(const std::string& what, const std::function<bool()>& holds) const {
    const auto deadline = Clock::now() + lock_patience;
    while (!holds()) {
        if (Clock::now() > deadline) {
            fail("waited " + std::to_string(lock_patience.count()) + " s in vain for " + what);
        }
        std::this_thread::sleep_for(poll);
    }
}

std::vector<Ticks> UhdSession::last_pulse() {
    std::vector<Ticks> pulses;
    for (std::size_t board = 0; board < usrp_->get_num_mboards(); ++board)
        pulses.push_back(ticks(usrp_->get_time_last_pps(board)));
    return pulses;
}

void UhdSession::set_time_at_next_pulse(Ticks when) {
    usrp_->set_time_next_pps(time(when));
}

void UhdSession::tune(Ticks when) {
    usrp_->set_command_time(time(when));
    for (const std::size_t channel : channels_) {
        usrp_->set_tx_freq(uhd::tune_request_t(options_.frequency_hz), channel);
        usrp_->set_rx_freq(uhd::tune_request_t(options_.frequency_hz), channel);
    }
    usrp_->clear_command_time();
    while (now() < when)
        std::this_thread::sleep_for(clock_poll);
    wait_for("the oscillators of all channels (lo_locked)", [&] { return oscillators_locked(); });
    for (const std::size_t channel : channels_) {
        for (const double found : {usrp_->get_tx_freq(channel), usrp_->get_rx_freq(channel)}) {
            if (std::abs(found - options_.frequency_hz) <= most_carrier_error_hz) continue;
            fail("expected a carrier of " + std::to_string(options_.frequency_hz) + " Hz, found " +
                 std::to_string(found) + " Hz");
        }
    }
}

/// A front end without the sensor has no oscillator that could be unlocked.
bool UhdSession::oscillators_locked() {
    const auto has_sensor = [](const std::vector<std::string>& names) {
        return std::find(names.begin(), names.end(), "lo_locked") != names.end();
    };
    for (const std::size_t channel : channels_) {
        if (has_sensor(usrp_->get_tx_sensor_names(channel)) &&
            !usrp_->get_tx_sensor("lo_locked", channel).to_bool())
            return false;
        if (has_sensor(usrp_->get_rx_sensor_names(channel)) &&
            !usrp_->get_rx_sensor("lo_locked", channel).to_bool())
            return false;
    }
    return true;
}

// ---- bursts ----

void UhdSession::transmit(Ticks begin, gsl::span<const std::complex<float>> samples) {
    const std::size_t count = samples.size() / channels_.size();
    burst_.begin(channels_.size());
    burst_end_ = begin + static_cast<Ticks>(count);
    sent_.resize(samples.size());
    phy::ConverterLevel level;
    std::vector<const void*> buffers(channels_.size());
    for (const std::size_t channel : channels_) {
        scale_.to_converter(samples.subspan(channel * count, count),
                            gsl::span<std::complex<float>>(&sent_[channel * count], count), level);
    }
    report_ = {BurstState::in_burst, level.mean_dbfs(), level.peak_dbfs(), level.clipped};
    uhd::tx_metadata_t metadata;
    metadata.start_of_burst = true;
    metadata.end_of_burst = true;
    metadata.has_time_spec = true;
    metadata.time_spec = time(begin);
    for (std::size_t done = 0; done < count;) {
        for (const std::size_t channel : channels_)
            buffers[channel] = &sent_[channel * count + done];
        done += transmitter_->send(buffers, count - done, metadata, slice_s);
        metadata.start_of_burst = metadata.start_of_burst && done == 0;
        metadata.has_time_spec = metadata.start_of_burst;
        if (done < count) {
            hear_radio(0);
            if (burst_.ended()) return end_stream();
            if (now() > burst_end_ + patience()) {
                burst_.timed_out();
                return end_stream();
            }
        }
    }
    burst_.handed_over();
}

/// Ends a burst that the radio will not send whole, so that the next one begins a burst.
void UhdSession::end_stream() {
    uhd::tx_metadata_t metadata;
    metadata.end_of_burst = true;
    const std::vector<const void*> nothing(channels_.size(), sent_.data());
    transmitter_->send(nothing, 0, metadata, slice_s);
}

BurstReport UhdSession::finish_burst() {
    if (burst_.state() == BurstState::waiting)
        throw std::logic_error("radio '" + options_.name + "': no burst to finish");
    while (!burst_.ended()) {
        hear_radio(slice_s);
        if (!burst_.ended() && now() > burst_end_ + patience()) burst_.timed_out();
    }
    // A burst that failed is answered on every channel: what is left must not fail the next one.
    uhd::async_metadata_t left;
    while (burst_.state() != BurstState::acknowledged &&
           transmitter_->recv_async_msg(left, slice_s)) {
    }
    report_.state = burst_.state();
    return report_;
}

/// Takes in what the radio says of the burst, waiting at most `seconds` for the first of it.
void UhdSession::hear_radio(double seconds) {
    uhd::async_metadata_t answer;
    while (transmitter_->recv_async_msg(answer, seconds)) {
        seconds = 0;
        switch (answer.event_code) {
            case uhd::async_metadata_t::EVENT_CODE_BURST_ACK:
                burst_.acknowledged();
                break;
            case uhd::async_metadata_t::EVENT_CODE_TIME_ERROR:
                burst_.late();
                break;
            case uhd::async_metadata_t::EVENT_CODE_UNDERFLOW:
            case uhd::async_metadata_t::EVENT_CODE_UNDERFLOW_IN_PACKET:
                burst_.underflowed();
                break;
            case uhd::async_metadata_t::EVENT_CODE_SEQ_ERROR:
            case uhd::async_metadata_t::EVENT_CODE_SEQ_ERROR_IN_BURST:
                burst_.broken();
                break;
            default:
                break;  // of an experimenter's own FPGA image
        }
        if (burst_.ended()) return;
    }
}

// ---- virtual radios with an event clock, which have these properties ----

void UhdSession::rest() {
    const auto tree = usrp_->get_tree();
    if (tree->exists("/air/rest")) tree->access<bool>("/air/rest").set(true);
}

void UhdSession::call(gsl::span<const std::string> radios) {
    const auto tree = usrp_->get_tree();
    if (!tree->exists("/air/call")) return;
    for (const std::string& arguments : radios)
        tree->access<std::string>("/air/call").set(arguments);
}

// ---- windows ----

WindowReport UhdSession::receive(Ticks begin, gsl::span<std::complex<float>> samples) {
    const std::size_t count = samples.size() / channels_.size();
    uhd::stream_cmd_t command(uhd::stream_cmd_t::STREAM_MODE_NUM_SAMPS_AND_DONE);
    command.num_samps = count;
    command.stream_now = false;
    command.time_spec = time(begin);
    receiver_->issue_stream_cmd(command);
    const WindowState state = collect(begin, samples);
    if (state != WindowState::whole) {
        forget_windows();
        return {state, 0, 0};
    }
    phy::ConverterLevel level;
    for (const std::size_t channel : channels_)
        scale_.from_converter(samples.subspan(channel * count, count), level);
    return {WindowState::whole, level.mean_dbfs(), level.peak_dbfs()};
}

WindowState UhdSession::collect(Ticks begin, gsl::span<std::complex<float>> samples) {
    const std::size_t count = samples.size() / channels_.size();
    const Ticks deadline = begin + static_cast<Ticks>(count) + patience();
    std::vector<void*> buffers(channels_.size());
    for (std::size_t done = 0; done < count;) {
        for (const std::size_t channel : channels_)
            buffers[channel] = &samples[channel * count + done];
        uhd::rx_metadata_t metadata;
        const std::size_t fresh = receiver_->recv(buffers, count - done, metadata, slice_s);
        switch (metadata.error_code) {
            case uhd::rx_metadata_t::ERROR_CODE_NONE:
                break;
            case uhd::rx_metadata_t::ERROR_CODE_TIMEOUT:
                if (now() > deadline) return WindowState::missing;
                break;
            case uhd::rx_metadata_t::ERROR_CODE_LATE_COMMAND:
                return WindowState::late;
            default:
                return WindowState::overflowed;
        }
        // What is left of an earlier window is not this one.
        if (done == 0 && fresh > 0 && ticks(metadata.time_spec) != begin)
            return WindowState::missing;
        done += fresh;
    }
    return WindowState::whole;
}

/// Throws away what may still come of a window that was not whole.
void UhdSession::forget_windows() {
    receiver_->issue_stream_cmd(uhd::stream_cmd_t::STREAM_MODE_STOP_CONTINUOUS);
    std::vector<std::complex<float>> nothing(receiver_->get_max_num_samps());
    const std::vector<void*> buffers(channels_.size(), nothing.data());
    uhd::rx_metadata_t metadata;
    while (receiver_->recv(buffers, nothing.size(), metadata, slice_s) > 0) {
    }
}

}  // namespace

}  // namespace aircomp::runtime

unsigned aircomp_driver_interface() {
    return aircomp::runtime::driver_interface;
}

aircomp::runtime::RadioSession* aircomp_open_radio(const aircomp::runtime::RadioOptions& options) {
    return new aircomp::runtime::UhdSession(options);
}
