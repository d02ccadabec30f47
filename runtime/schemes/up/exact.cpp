// SPDX-License-Identifier: GPL-3.0-or-later
// Schemes `exact`, what the split alone does, and `centralized`, no split at all.
#include "coding/exact_sum.hpp"
#include "schemes/registry.hpp"

namespace aircomp::runtime {
namespace {

class ExactMedium final : public Medium {
public:
    explicit ExactMedium(std::size_t devices) : ledger_(devices) {}

    void all_reduce(const SumRequest& request, SumCopies sum) override {
        check_request(request, sum);
        exact_sum(request, sum.server);
        sum.share();
        ledger_.all_reduces += request.vectors;
    }
    void elapse(double) override {}
    const Ledger& usage() const override { return ledger_; }

private:
    Ledger ledger_;
};

}  // namespace

std::vector<Scheme> exact_schemes() {
    Scheme exact;
    exact.name = "exact";
    exact.is = "no link: the sum in float64, rounded once, at no cost";
    exact.exact = true;
    exact.wired = true;
    exact.compared = true;
    exact.make = [](const MediumSetup& setup) {
        return std::make_unique<ExactMedium>(setup.power_w.size());
    };
    Scheme centralized = exact;
    centralized.name = "centralized";
    centralized.is = "the whole model on the fastest device, however little memory it has";
    centralized.wired = false;
    centralized.one_device = true;
    return {centralized, exact};
}

}  // namespace aircomp::runtime
