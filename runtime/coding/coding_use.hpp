// SPDX-License-Identifier: GPL-3.0-or-later
// How much of a model's calibration file is used: decided once, by who has the configuration, and the
// same at all devices and the server.
#pragma once

#include <cstdint>

namespace aircomp::runtime {

struct CodingUse {
    std::int64_t rank = 0;       ///< Directions of a prediction and of a transform, at most.
    bool prediction = false;     ///< Devices leave out what the stream foretells of later tokens.
    bool first_token = false;    ///< And of the one at position 0.
    bool transform = false;      ///< Partials are transformed before they are sent.
    bool carries = false;        ///< See Shape, as below.
    double vector_headroom = 1;  ///< A ratio of energies, at least 1.
};

}  // namespace aircomp::runtime
