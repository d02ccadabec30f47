// SPDX-License-Identifier: GPL-3.0-or-later
// Keys and checks of the section digital.
#include "config/digital_section.hpp"

#include <string>

#include "config/keys.hpp"

namespace aircomp::runtime {

const Keys<DigitalConfig>& digital_keys() {
    using D = DigitalConfig;
    static const Keys<D> keys = {
        number("bits", &D::bits, "bits", within(2, 16),
               "Bits of a value; 4.3 are five "
               "for three values of ten and four for the others.")
            .formerly(".digital_bits"),
        choice("quantiser", &D::quantiser,
               {{"uniform", Quantiser::uniform}, {"lloyd-max", Quantiser::lloyd_max}},
               "Where the levels are: uniform, at equal distances up to the largest value of the "
               "vector; or lloyd-max, where they are best for a Gaussian of the vector's power, "
               "with at most " +
                   std::to_string(most_lloyd_max_bits) + " bits."),
        flag("error_feedback", &D::error_feedback,
             "What a device's codes lack at one site it adds to what it sends at the next, until "
             "the token ends; not in models that norm sums before they add them."),
    };
    return keys;
}

void check_digital(const DigitalConfig& digital, const Checker& check) {
    check.require(
        digital.quantiser == Quantiser::uniform || digital.bits <= most_lloyd_max_bits, "bits",
        "at most " + std::to_string(most_lloyd_max_bits) + " with the quantiser lloyd-max",
        digital.bits);
}

}  // namespace aircomp::runtime
