// SPDX-License-Identifier: GPL-3.0-or-later
// The burst: what is sent when and on which subcarrier, the same struct at both ends of the air.
#pragma once

#include <complex>
#include <cstddef>
#include <cstdint>
#include <gsl/span>
#include <vector>

namespace gr::aircomp::phy {

/// A baseband sample; its squared magnitude is a power in watts.
using Sample = std::complex<float>;

/// Everything that transmitter and receiver have to agree on before the first sample.
///
/// A data burst, in samples:
///
///     ramp | prefix, sync_periods x sync_period, suffix | symbols x (prefix, fft_size) | ramp
///
/// The preamble is a Zadoff-Chu sequence of one period, repeated under the signs of sync_sign(), so
/// that neighbouring periods give the carrier offset and only the true start has all signs right.
/// Its suffix, as long as the prefix, keeps an early device's data out of a late one's last period.
/// A sounding burst has, in place of data, one slot of `sounding_symbols` OFDM symbols for every
/// antenna of every device in turn (orthogonal in time, hence also between oscillators that
/// differ). The ramps are cyclic extensions under a raised cosine.
///
/// Devices that keep to the server's time need no preamble in their data bursts: with
/// `data_preamble` 0 they begin with their first symbol, and the server takes them to begin where
/// those of its sounding did.
///
/// Power: the transmitter scales its inverse transform by 1 / sqrt(used), the receiver its forward
/// one by sqrt(used) / fft_size. An OFDM symbol whose used subcarriers have power P each then has
/// mean power P per sample, and noise of power sigma^2 within the used bandwidth is sigma^2 on
/// every subcarrier, as equation (2) of the system model counts it.
struct BurstFormat {
    static constexpr std::uint16_t current_version = 2;

    std::uint16_t version = current_version;
    std::uint16_t fft_size = 64;       ///< Subcarriers, a power of two from 16 to 4096.
    std::uint16_t guard_low = 6;       ///< Unused subcarriers at the lower edge of the band.
    std::uint16_t guard_high = 5;      ///< And at the upper edge.
    std::uint16_t dc_null = 1;         ///< 1: the subcarrier at zero frequency is unused.
    std::uint16_t prefix = 16;         ///< Cyclic prefix, samples.
    std::uint16_t sync_period = 64;    ///< Samples of one period of the preamble, a power of two.
    std::uint16_t sync_periods = 4;    ///< From 2 to 8.
    std::uint16_t pilots = 4;          ///< Tracking pilots in an OFDM symbol, evenly spread.
    std::uint16_t resource_block = 1;  ///< Neighbouring used subcarriers under one precoder.
    std::uint16_t ramp = 16;           ///< Samples of each power ramp.
    std::uint16_t sounding_symbols = 32;  ///< OFDM symbols of one antenna's sounding slot.
    std::uint16_t data_preamble = 1;      ///< 1: a data burst begins with a preamble.
    /// Antennas of every device: the order of the sounding slots.
    std::vector<std::uint16_t> device_antennas = {1};

    std::size_t used_subcarriers() const {
        return static_cast<std::size_t>(fft_size) - guard_low - guard_high - dc_null;
    }
    std::size_t data_subcarriers() const { return used_subcarriers() - pilots; }
    std::size_t resource_blocks() const {
        return (used_subcarriers() + resource_block - 1) / resource_block;
    }
    std::size_t symbol_samples() const { return static_cast<std::size_t>(fft_size) + prefix; }
    std::size_t preamble_samples() const {
        return 2 * static_cast<std::size_t>(prefix) +
               static_cast<std::size_t>(sync_period) * sync_periods;
    }
    /// Sounding slots, the antennas of all devices.
    std::size_t sounding_slots() const;
    /// The first slot of a device.
    std::size_t first_slot(std::size_t device) const;

    /// OFDM symbols that carry `length` reals over `streams` streams.
    std::size_t data_symbols(std::size_t length, std::size_t streams) const;
    /// Samples of a data burst before its first symbol.
    std::size_t data_head_samples() const {
        return static_cast<std::size_t>(ramp) + (data_preamble != 0 ? preamble_samples() : 0);
    }
    /// Samples of a data burst with `symbols` OFDM symbols.
    std::size_t burst_samples(std::size_t symbols) const {
        return data_head_samples() + symbols * symbol_samples() + ramp;
    }
    std::size_t sounding_samples() const {
        return header_samples() + sounding_slots() * sounding_symbols * symbol_samples();
    }
    /// Samples of the server's reference header: a burst that ends with its preamble.
    std::size_t header_samples() const {
        return 2 * static_cast<std::size_t>(ramp) + preamble_samples();
    }
};

bool operator==(const BurstFormat& a, const BurstFormat& b);

/// Throws std::invalid_argument "burst format: FIELD: expected ..., found ...".
void validate(const BurstFormat& format);

/// The format as bytes: a magic word, then every field, little-endian 16-bit words.
std::vector<std::uint8_t> serialise(const BurstFormat& format);

/// The inverse of serialise(). Throws std::invalid_argument on bytes that are no format, on a
/// version that is not ours, and on a format that is not valid.
BurstFormat parse_burst_format(gsl::span<const std::uint8_t> bytes);

/// Throws std::invalid_argument naming the first field in which the other end's format differs.
void require_same(const BurstFormat& ours, const BurstFormat& theirs);

/// Which used subcarrier lies where. "Used" counts upwards in frequency, from 0.
struct CarrierPlan {
    std::vector<std::size_t> used_bin;  ///< FFT bin of every used subcarrier.
    std::vector<int> used_frequency;    ///< Its frequency in subcarrier spacings, negative below 0.
    std::vector<std::size_t> used_block;  ///< Its resource block.
    std::vector<std::size_t> data;        ///< Used indices of the data subcarriers.
    std::vector<std::size_t> pilots;      ///< Used indices of the tracking pilots.
    std::vector<std::size_t> null_bins;   ///< FFT bins of the guards, where only noise is.
};

/// Throws as validate() does.
CarrierPlan carrier_plan(const BurstFormat& format);

/// One period of the preamble, unit magnitude: exp(-j 3 pi n^2 / period), Zadoff and Chu's sequence
/// of root 3.
std::vector<Sample> sync_sequence(const BurstFormat& format);

/// +1 or -1 of a period of the preamble; products of neighbours correlate little when shifted.
int sync_sign(const BurstFormat& format, std::size_t period);

/// The known value of tracking pilot `pilot` in OFDM symbol `symbol`, +1 or -1.
float pilot_sign(std::size_t symbol, std::size_t pilot);

/// The sounding symbol on every used subcarrier, unit magnitude and of low peak power.
std::vector<Sample> sounding_sequence(const BurstFormat& format);

/// The power ramp's rise, `format.ramp` factors from just above 0 to just below 1.
std::vector<float> ramp_factors(const BurstFormat& format);

}  // namespace gr::aircomp::phy
