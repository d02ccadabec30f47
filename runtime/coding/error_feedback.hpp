// SPDX-License-Identifier: GPL-3.0-or-later
// What codes have left out so far, equation (19): each device keeps it and adds it to what it sends at
// the next site of the same tokens.
#pragma once

#include <gsl/span>
#include <vector>

#include "coding/sum_request.hpp"

namespace aircomp::runtime {

class ErrorFeedback {
public:
    /// e_n of `device` for vector `v` of the request, [length], to be read and written. It is 0 where
    /// the request does not go on with the tokens of the one before.
    gsl::span<float> of(const SumRequest& request, std::size_t device, std::int64_t v);

private:
    struct Place {
        std::size_t site = 0;
        std::int64_t position = -1, vectors = 0, length = 0;
        std::size_t devices = 0;
    };
    static bool goes_on(const Place& from, const Place& to);

    Place place_;
    std::vector<float> left_;  // [devices, vectors, length]
};

}  // namespace aircomp::runtime
