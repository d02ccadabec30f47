// SPDX-License-Identifier: GPL-3.0-or-later
// One radio as the rounds see it: whole bursts out and whole windows in, at times that all radios
// share. UHD stands behind it (radio/drivers/uhd); docs/radio-session.md says how to add another.
#pragma once

#include <chrono>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <gsl/span>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "radio/radio_report.hpp"

namespace aircomp::runtime {

/// A time in samples since the zero that the radios of a testbed agreed on. Integers: a time in
/// seconds would be rounded, and the burst late or a sample off.
using Ticks = std::int64_t;

/// What a session is opened with.
struct RadioOptions {
    std::string name;            ///< As messages name the radio.
    std::string driver = "uhd";  ///< One of radio_drivers().
    std::string args;  ///< What the driver finds the radio by; for uhd its device arguments.
    std::string clock_source;   ///< Of the 10 MHz reference.
    std::string time_source;    ///< Of the pulse per second.
    std::string subdevice;      ///< As UHD writes it; empty: the radio's own choice.
    std::string transmit_port;  ///< Antenna connector; empty: the radio's own choice.
    std::string receive_port;   ///< The same.
    std::size_t channels = 1;   ///< Antennas, for both directions.
    double sample_rate_hz = 0;  ///< Must be what the radio can do exactly.
    double frequency_hz = 0;    ///< Carrier.
    double transmit_gain_db = 0;
    double receive_gain_db = 0;    ///< Fixed; automatic gain control is off.
    double unit_power_dbfs = -12;  ///< What samples of mean power 1 W are at the converters.
    double timeout_s = 1;          ///< Radio time after which what has not happened is missing.
};

/// Clock and carrier of one radio, of one or several boards: what all radios of a testbed are
/// brought up by, whoever exchanges samples with them. One thread at a time.
class TimedRadio {
public:
    virtual ~TimedRadio() = default;

    virtual const RadioOptions& options() const = 0;

    /// Time of the last pulse per second, one of every board.
    virtual std::vector<Ticks> last_pulse() = 0;

    /// The next pulse will be at `time` on every board.
    /// \remark To be called well before that pulse: align_clocks() does.
    virtual void set_time_at_next_pulse(Ticks time) = 0;

    /// Sets both directions of all channels to the carrier at `time`, and returns once every
    /// oscillator has locked. Throws std::runtime_error where one does not.
    virtual void tune(Ticks time) = 0;

    virtual Ticks now() = 0;

    /// The radio is not used until the next call. For emulated radios whose time stands while one of
    /// them is used; the time of others goes on anyway.
    virtual void rest() {}
};

/// One radio under one driver, its samples in this process. One thread at a time.
class RadioSession : public TimedRadio {
public:
    /// Hands over a burst that begins at `begin`: `samples` is [channels, burst], their squared
    /// magnitudes in W. May block until the radio has taken all of it. finish_burst() has to follow
    /// before the next one.
    /// \remark A time further ahead than the radio's buffer holds makes it block for that long.
    virtual void transmit(Ticks begin, gsl::span<const std::complex<float>> samples) = 0;

    /// Waits for every channel's acknowledgement of the last burst, timeout_s of radio time beyond
    /// its end at most. The report's state is an end. Throws std::logic_error where there is none.
    virtual BurstReport finish_burst() = 0;

    /// Receives the window that begins at `begin`, [channels, window], and returns at its end.
    /// A sample that a path of gain 1 carries arrives as it was sent.
    /// \remark `samples` is undefined unless the window is whole.
    virtual WindowReport receive(Ticks begin, gsl::span<std::complex<float>> samples) = 0;

    /// Radios opened with these RadioOptions::args, in whatever process, are about to be used: from
    /// now on until they rest, the time of emulated radios waits for them as well.
    virtual void call(gsl::span<const std::string>) {}
};

/// Drivers that this build has.
std::vector<std::string> radio_drivers();

/// Opens a radio: clock and time source, reference lock, rates, gains, in that order. Throws
/// std::runtime_error "radio 'NAME': ..." where the radio is not there, cannot do what is asked, or
/// does not lock, and where this build does not have the driver.
std::unique_ptr<RadioSession> open_radio(const RadioOptions& options);

/// open_radio(), or something in its place: radios of one's own need not be a driver.
using RadioOpener = std::function<std::unique_ptr<RadioSession>(const RadioOptions&)>;

/// What a session throws where the laboratory's limits do not let a burst out.
class TransmissionRefused : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// Has the calling thread sleep for so long.
void sleep_for(std::chrono::milliseconds pause);

/// Gives all radios one time: sees a pulse, has every radio take the next one for `zero`, and
/// compares what the radios then take the last pulse for. Throws std::runtime_error that names a
/// radio without pulses, or one that differs. `sleep` is for tests.
void align_clocks(gsl::span<TimedRadio* const> radios, Ticks zero,
                  const std::function<void(std::chrono::milliseconds)>& sleep = sleep_for);

}  // namespace aircomp::runtime
