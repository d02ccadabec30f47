// SPDX-License-Identifier: GPL-3.0-or-later
// The loop over sites and chunks, with devices and sums that are made up.
#include "engine/forward.hpp"

#include <algorithm>

#include "aircomp/inference/random_model.hpp"
#include "engine/simulation.hpp"
#include "small_model.hpp"
#include "support/catch.hpp"

namespace aircomp::runtime {
namespace {

/// Notes what it is asked for. Sums are 1 at the server and 10 at the devices, for every real.
class Scripted final : public Partials, public AllReduce {
public:
    std::optional<PassFailure> compute(const SiteCall& call, gsl::span<const float> x) override {
        computed.push_back(call);
        seen.emplace_back(x.begin(), x.end());
        if (computed.size() == silent_at) return PassFailure{2, "it sent nothing"};
        return std::nullopt;
    }
    std::optional<PassFailure> sum(const SiteCall& call, const TwoCopies& x,
                                   SiteSum& sum) override {
        summed.push_back(call);
        at_server.push_back(x.server.front());
        if (summed.size() == lost_at) return PassFailure{std::nullopt, "no whole round"};
        std::fill(sum.server.begin(), sum.server.end(), 1.0F);
        std::fill(sum.devices.begin(), sum.devices.end(), 10.0F);
        return std::nullopt;
    }

