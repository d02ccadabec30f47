// SPDX-License-Identifier: GPL-3.0-or-later
// Checksum, code, puncturing, and the way back.
#include "convolutional_code.hpp"

// A header of C, without a word for C++.
extern "C" {
#include <fec.h>
}

#include <algorithm>
#include <boost/crc.hpp>
#include <cmath>
#include <stdexcept>

#include "sizes.hpp"

namespace gr::aircomp::phy {
namespace {

constexpr std::size_t checksum_bytes = 4;
constexpr std::size_t tail_bits = 8;  // that bring the code back to its first state

/// libfec's soft values: 0 is a certain 0, 255 a certain 1.
constexpr float middle = 127.5F, most = 255;
constexpr float soft_per_llr = 6;
constexpr std::uint8_t not_sent = 128;

/// Which bits of the two polynomials are sent, period by period. Of the patterns with as few bits these
/// lose least at an error rate of 1e-3.
struct Puncturing {
    std::size_t period;
    std::uint8_t first[5], second[5];

    bool sends_first(std::size_t bit) const { return first[bit % period] != 0; }
    bool sends_second(std::size_t bit) const { return second[bit % period] != 0; }
};

Puncturing puncturing_of(CodeRate rate) {
    switch (rate) {
        case CodeRate::two_thirds:
            return {2, {1, 0}, {1, 1}};
        case CodeRate::three_quarters:
            return {3, {1, 0, 1}, {1, 1, 0}};
        case CodeRate::five_sixths:
            return {5, {1, 1, 0, 0, 1}, {1, 0, 1, 1, 0}};
        case CodeRate::half:
            break;
    }
    return {1, {1}, {1}};
}

/// That go into the code.
std::size_t bits_of(std::size_t message_bytes) {
    return 8 * (message_bytes + checksum_bytes) + tail_bits;
}

std::uint32_t checksum_of(gsl::span<const std::uint8_t> message) {
    boost::crc_32_type crc;
    crc.process_bytes(message.data(), message.size());
    return crc.checksum();
}

std::uint8_t parity_of(unsigned bits) {
    std::uint8_t parity = 0;
    for (; bits != 0; bits &= bits - 1)
        parity ^= 1U;
    return parity;
}

}  // namespace

struct ConvolutionalCode::Decoder {
    explicit Decoder(std::size_t bits)
        : viterbi(create_viterbi29(static_cast<int>(bits))), soft(2 * bits), bytes((bits + 7) / 8) {
        if (viterbi == nullptr) throw std::bad_alloc();
    }
    ~Decoder() { delete_viterbi29(viterbi); }
    Decoder(const Decoder&) = delete;
    Decoder& operator=(const Decoder&) = delete;

    void* viterbi;
    std::vector<std::uint8_t> soft;   // of both polynomials, bit by bit
    std::vector<std::uint8_t> bytes;  // message and checksum
};

ConvolutionalCode::ConvolutionalCode(std::size_t message_bytes, CodeRate rate)
    : message_bytes_(message_bytes) {
    if (message_bytes < 1)
        throw std::invalid_argument("convolutional code: expected a message of at least 1 byte");
    const std::size_t bits = bits_of(message_bytes);
    const Puncturing puncturing = puncturing_of(rate);
    for (std::size_t i = 0; i < bits; ++i) {
        if (puncturing.sends_first(i)) kept_.push_back(2 * i);
        if (puncturing.sends_second(i)) kept_.push_back(2 * i + 1);
    }
    decoder_ = std::make_unique<Decoder>(bits);
}

std::size_t ConvolutionalCode::coded_bits(std::size_t message_bytes, CodeRate rate) {
    const Puncturing puncturing = puncturing_of(rate);
    std::size_t count = 0;
    for (std::size_t i = 0; i < bits_of(message_bytes); ++i) {
        count += puncturing.sends_first(i) ? 1 : 0;
        count += puncturing.sends_second(i) ? 1 : 0;
    }
    return count;
}

ConvolutionalCode::~ConvolutionalCode() = default;
ConvolutionalCode::ConvolutionalCode(ConvolutionalCode&&) noexcept = default;
ConvolutionalCode& ConvolutionalCode::operator=(ConvolutionalCode&&) noexcept = default;

std::vector<std::uint8_t> ConvolutionalCode::encode(gsl::span<const std::uint8_t> message) const {
    require_size("convolutional code: message", message.size(), message_bytes_);
    std::vector<std::uint8_t> bytes(message.begin(), message.end());
    const std::uint32_t checksum = checksum_of(message);
    for (std::size_t i = 0; i < checksum_bytes; ++i)
        bytes.push_back(static_cast<std::uint8_t>(checksum >> (8 * i)));
    bytes.push_back(0);  // the tail
    std::vector<std::uint8_t> mother;
    mother.reserve(16 * bytes.size());
    unsigned state = 0;
    for (const std::uint8_t byte : bytes) {
        for (int bit = 7; bit >= 0; --bit) {
            state = (state << 1) | ((byte >> bit) & 1U);
            mother.push_back(parity_of(state & V29POLYA));
            mother.push_back(parity_of(state & V29POLYB));
        }
    }
    std::vector<std::uint8_t> coded(kept_.size());
    std::transform(kept_.begin(), kept_.end(), coded.begin(),
                   [&](std::size_t i) { return mother[i]; });
    return coded;
}

bool ConvolutionalCode::decode(gsl::span<const float> llr, gsl::span<std::uint8_t> message) const {
    require_size("convolutional code: received", llr.size(), coded_bits());
    require_size("convolutional code: message", message.size(), message_bytes_);
    Decoder& decoder = *decoder_;
    std::fill(decoder.soft.begin(), decoder.soft.end(), not_sent);
    for (std::size_t i = 0; i < kept_.size(); ++i) {
        const float soft = middle + soft_per_llr * llr[i];
        decoder.soft[kept_[i]] =
            static_cast<std::uint8_t>(std::lround(std::clamp(soft, 0.0F, most)));
    }
    const std::size_t bits = decoder.soft.size() / 2;
    init_viterbi29(decoder.viterbi, 0);
    update_viterbi29_blk(decoder.viterbi, decoder.soft.data(), static_cast<int>(bits));
    chainback_viterbi29(decoder.viterbi, decoder.bytes.data(),
                        static_cast<unsigned>(bits - tail_bits), 0);
    const gsl::span<const std::uint8_t> found(decoder.bytes.data(), message_bytes_);
    std::uint32_t checksum = 0;
    for (std::size_t i = 0; i < checksum_bytes; ++i)
        checksum |= static_cast<std::uint32_t>(decoder.bytes[message_bytes_ + i]) << (8 * i);
    if (checksum_of(found) != checksum) return false;
    std::copy(found.begin(), found.end(), message.begin());
    return true;
}

}  // namespace gr::aircomp::phy
