// SPDX-License-Identifier: GPL-3.0-or-later
// First light: bring-up, sounding, design, sums, and what all of it says.
#include "engine/first_light.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "air/noise.hpp"
#include "coding/analog_codec.hpp"
#include "coding/calibration.hpp"
#include "coding/exact_sum.hpp"
#include "config/seeds.hpp"
#include "files/sha256.hpp"
#include "radio/open_radios.hpp"
#include "round/radio_testbed.hpp"
#include "schemes/registry.hpp"

namespace aircomp::runtime {
namespace {

constexpr double degrees = 180 / 3.14159265358979323846;

double db(double ratio) {
    return 10 * std::log10(std::max(1e-20, ratio));
}

Config config_of(const Config& config, const FirstLightOptions& options) {
    validate(config, "configuration", check_scheme);
    return with_devices(config, options.devices);
}

std::vector<double> max_power_w(const Config& config) {
    std::vector<double> power_w;
    for (const auto& device : config.devices)
        power_w.push_back(device.max_power_w);
    return power_w;
}

class FirstLight {
public:
    FirstLight(const Config& config, const FirstLightOptions& options)
        : config_(config),
          options_(options),
          codec_(config_, options.length, unit_calibration(config_.devices.size())),
          testbed_(config_, codec_, max_power_w(config_), find_scheme(config_.scheme).design,
                   options.open) {
        testbed_.scheduler().watch(options.before_round);
    }

    FirstLightReport run(const std::function<void(const FirstLightRound&)>& progress);

private:
    std::size_t devices() const { return config_.devices.size(); }
    std::vector<std::vector<float>> draw_partials(std::int64_t index) const;
    FirstLightRound sum(std::int64_t index);

    Config config_;
    FirstLightOptions options_;
    AnalogCodec codec_;
    RadioTestbed testbed_;
    std::vector<double> power_dbfs_;  // of the devices, sums over the rounds
    double error_ = 0, power_ = 0;    // of all sums together
};

FirstLightDevice describe(const RadioTally& tally, const std::string& name) {
    FirstLightDevice radio;
    radio.name = name;
    radio.receive_peak_dbfs = tally.receive_peak_dbfs;
    radio.late = tally.late;
    radio.underflowed = tally.underflowed;
    radio.broken = tally.broken;
    radio.unacknowledged = tally.unacknowledged;
    radio.clipped_samples = tally.clipped_samples;
    return radio;
}

FirstLightReport FirstLight::run(const std::function<void(const FirstLightRound&)>& progress) {
    FirstLightReport report;
    power_dbfs_.assign(devices(), 0);
    for (std::int64_t index = 0; index < options_.rounds; ++index) {
        report.rounds.push_back(sum(index));
        if (progress) progress(report.rounds.back());
    }
    report.nmse = error_ / power_;
    // A sounding under the old reference shows what each device's correction has left over.
    RoundScheduler& scheduler = testbed_.scheduler();
    const phy::SoundingReport before = scheduler.designed_for();
    const auto phases_rad = phase_turns(before, scheduler.sound_again());
    for (std::size_t n = 0; n < devices(); ++n) {
        FirstLightDevice device = describe(scheduler.tallies()[n], config_.devices[n].name);
        const phy::DeviceEstimate& estimate = before.devices[n];
        device.path_gain_db = db(estimate.path_gain);
        device.evm = std::sqrt(estimate.least_squares_variance / estimate.path_gain);
        device.delay_samples = estimate.delay_samples;
        device.offset_hz = scheduler.last_reports()[n].offset_hz;
        device.header_snr_db = scheduler.last_reports()[n].header_snr_db;
        device.phase_deg = degrees * phases_rad[n];
        device.power_dbfs = power_dbfs_[n] / static_cast<double>(options_.rounds);
        if (const auto dbm = full_scale_dbm(config_, n))
            device.power_dbm = *dbm + device.power_dbfs;
        report.devices.push_back(device);
    }
    report.server = describe(scheduler.tallies().back(), "server");
    report.soundings = scheduler.soundings();
    for (const RoundFault& fault : scheduler.faults())
        report.failures.push_back(fault.what);
    report.repeated_rounds = static_cast<std::int64_t>(report.failures.size());
    return report;
}

std::vector<std::vector<float>> FirstLight::draw_partials(std::int64_t index) const {
    std::vector<std::vector<float>> partials(devices());
    const auto length = static_cast<std::size_t>(options_.length);
    for (std::size_t n = 0; n < devices(); ++n) {
        NoiseGenerator noise(derive_seed(config_.seed, seed_for::first_light_partials,
                                         static_cast<std::uint64_t>(index) * 1024 + n));
        // Half of a complex sample's variance falls on each of its two reals.
        partials[n].assign(length + length % 2, 0.0F);
        noise.add(
            {reinterpret_cast<std::complex<float>*>(partials[n].data()), partials[n].size() / 2},
            2);
        partials[n].resize(length);
    }
    return partials;
}

FirstLightRound FirstLight::sum(std::int64_t index) {
    const auto partials = draw_partials(index);
    std::vector<float> sum(static_cast<std::size_t>(options_.length)), truth(sum.size());
    const std::vector<float> residual(sum.size(), 1.0F);
    SumRequest request;
    request.position = 1;
    request.length = options_.length;
    request.partials = partials;
    request.residual = residual;
    exact_sum(request, truth);
    const auto whole = testbed_.sum(request.site.kind, codec_.common_scale(request, 0),
                                    {partials.begin(), partials.end()}, sum);
    double error = 0;
    for (std::size_t i = 0; i < sum.size(); ++i)
        error += std::pow(static_cast<double>(sum[i]) - static_cast<double>(truth[i]), 2);
    const double power = mean_square(truth) * static_cast<double>(truth.size());
    error_ += error;
    power_ += power;
    Sha256 sha;
    sha.add(gsl::as_bytes(gsl::span<const float>(sum)));
    FirstLightRound round;
    round.sum_sha256 = to_hex(sha.digest());
    round.number = whole.order.number;
    round.time_s = static_cast<double>(whole.order.burst) / config_.radio.bandwidth_hz;
    round.nmse = error / power;
    round.expected_nmse = testbed_.scheduler().settings(request.site.kind).server.nmse;
    round.evm = whole.server.evm;
    round.phase_deg = degrees * whole.server.phase_rad;
    round.noise_power_w = whole.server.noise_power_w;
    round.confidence = whole.server.confidence;
    for (std::size_t n = 0; n < devices(); ++n) {
        round.device_power_dbfs.push_back(whole.devices[n].burst.mean_dbfs);
        power_dbfs_[n] += whole.devices[n].burst.mean_dbfs;
    }
    return round;
}

}  // namespace

Config with_devices(Config config, const std::vector<std::size_t>& devices) {
    if (devices.empty()) return config;
    const Config all = config;
    config.devices.clear();
    config.radios.devices.clear();
    config.shares.clear();
    for (const std::size_t n : devices) {
        config.devices.push_back(all.devices.at(n));
        if (!all.radios.devices.empty()) config.radios.devices.push_back(all.radios.devices[n]);
    }
    return config;
}

FirstLightReport first_light(const Config& config, const FirstLightOptions& options,
                             const std::function<void(const FirstLightRound&)>& progress) {
    return FirstLight(config_of(config, options), options).run(progress);
}

}  // namespace aircomp::runtime
