// SPDX-License-Identifier: GPL-3.0-or-later
// How the server's messages are sent: what plans promise, and what the air holds of it.
#include "round/multicast_plan.hpp"

#include <random>

#include "aircomp/optimizer/multicast.hpp"
#include "config/waveform_format.hpp"
#include "runtime/full_power.hpp"
#include "support/catch.hpp"

namespace aircomp::runtime {
namespace {

constexpr std::size_t message_bytes = 300;

/// A sounding that found flat channels of mean power 1.
phy::SoundingReport draw_sounding(const Config& config, const phy::BurstFormat& format,
                                  std::uint64_t seed, double weakest = 1) {
    std::mt19937_64 generator(seed);
    std::normal_distribution<float> normal(0, std::sqrt(0.5F));
    phy::SoundingReport report;
    report.found = true;
    const auto rows = static_cast<std::size_t>(config.radio.server_antennas);
    for (std::size_t n = 0; n < config.devices.size(); ++n) {
        phy::DeviceEstimate device;
        device.found = true;
        const auto gain = static_cast<float>(n == 0 ? std::sqrt(weakest) : 1);
        std::vector<phy::Sample> h;
        for (std::size_t i = 0; i < rows * format.device_antennas[n]; ++i)
            h.push_back(gain * phy::Sample(normal(generator), normal(generator)));
        for (std::size_t k = 0; k < format.used_subcarriers(); ++k)
            device.mmse.insert(device.mmse.end(), h.begin(), h.end());
        report.devices.push_back(device);
    }
    return report;
}

MulticastPlan plan_at(const Config& config, double snr_db, std::uint64_t seed, double weakest = 1,
                      double margin_db = 0) {
    const auto format = burst_format(config);
    const double noise_w = config.radio.server_power_w / std::pow(10, snr_db / 10);
    return plan_multicast(config, format, draw_sounding(config, format, seed, weakest), noise_w,
                          message_bytes, margin_db);
}

TEST_CASE("messages are no faster than the best covariance, and its streams carry half of it") {
    Config config = default_config(4);
    config.radio.multicast_covariance = MulticastCovariance::best;
    const auto format = burst_format(config);
    const std::uint64_t seed = GENERATE(1U, 2U, 3U);
    const double snr_db = GENERATE(10.0, 20.0, 30.0);
    const auto sounding = draw_sounding(config, format, seed);
    std::vector<Eigen::MatrixXcd> channels;
    for (std::size_t n = 0; n < config.devices.size(); ++n) {
        const Eigen::Index columns = config.devices[n].antennas;
        Eigen::MatrixXcd h(config.radio.server_antennas, columns);
        for (Eigen::Index i = 0; i < h.size(); ++i)
            h(i / columns, i % columns) =
                std::complex<double>(sounding.devices[n].mmse[static_cast<std::size_t>(i)]);
        channels.push_back(h);
    }
    const double bits =
        optimizer::design_multicast(channels, std::pow(10, snr_db / 10)).bits_per_use;
    const auto plan = plan_at(config, snr_db, seed);
    CAPTURE(bits, plan.modulation.streams, plan.modulation.bits);
    CHECK(plan.modulation.efficiency() < bits);
    CHECK(plan.modulation.efficiency() > 0.4 * bits);
    CHECK(plan.symbols == phy::message_symbols(format, message_bytes, plan.modulation));
}

TEST_CASE("beams have norm 1, with knowledge of the channels and without") {
    Config config = default_config(4);
    config.radio.multicast_covariance =
        GENERATE(MulticastCovariance::best, MulticastCovariance::white);
    const auto plan = plan_at(config, 25, 5);
    const std::size_t streams = plan.modulation.streams;
    for (std::size_t l = 0; l < streams; ++l) {
        double power = 0;
        for (std::size_t i = l; i < plan.beams.size(); i += streams)
            power += std::norm(plan.beams[i]);
        CHECK(power == Approx(1).epsilon(1e-5));
    }
}

TEST_CASE("a weak device, noise and a margin make messages slower, until nothing is left to try") {
    const Config config = default_config(4);
    const std::size_t plain = plan_at(config, 20, 7).symbols;
    CHECK(plan_at(config, 30, 7).symbols < plain);
    CHECK(plan_at(config, 20, 7, /*weakest=*/0.01).symbols > plain);
    CHECK(plan_at(config, 20, 7, 1, /*margin_db=*/10).symbols == plan_at(config, 10, 7).symbols);
    const auto slowest = plan_at(config, -60, 7);
    CHECK(slowest.modulation == phy::Modulation{1, 2, phy::CodeRate::half, 32});
    CHECK(slowest.beams.size() == static_cast<std::size_t>(config.radio.server_antennas));
}

}  // namespace
}  // namespace aircomp::runtime
