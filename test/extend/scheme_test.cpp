// SPDX-License-Identifier: GPL-3.0-or-later
// The example of a scheme, under a small model.
#include "air/radio_cell.hpp"
#include "aircomp/inference/random_model.hpp"
#include "aircomp/inference/slice_cost.hpp"
#include "coding/packed_partial.hpp"
#include "engine/sliced_model.hpp"
#include "runtime/full_power.hpp"
#include "runtime/small_model.hpp"
#include "schemes/registry.hpp"
#include "support/catch.hpp"

namespace aircomp::runtime {

std::vector<Scheme> fixed_rate_schemes();

namespace {

constexpr int devices = 4;

/// What a token of a small model costs over the example, and the NMSE of its sums.
std::pair<Ledger, double> token_of(int digital_bits) {
    const auto checkpoint = inference::random_model(small_model(), {});
    Config config = default_config(devices);
    config.digital.bits = digital_bits;
    // The example is in no registry: the slices are those of a scheme that is.
    config.scheme = "exact";
    const Layout layout = lay_out(config, small_model(), inference::bytes_per_weight(checkpoint));
    const auto power_w = full_power(layout.config);
    const auto medium = fixed_rate_schemes().front().make(
        {layout.config, small_model().hidden_size, power_w, Calibration{}});
    SlicedModel model(checkpoint, layout.slices, layout.config);
    model.measure_errors();
    const inference::Token token[] = {5};
    model.forward(token, 0, *medium);
    return {medium->usage(), model.nmse()};
}

TEST_CASE("the example of a scheme sums a small model's partials, and errs as its codes do") {
    // The power of a uniform quantiser's error falls by four with every bit.
    const double coarse = token_of(8).second, fine = token_of(14).second;
    CHECK(coarse < 1e-2);
    CHECK(fine > 0);
    CHECK(coarse / fine == Approx(std::pow(4.0, 6)).epsilon(0.5));
}

TEST_CASE("the example of a scheme charges time and energy for every sum") {
    const Ledger ledger = token_of(8).first;
    CHECK(ledger.all_reduces == small_model().sites());
    const auto length = static_cast<std::size_t>(small_model().hidden_size);
    const double uses = 8 * static_cast<double>(packed_bytes(length, 8)) / 2;
    const Config config = default_config(devices);
    const double seconds = air_time_s(config.radio, uses) * static_cast<double>(ledger.all_reduces);
    CHECK(ledger.uplink_s == Approx(devices * seconds));
    CHECK(ledger.downlink_s > 0);
    for (std::size_t n = 0; n < config.devices.size(); ++n)
        CHECK(ledger.transmit_energy_j[n] > 0.99 * config.devices[n].max_power_w * seconds);
}

}  // namespace
}  // namespace aircomp::runtime
