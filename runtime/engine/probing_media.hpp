// SPDX-License-Identifier: GPL-3.0-or-later
// Media with exact sums but for a known error at one site: what errors there cost a model.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "air/noise.hpp"
#include "coding/site_transform.hpp"
#include "schemes/medium.hpp"

namespace aircomp::runtime {

/// The sum of one site gets the noise that it would have over the air, each token's energy following
/// sqrt(p_t).
class ProbingMedium final : public Medium {
public:
    /// NMSE of the noise: large beside rounding, small enough that what it costs is still in
    /// proportion to it.
    static constexpr double energy = 0.01;

    /// `root_energies`: mean of sqrt(p_t) by Site::index. Both must outlive it.
    ProbingMedium(std::size_t devices, const std::vector<SiteTransform>& transforms,
                  const std::vector<double>& root_energies, std::uint64_t seed)
        : transforms_(transforms), root_energies_(root_energies), noise_(seed), ledger_(devices) {}

    /// Which site has an error; none: no site.
    void probe(std::optional<std::size_t> site) { site_ = site; }

    void all_reduce(const SumRequest& request, SumCopies sum) override;
    void elapse(double) override {}
    const Ledger& usage() const override { return ledger_; }

private:
    void disturb(const SumRequest& request, std::int64_t v, gsl::span<float> sum);

    const std::vector<SiteTransform>& transforms_;
    const std::vector<double>& root_energies_;
    NoiseGenerator noise_;
    Ledger ledger_;
    std::optional<std::size_t> site_;
};

/// The devices' copy of the stream gets noise behind one site, which the next site takes away: what a
/// closed loop's codes do to a model.
class CopyProbingMedium final : public Medium {
public:
    /// Of the noise, over that of the copy.
    static constexpr double energy = 1e-3;

    CopyProbingMedium(std::size_t devices, std::uint64_t seed) : noise_(seed), ledger_(devices) {}

    /// Which site's copy has an error; none: no site's.
    void probe(std::optional<std::size_t> site) { site_ = site; }

    void all_reduce(const SumRequest& request, SumCopies sum) override;
    void elapse(double) override {}
    const Ledger& usage() const override { return ledger_; }

private:
    NoiseGenerator noise_;
    Ledger ledger_;
    std::optional<std::size_t> site_;
};

}  // namespace aircomp::runtime
