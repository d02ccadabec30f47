// SPDX-License-Identifier: GPL-3.0-or-later
// Keys of the section calibration.
#include "config/calibration_section.hpp"

#include "config/keys.hpp"

namespace aircomp::runtime {

const Keys<CalibrationConfig>& calibration_keys() {
    using C = CalibrationConfig;
    static const Keys<C> keys = {
        path("file", &C::file,
             "A file that aircomp calibrate made of the model, relative to this one; auto: the "
             "program makes one of its own text, the first time that it meets the model; none: "
             "partials are sent as they are.",
             "none", automatic_calibration.string()),
        flag(
            "prediction", &C::prediction,
            "Devices leave out what the residual stream tells of their partials, and add it to the "
            "sum."),
        flag("first_token", &C::first_token,
             "The same with the mean of the first token of a sequence, where massive activations "
             "are."),
        flag("transform", &C::transform,
             "A transform before the sum and its inverse after it, so that noise lands where the "
             "model minds it least."),
        flag("site_power", &C::site_power,
             "Sites of a token that are more sensitive get more power, the mean stays."),
        flag(
            "token_power", &C::token_power,
            "Tokens whose partials are stronger get more power, the mean stays; needs a scale that "
            "follows the token."),
        number("max_compute", &C::max_compute, "", within(0, 10),
               "Operations of predictions and transforms over the model's own on the devices: of "
               "the directions that the file has, as many are used as fit."),
        number("vector_headroom_db", &C::vector_headroom_db, "dB", within(0, 30),
               "How far the energy of one device's vector may be above its mean; what is beyond is "
               "scaled down and counted."),
        flag("carry", &C::carry,
             "What was scaled away or clipped of a vector is added to the device's next one of the "
             "same token; not in models that norm sums before they add them."),
    };
    return keys;
}

}  // namespace aircomp::runtime
