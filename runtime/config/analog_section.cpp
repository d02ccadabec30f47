// SPDX-License-Identifier: GPL-3.0-or-later
// Keys of the section analog.
#include "config/analog_section.hpp"

#include "config/keys.hpp"

namespace aircomp::runtime {

const Keys<AnalogConfig>& analog_keys() {
    using A = AnalogConfig;
    static const Keys<A> keys = {
        choice("scale", &A::scale,
               {{"calibrated", ScalePolicy::calibrated},
                {"shared", ScalePolicy::shared},
                {"exchanged", ScalePolicy::exchanged}},
               "The scale that all devices divide by: a constant per layer and site, measured "
               "beforehand; a function of the residual stream that all of them know; or the "
               "largest norm, over the control link."),
        flag("rotation", &A::rotation,
             "An orthonormal transform before sending, undone after receiving, spreads outlier "
             "channels."),
        number("clip_level", &A::clip_level, "", within(1e-6, 1e6),
               "The largest real that is sent, in standard deviations of its design; what is "
               "larger is clipped and counted."),
    };
    return keys;
}

}  // namespace aircomp::runtime