    std::size_t silent_at = 0, lost_at = 0;  ///< From 1; 0: never.
    std::vector<SiteCall> computed, summed;
    std::vector<std::vector<float>> seen;  ///< The stream that partials were computed from.
    std::vector<float> at_server;          ///< The server's, its first real.
};

/// How sums enter the stream of small_model().
const inference::Residual& residual() {
    static const inference::Residual adds(inference::random_model(small_model()));
    return adds;
}

TwoCopies zeros(std::size_t reals) {
    return {std::vector<float>(reals), std::vector<float>(reals)};
}

TEST_CASE("a pass asks for every site of the model once, in the model's order") {
    const auto model = small_model();
    Scripted devices;
    auto x = zeros(2 * 64);
    CHECK(!run_sites(model, residual(), 5, x, devices, devices));
    REQUIRE(devices.computed.size() == static_cast<std::size_t>(model.sites()));
    REQUIRE(devices.summed.size() == devices.computed.size());
    for (std::size_t i = 0; i < devices.computed.size(); ++i) {
        const auto site = model.site(static_cast<std::int64_t>(i));
        for (const auto& call : {devices.computed[i], devices.summed[i]}) {
            CHECK(call.site.index == i);
            CHECK(call.site.layer == site.layer);
            CHECK(call.site.kind == site.kind);
            CHECK(call.position == 5);
            CHECK(call.vectors == 2);
            CHECK(call.length == 64);
        }
    }
}

TEST_CASE("devices compute from their own copy of the stream, the server keeps another") {
    const auto model = small_model();
    Scripted devices;
    auto x = zeros(64);
    CHECK(!run_sites(model, residual(), 0, x, devices, devices));
    for (std::size_t i = 0; i < devices.seen.size(); ++i) {
        CHECK(devices.seen[i] == std::vector<float>(64, 10.0F * static_cast<float>(i)));
        CHECK(devices.at_server[i] == static_cast<float>(i));
    }
    const auto sites = static_cast<float>(model.sites());
    CHECK(x.server == std::vector<float>(64, sites));
    CHECK(x.devices == std::vector<float>(64, 10 * sites));
}

TEST_CASE("a failure ends the pass at its site and says whose it was") {
    const auto model = small_model();
    SECTION("of a device") {
        Scripted devices;
        devices.silent_at = 3;
        auto x = zeros(64);
        const auto failure = run_sites(model, residual(), 0, x, devices, devices);
        REQUIRE(failure);
        CHECK(failure->device == std::size_t{2});
        CHECK(failure->reason == "it sent nothing");
        CHECK(devices.computed.size() == 3);
        CHECK(devices.summed.size() == 2);
    }
    SECTION("of the way") {
        Scripted devices;
        devices.lost_at = 2;
        auto x = zeros(64);
        const auto failure = run_sites(model, residual(), 0, x, devices, devices);
        REQUIRE(failure);
        CHECK(!failure->device);
        CHECK(devices.computed.size() == 2);
        CHECK(x.server == std::vector<float>(64, 1.0F));  // What failed was not added.
    }
}

TEST_CASE("prefill goes in chunks, and logits are of the server's copy") {
    const auto model = small_model();
    const auto checkpoint = inference::random_model(model);
    const inference::CoordinatorModel coordinator(checkpoint, 1);
    const std::vector<inference::Token> tokens = {0, 7, 3, 9, 4};
    std::vector<std::pair<std::int64_t, std::size_t>> chunks;
    const auto run_chunk = [&](std::int64_t position, TwoCopies& x) -> std::optional<PassFailure> {
        chunks.emplace_back(position, x.server.size() / 64);
        CHECK(x.devices == x.server);
        for (float& real : x.server)
            real += 0.5F;
        std::fill(x.devices.begin(), x.devices.end(), 1e9F);
        return std::nullopt;
    };
    const auto all = forward(coordinator, model, {32, 2, false}, tokens, 3, run_chunk);
    CHECK(chunks == std::vector<std::pair<std::int64_t, std::size_t>>{{3, 2}, {5, 2}, {7, 1}});
    REQUIRE(!all.failure);
    REQUIRE(all.logits.size() == 5 * 96);

    std::vector<float> x(64);
    coordinator.embed(gsl::span<const inference::Token>(tokens).last(1), x);
    for (float& real : x)
        real += 0.5F;
    std::vector<float> expected(96);
    coordinator.logits(x, expected);
    const auto last = forward(coordinator, model, {32, 2, true}, tokens, 3, run_chunk);
    CHECK(last.logits == expected);
}

TEST_CASE("a chunk that fails leaves no logits, and the chunks after it are not begun") {
    const auto model = small_model();
    const auto checkpoint = inference::random_model(model);
    const inference::CoordinatorModel coordinator(checkpoint, 1);
    int begun = 0;
    const auto fails = [&](std::int64_t, TwoCopies&) {
        ++begun;
        return std::optional<PassFailure>({1, "gone"});
    };
    const auto result = forward(coordinator, model, {32, 2, true},
                                std::vector<inference::Token>{1, 2, 3}, 0, fails);
    CHECK(result.logits.empty());
    CHECK(result.failure->device == std::size_t{1});
    CHECK(begun == 1);
}

TEST_CASE("a pass beyond the context is refused before anything is computed") {
    const auto model = small_model();
    const auto checkpoint = inference::random_model(model);
    const inference::CoordinatorModel coordinator(checkpoint, 1);
    const auto never = [](std::int64_t, TwoCopies&) -> std::optional<PassFailure> {
        FAIL("computed");
        return std::nullopt;
    };
    const std::vector<inference::Token> tokens = {1, 2, 3};
    CHECK_THROWS_WITH(forward(coordinator, model, {32, 8, true}, tokens, 30, never),
                      "the sequence needs 33 tokens, the context holds 32");
    CHECK_THROWS_AS(forward(coordinator, model, {32, 8, true}, {}, 0, never),
                    std::invalid_argument);
}

TEST_CASE("sites of a sequence may be run again from any of them on, to the same stream") {
    Config config = default_config(2);
    config.scheme = "exact";
    config.threads = 1;
    Simulation simulation(config, small_checkpoint(), nullptr);
    SlicedModel& model = simulation.model();
    const std::vector<inference::Token> tokens = {0, 5, 17, 80, 3};
    const std::int64_t sites = small_model().sites();
    std::vector<float> logits(96);
    const auto at_once = model.forward(tokens, 0, simulation.medium());

    TwoCopies before = model.begin_sequence(tokens);
    for (std::int64_t site = 0; site < sites; ++site) {
        TwoCopies x = before;
        model.run_some_sites({site, sites}, x, simulation.medium());
        const auto last = gsl::span<const float>(x.server).last(
            static_cast<std::size_t>(small_model().hidden_size));
        model.logits(last, logits);
        CHECK(logits == at_once);
        model.run_some_sites({site, site + 1}, before, simulation.medium());
    }
}

}  // namespace
}  // namespace aircomp::runtime
