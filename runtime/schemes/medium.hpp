// SPDX-License-Identifier: GPL-3.0-or-later
// The seam between model and radio: whatever can turn the devices' partials into their sum.
#pragma once

#include <gsl/span>

#include "air/ledger.hpp"
#include "coding/sum_request.hpp"

namespace aircomp::runtime {

/// Everything that can carry the sum implements this. Not thread-safe.
class Medium {
public:
    virtual ~Medium() = default;

    /// Writes the sum over devices, as the server and as every device end up knowing it. Throws
    /// std::invalid_argument where sizes disagree, std::domain_error where a partial is not finite.
    virtual void all_reduce(const SumRequest& request, SumCopies sum) = 0;

    /// Lets simulated time pass while devices compute: channels age meanwhile.
    virtual void elapse(double seconds) = 0;

    virtual const Ledger& usage() const = 0;
};

}  // namespace aircomp::runtime
