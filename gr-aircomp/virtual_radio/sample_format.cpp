// SPDX-License-Identifier: GPL-3.0-or-later
// Samples as a host may want them.
#include "sample_format.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <uhd/exception.hpp>

namespace gr::aircomp::virtual_radio {
namespace {

using phy::Sample;

template <typename T>
float to_float(T value) {
    if constexpr (std::numeric_limits<T>::is_integer)
        return static_cast<float>(value) / static_cast<float>(std::numeric_limits<T>::max());
    else
        return static_cast<float>(value);
}

template <typename T>
T from_float(float value) {
    if constexpr (std::numeric_limits<T>::is_integer) {
        constexpr auto most = static_cast<float>(std::numeric_limits<T>::max());
        return static_cast<T>(std::lrint(std::clamp(value * most, -most, most)));
    } else {
        return static_cast<T>(value);
    }
}

template <typename T>
void read_as(const void* buffer, std::size_t first, std::size_t count, Sample* out) {
    const T* const parts = static_cast<const T*>(buffer) + 2 * first;
    for (std::size_t i = 0; i < count; ++i)
        out[i] = {to_float(parts[2 * i]), to_float(parts[2 * i + 1])};
}

template <typename T>
void write_as(const Sample* samples, std::size_t count, void* buffer, std::size_t first) {
    T* const parts = static_cast<T*>(buffer) + 2 * first;
    for (std::size_t i = 0; i < count; ++i) {
        parts[2 * i] = from_float<T>(samples[i].real());
        parts[2 * i + 1] = from_float<T>(samples[i].imag());
    }
}

}  // namespace

SampleFormat::SampleFormat(const std::string& name) {
    if (name == "fc64")
        kind_ = Kind::fc64;
    else if (name == "fc32")
        kind_ = Kind::fc32;
    else if (name == "sc16")
        kind_ = Kind::sc16;
    else if (name == "sc8")
        kind_ = Kind::sc8;
    else
        throw uhd::value_error("cpu_format: expected fc64, fc32, sc16 or sc8, found '" + name +
                               "'");
}

void SampleFormat::read(const void* buffer, std::size_t first, std::size_t count,
                        Sample* out) const {
    switch (kind_) {
        case Kind::fc64:
            return read_as<double>(buffer, first, count, out);
        case Kind::fc32:
            return read_as<float>(buffer, first, count, out);
        case Kind::sc16:
            return read_as<std::int16_t>(buffer, first, count, out);
        case Kind::sc8:
            return read_as<std::int8_t>(buffer, first, count, out);
    }
}

void SampleFormat::write(const Sample* samples, std::size_t count, void* buffer,
                         std::size_t first) const {
    switch (kind_) {
        case Kind::fc64:
            return write_as<double>(samples, count, buffer, first);
        case Kind::fc32:
            return write_as<float>(samples, count, buffer, first);
        case Kind::sc16:
            return write_as<std::int16_t>(samples, count, buffer, first);
        case Kind::sc8:
            return write_as<std::int8_t>(samples, count, buffer, first);
    }
}

}  // namespace gr::aircomp::virtual_radio
