// SPDX-License-Identifier: GPL-3.0-or-later
// One suite over all media, schemes over the air at both depths, on independent Gaussian partials
// (for which equation (4) holds).
#include "schemes/registry.hpp"

#include <cmath>
#include <limits>
#include <random>
#include <set>

#include "air/radio_cell.hpp"
#include "air/relay_field.hpp"
#include "aircomp/optimizer/design.hpp"
#include "aircomp/optimizer/distributed.hpp"
#include "aircomp/optimizer/hierarchy.hpp"
#include "aircomp/optimizer/multicast.hpp"
#include "coding/exact_sum.hpp"
#include "full_power.hpp"
#include "schemes/down/registry.hpp"
#include "schemes/entries.hpp"
#include "support/catch.hpp"

namespace aircomp::runtime {
namespace {

constexpr std::int64_t length = 256;

/// Partials of independent Gaussian reals, the same power on every device.
class Partials {
public:
    Partials(std::size_t devices, std::int64_t vectors, unsigned seed = 1)
        : vectors_(vectors),
          residual_(static_cast<std::size_t>(vectors * length), 1.0F),
          input_widths_(devices, length / static_cast<std::int64_t>(devices)) {
        std::mt19937 generator(seed);
        std::normal_distribution<float> normal;
        partials_.resize(devices);
        for (auto& partial : partials_) {
            partial.resize(residual_.size());
            for (float& value : partial)
                value = normal(generator);
        }
    }

    SumRequest request(std::int64_t position = 1) const {
        SumRequest request;
        request.site = {0, SiteKind::mlp, 1};
        request.position = position;
        request.vectors = vectors_;
        request.length = length;
        request.partials = partials_;
        request.residual = residual_;
        request.input_widths = input_widths_;
        return request;
    }

