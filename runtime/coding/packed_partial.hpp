// SPDX-License-Identifier: GPL-3.0-or-later
// A vector as the digital schemes send it: a uniform grid over the range of its largest magnitude,
// `bits` bits a value, the range in float32 before them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <gsl/span>

#include "config/digital_section.hpp"

namespace aircomp::runtime {

/// Of the float32 that goes before a vector's codes: its range or its power.
constexpr double scale_bits = 32;

/// Bytes of `length` values of 2 to 32 bits.
std::size_t packed_bytes(std::size_t length, int bits);

/// Writes packed_bytes() bytes. Every value must be finite.
void pack(gsl::span<const float> values, int bits, gsl::span<std::uint8_t> bytes);

/// What pack() was given, rounded to its grid. Throws std::runtime_error where the range is not a
/// finite number that is not negative.
void unpack(gsl::span<const std::uint8_t> bytes, int bits, gsl::span<float> values);

/// pack() and unpack() at once: rounds `values` to the grid.
void quantise(gsl::span<float> values, int bits);

/// Bits of a vector's codes, with scale_bits before those of each part. A vector has two parts where
/// the bits of a value are no whole number.
double code_bits(std::size_t length, const DigitalConfig& codes);

/// Bytes of a vector's codes of such a kind; each part begins with a byte of its own.
std::size_t packed_bytes(std::size_t length, const DigitalConfig& codes);

/// Writes packed_bytes() bytes. Every value must be finite.
void pack(gsl::span<const float> values, const DigitalConfig& codes, gsl::span<std::uint8_t> bytes);

/// What pack() was given, rounded as quantise() rounds it. Throws as the plain unpack() does.
void unpack(gsl::span<const std::uint8_t> bytes, const DigitalConfig& codes,
            gsl::span<float> values);

/// Rounds `values` to what codes of such a kind hold: to that grid, or to Lloyd-Max levels.
void quantise(gsl::span<float> values, const DigitalConfig& codes);

}  // namespace aircomp::runtime
