// SPDX-License-Identifier: GPL-3.0-or-later
// The burst format in flowgraphs that Companion writes in C++.
#pragma once

#include <gnuradio/aircomp/phy/burst_format.hpp>

#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

namespace gr {
namespace aircomp {

/// The burst format of these numbers: fft_size, guard_low, guard_high, prefix, pilots, resource_block,
/// sounding_symbols, data_preamble, then the antennas of every device. Companion's variables in C++
/// are of few types, and a list of numbers is one of them. Throws std::invalid_argument for fewer
/// than nine numbers and for one that is not from 0 to 65535; what else is wrong with them, the
/// blocks say.
inline phy::BurstFormat format_of(const std::vector<int>& numbers) {
    constexpr std::size_t fields = 8;
    if (numbers.size() <= fields) {
        throw std::invalid_argument("burst format: expected at least 9 numbers, found " +
                                    std::to_string(numbers.size()));
    }
    std::vector<std::uint16_t> words;
    for (const int number : numbers) {
        if (number < 0 || number > std::numeric_limits<std::uint16_t>::max()) {
            throw std::invalid_argument("burst format: expected numbers from 0 to 65535, found " +
                                        std::to_string(number));
        }
        words.push_back(static_cast<std::uint16_t>(number));
    }
    phy::BurstFormat format;
    format.fft_size = words[0];
    format.guard_low = words[1];
    format.guard_high = words[2];
    format.prefix = words[3];
    format.pilots = words[4];
    format.resource_block = words[5];
    format.sounding_symbols = words[6];
    format.data_preamble = words[7];
    format.device_antennas.assign(words.begin() + fields, words.end());
    return format;
}

}  // namespace aircomp
}  // namespace gr
