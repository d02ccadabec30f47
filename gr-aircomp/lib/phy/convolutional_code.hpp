// SPDX-License-Identifier: GPL-3.0-or-later
// The code of the server's messages: convolutional, constraint length 9, rate 1/2 (polynomials 753 and
// 561, octal), punctured, with a checksum. libfec decodes it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <gsl/span>
#include <memory>
#include <vector>

#include "gnuradio/aircomp/phy/multicast.hpp"

namespace gr::aircomp::phy {

/// Messages of one size under one rate.
class ConvolutionalCode {
public:
    /// Throws std::invalid_argument on a message without bytes.
    ConvolutionalCode(std::size_t message_bytes, CodeRate rate);
    ~ConvolutionalCode();
    ConvolutionalCode(ConvolutionalCode&&) noexcept;
    ConvolutionalCode& operator=(ConvolutionalCode&&) noexcept;

    /// Bits of a message and its checksum on the air.
    static std::size_t coded_bits(std::size_t message_bytes, CodeRate rate);
    std::size_t coded_bits() const { return kept_.size(); }

    /// The message and its checksum, coded: [coded_bits()] of 0 and 1.
    std::vector<std::uint8_t> encode(gsl::span<const std::uint8_t> message) const;

    /// `llr`, [coded_bits()], is log P(bit 1) / P(bit 0). Writes the message where its checksum is
    /// right, and returns whether it was.
    bool decode(gsl::span<const float> llr, gsl::span<std::uint8_t> message) const;

private:
    struct Decoder;
    std::size_t message_bytes_;
    std::vector<std::size_t> kept_;  ///< Which of the mother code's bits are sent.
    std::unique_ptr<Decoder> decoder_;
};

}  // namespace gr::aircomp::phy