    std::vector<std::vector<float>>& values() { return partials_; }

private:
    std::int64_t vectors_;
    std::vector<float> residual_;
    std::vector<std::int64_t> input_widths_;
    std::vector<std::vector<float>> partials_;
};

Config testbed(const std::string& scheme, std::int64_t devices = 4, double snr_db = 30) {
    Config config = default_config(devices);
    config.scheme = scheme;
    config.radio.snr_db = snr_db;
    return config;
}

std::unique_ptr<Medium> medium_of(const Config& config) {
    const std::size_t devices = config.devices.size();
    return make_medium(config, length, full_power(config), unit_calibration(devices));
}

std::vector<float> run(Medium& medium, const SumRequest& request) {
    std::vector<float> sum(static_cast<std::size_t>(request.vectors * request.length));
    medium.all_reduce(request, sum);
    return sum;
}

double nmse(const std::vector<float>& sum, const SumRequest& request) {
    std::vector<float> truth(sum.size());
    exact_sum(request, truth);
    double error = 0, signal = 0;
    for (std::size_t i = 0; i < sum.size(); ++i) {
        error += std::pow(static_cast<double>(sum[i]) - truth[i], 2);
        signal += std::pow(static_cast<double>(truth[i]), 2);
    }
    return error / signal;
}

/// Schemes over the air at both depths, the others once.
std::vector<std::pair<std::string, AirMedium>> all_media() {
    std::vector<std::pair<std::string, AirMedium>> media;
    for (const Scheme& scheme : schemes()) {
        media.emplace_back(scheme.name, AirMedium::symbol);
        if (!scheme.design.empty()) media.emplace_back(scheme.name, AirMedium::waveform);
    }
    return media;
}

TEST_CASE("every medium brings the sum of the partials") {
    const auto [scheme, depth] = GENERATE(from_range(all_media()));
    // `uniform` and `inversion` align nothing or pay for the weakest device: no bound but finite.
    const bool is_baseline = scheme == "uniform" || scheme == "inversion";
    CAPTURE(scheme, depth);
    auto config = testbed(scheme, scheme == "centralized" ? 1 : 4);
    config.medium = depth;
    const auto medium = medium_of(config);
    const Partials partials(scheme == "centralized" ? 1 : 4, 3);
    const auto sum = run(*medium, partials.request());
    const double error = nmse(sum, partials.request());
    CHECK(std::isfinite(error));
    if (!is_baseline) CHECK(error < 0.1);
    CHECK(medium->usage().all_reduces == 3);
}

TEST_CASE("every medium refuses what it cannot sum and says where") {
    const auto [scheme, depth] = GENERATE(from_range(all_media()));
    CAPTURE(scheme, depth);
    auto config = testbed(scheme);
    config.medium = depth;
    const auto medium = medium_of(config);
    Partials partials(4, 1);
    std::vector<float> sum(length);
    SECTION("a partial that is not finite") {
        partials.values()[2][7] = std::numeric_limits<float>::quiet_NaN();
        CHECK_THROWS_WITH(medium->all_reduce(partials.request(), sum),
                          "all-reduce at layer 0 mlp: the partial of device 3 is not finite");
    }
    SECTION("a partial of another size") {
        partials.values()[1].pop_back();
        CHECK_THROWS_WITH(medium->all_reduce(partials.request(), sum),
                          "all-reduce at layer 0 mlp: the partial of device 2 has 255 values, "
                          "expected 256");
    }
    SECTION("a sum of another size") {
        sum.pop_back();
        CHECK_THROWS_AS(medium->all_reduce(partials.request(), sum), std::invalid_argument);
    }
}

TEST_CASE("the same seed gives the same sums, another seed gives others") {
    const auto scheme = GENERATE("digital", "fdma", "hierarchical", "mmse");
    CAPTURE(scheme);
    auto config = testbed(scheme);
    config.medium = GENERATE(AirMedium::symbol, AirMedium::waveform);
    const Partials partials(4, 2);
    const auto first = run(*medium_of(config), partials.request());
    CHECK(first == run(*medium_of(config), partials.request()));
    if (std::string(scheme) == "digital") return;  // quantisation draws nothing
    config.seed = 2;
    CHECK(first != run(*medium_of(config), partials.request()));
}

TEST_CASE("the symbol medium's error is that of equation (4)") {
    auto config = testbed("mmse", 4, GENERATE(10, 20, 30));
    config.radio.channel_knowledge =
        GENERATE(ChannelKnowledge::perfect, ChannelKnowledge::estimated);
    config.radio.downlink = "free";
    RadioCell cell(config, full_power(config));
    cell.enter_block();
    optimizer::TransceiverProblem problem;
    problem.channels = cell.block().estimates;
    problem.error_variances = cell.block().error_variances;
    problem.second_moments.assign(4, 1);
    problem.power_w.assign(4, 0);
    for (std::size_t n = 0; n < 4; ++n)
        problem.power_w[n] = config.devices[n].max_power_w;
    problem.streams = config.radio.streams;
    problem.noise_power_w = cell.noise_power_w();
    const auto design = optimizer::design_mmse(problem);
    // The channel that was drawn, not the average over estimation errors.
    auto truth = problem;
    truth.channels = cell.block().channels;
    truth.error_variances.clear();
    const double expected = optimizer::normalized_mean_square_error(truth, design.transceiver);

    const Partials partials(4, 40);
    const double found = nmse(run(*medium_of(config), partials.request()), partials.request());
    // 40 * 256 reals: the relative standard error of either mean square is about 1.4%.
    CHECK(found == Approx(expected).epsilon(0.08));
}

TEST_CASE("uplink time grows with the devices in digital and fdma, not over the air") {
    const auto uplink_s = [](const std::string& scheme, std::int64_t devices) {
        auto config = testbed(scheme, devices, 20);
        for (auto& device : config.devices)
            device.path_gain = 1;
        const auto medium = medium_of(config);
        const Partials partials(static_cast<std::size_t>(devices), 1);
        run(*medium, partials.request());
        return medium->usage().uplink_s;
    };
    CHECK(uplink_s("mmse", 8) == Approx(uplink_s("mmse", 2)));
    CHECK(uplink_s("fdma", 8) == Approx(4 * uplink_s("fdma", 2)));
    // Each device's rate depends on its fading: linear up to the spread of 2 x 8 antennas.
    CHECK(uplink_s("digital", 8) == Approx(4 * uplink_s("digital", 2)).epsilon(0.15));
    // 256 reals, two a symbol, two streams, 7.5 million channel uses a second.
    CHECK(uplink_s("mmse", 4) == Approx(64 / 7.5e6));
}

TEST_CASE("sounding is charged once a coherence block and grows with the devices") {
    const auto medium = medium_of(testbed("mmse", 4));
    const Partials partials(4, 1);
    run(*medium, partials.request());
    run(*medium, partials.request());
    CHECK(medium->usage().coherence_blocks == 1);
    CHECK(medium->usage().sounding_channel_uses == 4 * 2 * 32);
    medium->elapse(10e-3);
    run(*medium, partials.request());
    CHECK(medium->usage().coherence_blocks == 2);
    const auto larger = medium_of(testbed("mmse", 8));
    run(*larger, Partials(8, 1).request());
    CHECK(larger->usage().sounding_channel_uses == 8 * 2 * 32);
}

TEST_CASE("the multicast costs what equation (12) says, the free downlink nothing") {
    auto config = testbed("mmse", 1);
    config.costs = Costs::paper;
    config.devices[0].antennas = 2;
    RadioCell cell(config, {true});
    cell.enter_block();
    const auto& h = cell.block().channels[0];
    const Eigen::MatrixXcd inner =
        Eigen::MatrixXcd::Identity(2, 2) +
        config.radio.server_power_w / (8 * cell.noise_power_w()) * (h.adjoint() * h);
    const double bits_per_use =
        std::log2((inner(0, 0) * inner(1, 1) - inner(0, 1) * inner(1, 0)).real());
    std::vector<float> sum(length, 0.5F);
    make_way_down(config)->bring(cell, std::vector<float>(sum.size()), sum);
    CHECK(cell.ledger().downlink_s == Approx(16 * 256 / (10e6 * 0.75 * bits_per_use)));
    config.radio.downlink = "free";
    RadioCell free(config, {true});
    free.enter_block();
    make_way_down(config)->bring(free, std::vector<float>(sum.size()), sum);
    CHECK(free.ledger().downlink_s == 0);
}

TEST_CASE(
    "the best multicast is made for the channels that are known and charged for those that are") {
    auto config = testbed("mmse", 4);
    config.costs = Costs::paper;
    config.radio.channel_knowledge =
        GENERATE(ChannelKnowledge::perfect, ChannelKnowledge::estimated);
    const auto downlink_s = [&](MulticastCovariance covariance) {
        config.radio.multicast_covariance = covariance;
        RadioCell cell(config, std::vector<double>(4, 1.0));
        cell.enter_block();
        std::vector<float> sum(length, 0.5F);
        make_way_down(config)->bring(cell, std::vector<float>(sum.size()), sum);
        return cell.ledger().downlink_s;
    };
    const double best = downlink_s(MulticastCovariance::best);
    CHECK(best < 0.95 * downlink_s(MulticastCovariance::white));

    RadioCell cell(config, std::vector<double>(4, 1.0));
    cell.enter_block();
    const double snr = config.radio.server_power_w / cell.noise_power_w();
    const auto design = optimizer::design_multicast(cell.block().estimates, snr);
    const double of_estimates_s = 16 * 256 / (10e6 * 0.75 * design.bits_per_use);
    const bool is_perfect = config.radio.channel_knowledge == ChannelKnowledge::perfect;
    CHECK((best == Approx(of_estimates_s)) == is_perfect);
}

TEST_CASE("values beyond the transmitters' range are clipped and counted") {
    auto config = testbed("mmse");
    config.medium = GENERATE(AirMedium::symbol, AirMedium::waveform);
    config.analog.clip_level = 1;
    const auto medium = medium_of(config);
    run(*medium, Partials(4, 4).request());
    // A Gaussian is beyond one deviation with probability 0.317.
    CHECK(medium->usage().of(clipped_reals) / (4 * 4 * 256) == Approx(0.317).margin(0.03));
}

TEST_CASE("every scale policy brings the sum; the exchanged one pays on the control link") {
    auto config = testbed("mmse");
    config.medium = GENERATE(AirMedium::symbol, AirMedium::waveform);
    config.analog.scale =
        GENERATE(ScalePolicy::calibrated, ScalePolicy::shared, ScalePolicy::exchanged);
    const auto medium = medium_of(config);
    const Partials partials(4, 2);
    CHECK(nmse(run(*medium, partials.request()), partials.request()) < 0.05);
    const bool is_exchanged = config.analog.scale == ScalePolicy::exchanged;
    config.analog.scale = ScalePolicy::calibrated;
    const auto reference = medium_of(config);
    run(*reference, partials.request());
    const double more_s = medium->usage().control_s - reference->usage().control_s;
    CHECK((more_s > 0.9 * config.radio.control_latency_s) == is_exchanged);
}

TEST_CASE("a massive activation on the first token does not drown the others") {
    auto config = testbed("mmse");
    config.medium = GENERATE(AirMedium::symbol, AirMedium::waveform);
    auto calibration = unit_calibration(4);
    for (auto& site : calibration.first_token)
        site.partial_power.assign(4, 1e6);
    const auto medium = make_medium(config, length, full_power(config), calibration);
    Partials partials(4, 2);
    for (auto& partial : partials.values())
        partial[3] += 16000;  // of the first vector
    const auto request = partials.request(0);
    const auto sum = run(*medium, request);
    std::vector<float> truth(sum.size());
    exact_sum(request, truth);
    double error = 0, signal = 0;
    for (std::size_t i = length; i < sum.size(); ++i) {  // of the second vector
        error += std::pow(static_cast<double>(sum[i]) - truth[i], 2);
        signal += std::pow(static_cast<double>(truth[i]), 2);
    }
    CHECK(error / signal < 0.05);
    CHECK(sum[3] == Approx(64000).epsilon(0.2));
}

TEST_CASE("hierarchical takes a turn for every cluster and one for the relays") {
    auto config = testbed("hierarchical", 16);
    config.costs = Costs::paper;
    config.radio.downlink = "free";
    const RelayField field(config);
    std::set<std::size_t> clusters;
    for (std::size_t n = 0; n < config.devices.size(); ++n)
        clusters.insert(field.relay_of(n));
    const auto medium = medium_of(config);
    run(*medium, Partials(16, 2).request());
    const Ledger& usage = medium->usage();
    const auto turns = static_cast<std::int64_t>(clusters.size()) + 1;
    CHECK(turns > 2);
    CHECK(usage.uplink_channel_uses == 2 * 64 * turns);
    CHECK(usage.uplink_s == Approx(2 * 64 * static_cast<double>(turns) / 7.5e6));
    // Both hops are sounded: 16 devices of 2 antennas, 4 relays of 4.
    CHECK(usage.sounding_channel_uses == 32 * (16 * 2 + 4 * 4));
    // Settings to everybody, and what relays know of their channels to the coordinator.
    CHECK(usage.control_s > 2 * config.radio.control_latency_s);
    // A device sends in its cluster's turn alone, beside its pilots, and within its power.
    const double turn_s = 64 / 7.5e6;
    const double pilots_j = 0.1 * 64 / 7.5e6;
    for (const double energy_j : usage.transmit_energy_j)
        CHECK(energy_j <= pilots_j + 2 * 0.1 * turn_s * (1 + 1e-9));
}

TEST_CASE("relays keep their power, also where the partials all say the same") {
    auto config = testbed("hierarchical", 4, GENERATE(0, 30));
    config.costs = Costs::paper;
    Partials partials(4, 20);
    auto calibration = unit_calibration(4);
    if (GENERATE(false, true)) {
        for (auto& partial : partials.values())
            partial = partials.values()[0];
        for (auto& site : calibration.later_tokens)
            site.sum_power = 16;
    }
    const auto medium = make_medium(config, length, full_power(config), calibration);
    run(*medium, partials.request());
    const Ledger& usage = medium->usage();
    const RelayField field(config);
    std::set<std::size_t> clusters;
    for (std::size_t n = 0; n < 4; ++n)
        clusters.insert(field.relay_of(n));
    const double pilots_j = config.relays.power_w * 4 * 4 * 32 / 7.5e6;
    const double most_j =
        config.relays.power_w * static_cast<double>(clusters.size()) * 20 * 64 / 7.5e6;
    const double sent_j = usage.relay_energy_j - pilots_j;
    // 20 x 256 reals, and estimates of channels instead of these: within a few percent.
    CHECK(sent_j < 1.1 * most_j);
    CHECK(sent_j > 0.02 * most_j);
}

TEST_CASE("two hops end with the error that the optimizer derives") {
    auto config = testbed("hierarchical", 6, 20);
    config.radio.channel_knowledge = ChannelKnowledge::perfect;
    config.radio.downlink = "free";
    const RelayField field(config);
    const RelayBlock block = field.draw(0);
    optimizer::HierarchyProblem problem;
    problem.noise_power_w = noise_power_w(config);
    for (std::size_t c = 0; c < field.relays(); ++c) {
        optimizer::TransceiverProblem cluster;
        cluster.streams = config.radio.streams;
        cluster.noise_power_w = problem.noise_power_w;
        for (std::size_t n = 0; n < 6; ++n) {
            if (field.relay_of(n) != c) continue;
            cluster.channels.push_back(block.devices[n].channel(0));
            cluster.power_w.push_back(config.devices[n].max_power_w);
            cluster.second_moments.push_back(1);
        }
        if (cluster.channels.empty()) continue;
        problem.clusters.push_back(cluster);
        problem.relay_channels.push_back(block.relays[c].channel(0));
        problem.relay_power_w.push_back(config.relays.power_w);
    }
    const Partials partials(6, 40);
    const double found = nmse(run(*medium_of(config), partials.request()), partials.request());
    // 40 * 256 reals: the relative standard error of either mean square is about 1.4%.
    CHECK(found == Approx(optimizer::design_hierarchy(problem).nmse).epsilon(0.08));
}

TEST_CASE("channels that move cost accuracy, the more the older a block's sounding is") {
    const auto scheme = GENERATE("mmse", "fdma", "hierarchical");
    CAPTURE(scheme);
    const auto error = [&](double doppler_hz, double age_s) {
        auto config = testbed(scheme);
        config.radio.doppler_hz = doppler_hz;
        config.radio.knowledge_age_s = age_s;
        const auto medium = medium_of(config);
        const Partials partials(4, 1);
        double total = 0;
        constexpr int rounds = 40;  // over eight blocks of 10 ms
        for (int i = 0; i < rounds; ++i) {
            total += nmse(run(*medium, partials.request()), partials.request()) / rounds;
            medium->elapse(2e-3);
        }
        return total;
    };
    const double still = error(0, 10e-3), moving = error(5, 0), older = error(5, 10e-3);
    CHECK(error(0, 0) == still);
    // J0(2 pi 5 Hz 5 ms) leaves 1.2% of the channel's power unknown in the middle of a block, and
    // 15 ms 11%; noise at 30 dB and pilots leave some 0.1%.
    CHECK(moving > 2 * still);
    CHECK(older > 2 * moving);
}

/// The error of one coherence block whose channels the server knows. Noise of the sums is the same
/// in every call.
double error_of_design(PrecoderDesign design, double snr_db, double server_power_w = 1,
                       int design_pilots = 1) {
    auto config = testbed("mmse", 4, snr_db);
    config.radio.channel_knowledge = ChannelKnowledge::perfect;
    config.radio.downlink = "free";
    config.radio.design = design;
    config.radio.server_power_w = server_power_w;
    config.radio.design_pilots = design_pilots;
    const Partials partials(4, 40);
    return nmse(run(*medium_of(config), partials.request()), partials.request());
}

TEST_CASE("without noise on the pilots devices design as the server does") {
    const double snr_db = GENERATE(0, 20, 30);
    CAPTURE(snr_db);
    const double central = error_of_design(PrecoderDesign::centralized, snr_db);
    // Noise of at most 0.1 W on pilots of 1e12 W turns channels by 3e-7 of themselves, about what
    // float32 does to symbols; errors, squares of 0.03 of the sums and more, by some 1e-5 at most.
    const double own = error_of_design(PrecoderDesign::distributed, snr_db, 1e12);
    CHECK(own == Approx(central).epsilon(1e-4));
}

TEST_CASE("noise on the pilots of a distributed design costs accuracy, power buys it back") {
    const double central = error_of_design(PrecoderDesign::centralized, 20);
    const double strong = error_of_design(PrecoderDesign::distributed, 20, 10);
    const double weak = error_of_design(PrecoderDesign::distributed, 20, 0.1);
    const double repeated = error_of_design(PrecoderDesign::distributed, 20, 0.1, 10);
    CHECK(central < strong);
    CHECK(strong < weak);
    CHECK(central < repeated);
    CHECK(repeated < weak);
}

TEST_CASE("each way to design is charged what the optimizer says it costs") {
    const auto usage_of = [](PrecoderDesign design) {
        auto config = testbed("mmse", 4);
        config.radio.design = design;
        config.radio.design_pilots = 3;
        const auto medium = medium_of(config);
        run(*medium, Partials(4, 1).request());
        medium->elapse(10e-3);
        run(*medium, Partials(4, 1).request());
        return medium->usage();
    };
    // Two coherence blocks, designs for two kinds of sites, float32 over the control link.
    const auto control_s = [](const optimizer::ControlCost& cost) {
        const auto reals = static_cast<double>(cost.broadcast_reals + cost.unicast_reals);
        return 2 * (250e-6 + 2 * 4 * reals / 12.5e6);
    };
    const Ledger central = usage_of(PrecoderDesign::centralized);
    CHECK(central.sounding_channel_uses == 2 * 4 * 2 * 32);
    CHECK(central.control_s == Approx(control_s(optimizer::centralized_cost(2, 4 * 2))));

    const optimizer::ControlCost cost = optimizer::distributed_cost(2, 3);
    const Ledger own = usage_of(PrecoderDesign::distributed);
    const std::int64_t pilots = own.sounding_channel_uses - central.sounding_channel_uses;
    CHECK(pilots == 2 * 2 * cost.pilot_channel_uses);
    CHECK(own.sounding_s - central.sounding_s == Approx(static_cast<double>(pilots) / 7.5e6));
    CHECK(own.control_s == Approx(control_s(cost)));
}

TEST_CASE("an unknown scheme is refused with the names that are known") {
    CHECK_THROWS_WITH(medium_of(testbed("magic")),
                      Catch::Contains("scheme 'magic' is not known") && Catch::Contains("mmse"));
}

}  // namespace
}  // namespace aircomp::runtime
