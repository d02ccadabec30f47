// SPDX-License-Identifier: GPL-3.0-or-later
// How unevenly the partials of one site are filled: what an analog transmitter has to have range
// for, as they are and after the rotation.
#pragma once

#include <memory>

#include "config/config.hpp"
#include "schemes/medium.hpp"

namespace aircomp::runtime {

/// Of the vectors that devices would send, zero ones left out. First tokens of sequences, where
/// LLMs put massive activations (arXiv 2402.17762), count apart.
struct Outliers {
    double peak_over_rms = 0;              ///< Largest value over the vector's rms, mean.
    double largest_peak_over_rms = 0;      ///< The same, most of all vectors.
    double kurtosis = 0;                   ///< E x^4 / (E x^2)^2, mean; 3 for Gaussian values.
    double first_token_peak_over_rms = 0;  ///< Mean over the vectors of first tokens.
    double first_token_power_ratio = 0;    ///< Their power over that of later tokens' vectors.
};

/// An exact sum that looks at the partials of one site on their way, rotated where the
/// configuration says that they are.
class OutlierMedium final : public Medium {
public:
    /// For vectors of `length` reals.
    OutlierMedium(const Config& config, std::int64_t length, Site site);
    ~OutlierMedium() override;

    void all_reduce(const SumRequest& request, SumCopies sum) override;
    void elapse(double) override {}
    const Ledger& usage() const override { return ledger_; }

    /// Throws std::logic_error where the site has seen no first or no later token.
    Outliers outliers() const;

private:
    struct Observations;
    Site site_;
    Ledger ledger_;
    std::unique_ptr<Observations> observations_;
};

}  // namespace aircomp::runtime
