// SPDX-License-Identifier: GPL-3.0-or-later
// Scheme `fixed-rate`: codes of digital.bits bits at two bits a channel use, one device after the
// other, without bit errors. What a new scheme begins from (docs/extend/scheme.md).
#include <cmath>

#include "air/radio_cell.hpp"
#include "coding/packed_partial.hpp"
#include "schemes/down/registry.hpp"
#include "schemes/registry.hpp"
#include "schemes/up/rounds.hpp"

namespace aircomp::runtime {
namespace {

constexpr double bits_per_use = 2;

class FixedRateMedium final : public Medium {
public:
    explicit FixedRateMedium(RadioCell cell)
        : cell_(std::move(cell)), down_(make_way_down(cell_.config())) {}

    void all_reduce(const SumRequest& request, SumCopies sum) override {
        // A new coherence block brings the devices no settings, and nothing is designed for it.
        all_reduce_by({/*settings_bytes=*/0, /*enter_block=*/[] {},
                       [this](const SumRequest& sent, std::int64_t v, gsl::span<float> out) {
                           transmit(sent, v, out);
                       }},
                      cell_, *down_, request, sum);
    }
    void elapse(double seconds) override { cell_.elapse(seconds); }
    const Ledger& usage() const override { return cell_.ledger(); }

private:
    void transmit(const SumRequest& request, std::int64_t v, gsl::span<float> out) {
        const DigitalConfig& codes = cell_.config().digital;
        std::vector<double> total(out.size(), 0);
        std::vector<float> sent(out.size());
        for (std::size_t n = 0; n < request.partials.size(); ++n) {
            const auto partial = request.partial(n, v);
            std::copy(partial.begin(), partial.end(), sent.begin());
            quantise(sent, codes);
            for (std::size_t i = 0; i < sent.size(); ++i)
                total[i] += sent[i];
        }
        for (std::size_t i = 0; i < out.size(); ++i)
            out[i] = static_cast<float>(total[i]);
        charge(code_bits(out.size(), codes));
    }

    /// Each device sends for an N-th of the time: over all of it that is an N-th of its power.
    void charge(double bits_of_device) {
        const auto devices = static_cast<double>(cell_.participants());
        std::vector<double> power_w = cell_.power_w();
        for (double& power : power_w)
            power /= devices;
        const double uses = devices * bits_of_device / bits_per_use;
        cell_.charge_uplink(cell_.air_time_s(uses), std::llround(uses), power_w, {devices});
    }

    RadioCell cell_;
    std::unique_ptr<WayDown> down_;
};

}  // namespace

std::vector<Scheme> fixed_rate_schemes() {
    Scheme fixed_rate;
    fixed_rate.name = "fixed-rate";
    fixed_rate.is = "codes of digital.bits bits at two bits a channel use, one after the other";
    fixed_rate.quantises = true;
    fixed_rate.make = [](const MediumSetup& setup) {
        return std::make_unique<FixedRateMedium>(RadioCell(setup.config, setup.power_w));
    };
    return {fixed_rate};
}

}  // namespace aircomp::runtime
