// SPDX-License-Identifier: GPL-3.0-or-later
// The server's messages to all devices at once: bits, coded, as symbols of QAM on the burst format's
// subcarriers, several streams at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "gnuradio/aircomp/phy/burst_format.hpp"

namespace gr::aircomp::phy {

/// Message bits over coded bits.
enum class CodeRate { half, two_thirds, three_quarters, five_sixths };

constexpr CodeRate code_rates[] = {CodeRate::half, CodeRate::two_thirds, CodeRate::three_quarters,
                                   CodeRate::five_sixths};

double value_of(CodeRate rate);

/// How a message becomes symbols.
struct Modulation {
    std::size_t streams = 1;
    unsigned bits = 2;  ///< Of a symbol: 2, 4, 6 or 8, square QAM under Gray labels.
    CodeRate rate = CodeRate::half;
    /// Every coded bit is sent so many times, or more where that fills the last OFDM symbol.
    unsigned repetitions = 1;

    /// Message bits that a subcarrier carries in an OFDM symbol.
    double efficiency() const {
        return static_cast<double>(streams) * bits * value_of(rate) / repetitions;
    }
};

bool operator==(const Modulation& a, const Modulation& b);

/// OFDM symbols of a message. Throws std::invalid_argument on a modulation that there is not.
std::size_t message_symbols(const BurstFormat& format, std::size_t message_bytes,
                            const Modulation& modulation);

/// Samples of a message's burst per antenna: a header, then its symbols, with one ramp between.
std::size_t message_samples(const BurstFormat& format, std::size_t message_bytes,
                            const Modulation& modulation);

/// What one coded bit tells at a signal-to-noise ratio of `snr` a symbol, bits, 0 to 1: the mutual
/// information of bit-interleaved QAM, whose receivers take each bit by itself (Caire, Taricco,
/// Biglieri, IEEE Trans. Inform. Theory 44, 1998).
double bit_information(unsigned bits, double snr);

/// What a message's coded bits have to tell on average for one in a thousand to fail: measured over
/// Gaussian noise with messages of 300 bytes.
double required_information(CodeRate rate);

/// The sending end.
class MulticastTransmitter {
public:
    /// Throws std::invalid_argument on a bad format or no antenna.
    MulticastTransmitter(const BurstFormat& format, std::size_t antennas);
    ~MulticastTransmitter();
    MulticastTransmitter(MulticastTransmitter&&) noexcept;
    MulticastTransmitter& operator=(MulticastTransmitter&&) noexcept;

    /// The burst from which receivers learn their channels: a preamble, then `training_symbols` equal
    /// symbols of each stream in turn with all of `power_w`, [antennas, samples]. `beams` are the
    /// streams' directions, [antennas, streams], columns of norm 1. Throws std::invalid_argument on
    /// sizes or powers that are none.
    std::vector<Sample> training(gsl::span<const Sample> beams, std::size_t streams,
                                 double power_w) const;

    /// The burst of `message`, [antennas, message_samples()]: a header from `header_antenna`, then its
    /// symbols, all streams with the same part of `power_w`. Throws std::invalid_argument on sizes,
    /// powers or a modulation that are none.
    std::vector<Sample> message(gsl::span<const std::uint8_t> message, const Modulation& modulation,
                                gsl::span<const Sample> beams, double power_w,
                                std::size_t header_antenna) const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// Symbols of each stream in a training burst.
constexpr std::uint16_t training_symbols = 2;

/// Samples of a training burst of `streams` streams.
std::size_t training_samples(const BurstFormat& format, std::size_t streams);

/// What became of a message at one device.
struct MulticastReport {
    bool decoded = false;      ///< Its checksum is right.
    double evm = 0;            ///< Of the pilots: rms error over rms reference, mean over streams.
    double noise_power_w = 0;  ///< Per antenna over the used bandwidth, from the guards.
};

/// The receiving end of one device.
class MulticastReceiver {
public:
    /// For windows in which a burst begins with sample `lead`, give or take a prefix, and which go on for
    /// `tail` samples behind its end. Throws std::invalid_argument on a bad format or no antenna.
    MulticastReceiver(const BurstFormat& format, std::size_t antennas, std::size_t lead,
                      std::size_t tail);
    ~MulticastReceiver();
    MulticastReceiver(MulticastReceiver&&) noexcept;
    MulticastReceiver& operator=(MulticastReceiver&&) noexcept;

    /// Learns the channel of every stream from `received`, [antennas, lead + training_samples() +
    /// tail], turned back as receive() does, and the device's time. Returns whether there was a training
    /// burst; without one the device knows no channel. Throws std::invalid_argument on another size.
    bool train(gsl::span<const Sample> received, std::size_t streams, double power_w,
               double phase = 0, double offset = 0);

    /// Decodes `received`, [antennas, lead + message_samples() + tail], turned back by `phase` + 2 pi
    /// `offset` (i - lead), what is known of the device's oscillator. Writes the message to `message`
    /// where it could be decoded. Throws std::invalid_argument on other sizes or a modulation of other
    /// streams than those learned.
    MulticastReport receive(gsl::span<const Sample> received, const Modulation& modulation,
                            double phase, double offset, gsl::span<std::uint8_t> message);

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace gr::aircomp::phy
