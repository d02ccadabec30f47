// SPDX-License-Identifier: GPL-3.0-or-later
// How messages are modulated, as dictionaries say it.
#pragma once

#include <cmath>
#include <stdexcept>
#include <string>

#include "gnuradio/aircomp/phy/multicast.hpp"
#include "round_settings.h"

namespace gr {
namespace aircomp {

/// What both ends of a message have to agree on.
struct multicast_settings {
    phy::Modulation modulation;
    double power_w = 1;
};

inline phy::CodeRate code_rate_of(const std::string& name) {
    if (name == "1/2") return phy::CodeRate::half;
    if (name == "2/3") return phy::CodeRate::two_thirds;
    if (name == "3/4") return phy::CodeRate::three_quarters;
    if (name == "5/6") return phy::CodeRate::five_sixths;
    throw std::invalid_argument("rate: expected 1/2, 2/3, 3/4 or 5/6, found " + name);
}

/// A whole number of at least 1; as it was where the dictionary does not have it.
template <typename Number>
void read_count(const pmt::pmt_t& settings, const char* key, Number& value) {
    constexpr uint64_t most = 1024;
    const pmt::pmt_t found = setting(settings, key);
    if (pmt::is_null(found)) return;
    const uint64_t count = pmt::to_uint64(found);
    if (count < 1 || count > most)
        throw std::invalid_argument(std::string(key) + ": expected 1 to " + std::to_string(most) +
                                    ", found " + std::to_string(count));
    value = static_cast<Number>(count);
}

/// `now` with what a dictionary changes of it. Throws std::invalid_argument on what there is not.
inline multicast_settings changed(multicast_settings now, const pmt::pmt_t& settings,
                                  const phy::BurstFormat& format) {
    read_count(settings, "streams", now.modulation.streams);
    read_count(settings, "bits", now.modulation.bits);
    read_count(settings, "repetitions", now.modulation.repetitions);
    const pmt::pmt_t rate = setting(settings, "rate");
    if (!pmt::is_null(rate)) now.modulation.rate = code_rate_of(pmt::symbol_to_string(rate));
    read_setting(settings, "power_w", now.power_w);
    if (!(std::isfinite(now.power_w) && now.power_w > 0))
        throw std::invalid_argument("power_w: expected above 0, found " +
                                    std::to_string(now.power_w));
    phy::message_symbols(format, 1, now.modulation);  // which refuses what there is not
    return now;
}

/// Those of a block that is made with a power and has had no settings yet.
inline multicast_settings first_settings(double power_w, const phy::BurstFormat& format) {
    return changed(
        {}, pmt::dict_add(pmt::make_dict(), pmt::mp("power_w"), pmt::from_double(power_w)), format);
}

}  // namespace aircomp
}  // namespace gr
