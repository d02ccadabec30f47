// SPDX-License-Identifier: GPL-3.0-or-later
// First light: bring-up, sounding, design, sums, and what all of it says.
#include "aircomp/runtime/first_light.hpp"

#include <algorithm>
#include <cmath>
#include <future>
#include <numeric>
#include <stdexcept>

#include "aircomp/runtime/calibration.hpp"
#include "analog_codec.hpp"
#include "exact_sum.hpp"
#include "noise.hpp"
#include "radio/device_radio.hpp"
#include "radio/open_radios.hpp"
#include "radio/round_clock.hpp"
#include "radio/server_radio.hpp"
#include "radio_cell.hpp"
#include "round/block_designer.hpp"
#include "waveform_format.hpp"

namespace aircomp::runtime {
namespace {

constexpr std::uint64_t partials_purpose = 15;
constexpr double degrees = 180 / 3.14159265358979323846;

double db(double ratio) {
    return 10 * std::log10(std::max(1e-20, ratio));
}

/// The configuration with those devices alone that take part.
Config config_of(Config config, const std::vector<std::size_t>& devices) {
    validate(config, "configuration");
    if (config.radios.devices.empty()) {
        throw std::runtime_error("radios: expected a section that names the radios, found none");
    }
    if (!config.radios.transmit) {
        throw std::runtime_error("radios.transmit: expected true, for a sum is sent, found false");
    }
    if (devices.empty()) return config;
    const Config all = config;
    config.devices.clear();
    config.radios.devices.clear();
    config.shares.clear();
    for (const std::size_t n : devices) {
        config.devices.push_back(all.devices.at(n));
        config.radios.devices.push_back(all.radios.devices.at(n));
    }
    return config;
}

/// Partials of unit mean power at one site and position.
Calibration unit_calibration(std::size_t devices) {
    SiteStatistics site;
    site.vectors = 1;
    site.partial_power.assign(devices, 1);
    site.residual_power = 1;
    return {std::vector<SiteStatistics>(2, site), std::vector<SiteStatistics>(2, site)};
}

std::vector<double> max_power_w(const Config& config) {
    std::vector<double> power_w;
    for (const auto& device : config.devices)
        power_w.push_back(device.max_power_w);
    return power_w;
}

class FirstLight {
public:
    FirstLight(const Config& config, const FirstLightOptions& options);

    FirstLightReport run(const std::function<void(const FirstLightRound&)>& progress);

private:
    std::size_t devices() const { return config_.devices.size(); }
    double seconds(Ticks ticks) const {
        return static_cast<double>(ticks) / config_.radio.bandwidth_hz;
    }

    void open();
    void sound_until_found();
    bool sound(bool new_reference, bool acquire = false);
    void design();
    FirstLightRound sum(std::int64_t index);
    bool try_sum(const std::vector<std::vector<float>>& partials, std::vector<float>& sum,
                 FirstLightRound& round);
    void compare_phases();

    std::vector<DeviceReport> all_take_part(const RoundOrder& order,
                                            const std::vector<std::vector<float>>& partials,
                                            const std::function<void()>& server);
    bool counts(const RoundOrder& order, const std::vector<DeviceReport>& reports,
                const ServerReport& server);
    void count_burst(const BurstReport& burst, const WindowReport& window,
                     FirstLightDevice& device) const;
    [[noreturn]] void give_up() const;

    Config config_;
    FirstLightOptions options_;
    phy::BurstFormat format_;
    AnalogCodec codec_;
    phy::Payload payload_;
    std::vector<double> power_w_;  // of the devices
    BlockDesigner designer_;
    std::vector<std::unique_ptr<GuardedSession>> sessions_;  // the devices', then the server's
    std::vector<std::optional<double>> full_scale_dbm_;      // of the devices
    std::vector<DeviceRadio> radios_;
    std::optional<ServerRadio> server_;
    std::optional<RoundClock> clock_;
    RoundSettings settings_;
    phy::SoundingReport designed_for_;
    Ticks sounded_ = 0;
    // Of the reference and so of all headers until the next: phases compare over one path.
    std::size_t header_antenna_ = 0;
    bool whole_ = false;            // the last round
    double error_ = 0, power_ = 0;  // of all sums together
    FirstLightReport report_;
};

FirstLight::FirstLight(const Config& config, const FirstLightOptions& options)
    : config_(config),
      options_(options),
      format_(burst_format(config_)),
      codec_(config_, options.length, unit_calibration(config_.devices.size())),
      payload_{static_cast<std::size_t>(options.length),
               static_cast<std::size_t>(config_.radio.streams), codec_.rotation_seed()},
      power_w_(max_power_w(config_)),
      designer_(config_, format_, config_.scheme, power_w_) {
    for (const auto& device : config_.devices) {
        report_.devices.emplace_back();
        report_.devices.back().name = device.name;
    }
    report_.server.name = "server";
}

void FirstLight::open() {
    for (std::size_t n = 0; n < devices(); ++n) {
        sessions_.push_back(open_guarded_radio(config_, n, options_.open));
        full_scale_dbm_.push_back(full_scale_dbm(config_, n));
    }
    sessions_.push_back(open_guarded_radio(config_, std::nullopt, options_.open));
    for (std::size_t n = 0; n < devices(); ++n)
        radios_.emplace_back(config_, format_, payload_, n, *sessions_[n]);
    server_.emplace(config_, format_, payload_, *sessions_.back());
    std::vector<RadioSession*> all;
    for (const auto& session : sessions_)
        all.push_back(session.get());
    const std::size_t samples =
        format_.burst_samples(format_.data_symbols(payload_.length, payload_.streams));
    clock_.emplace(config_, format_, samples, bring_up(all));
}

FirstLightReport FirstLight::run(const std::function<void(const FirstLightRound&)>& progress) {
    open();
    sound_until_found();
    for (std::int64_t index = 0; index < options_.rounds; ++index) {
        if (seconds(clock_->end() - sounded_) > config_.radio.coherence_block_s)
            sound_until_found();
        report_.rounds.push_back(sum(index));
        if (progress) progress(report_.rounds.back());
    }
    report_.nmse = error_ / power_;
    compare_phases();
    return report_;
}

// ---- soundings ----

/// At first and after a round that failed with many headers: what is known of an oscillator may be
/// why. And another antenna may be out of the fade that hid the last one from a device.
void FirstLight::sound_until_found() {
    for (int attempt = 0; attempt < config_.waveform.attempts; ++attempt) {
        // The burst after many headers comes late, and shows less of the phase that rounds will
        // have.
        if (!whole_ && !sound(/*new_reference=*/true, /*acquire=*/true)) continue;
        if (!sound(/*new_reference=*/true)) continue;
        design();
        return;
    }
    give_up();
}

bool FirstLight::sound(bool new_reference, bool acquire) {
    RoundOrder order = clock_->next(/*sounding=*/true, acquire, sessions_.back()->now());
    order.new_reference = new_reference;
    if (new_reference) {
        header_antenna_ =
            report_.failures.size() % static_cast<std::size_t>(config_.radio.server_antennas);
    }
    order.header_antenna = header_antenna_;
    ServerReport server;
    const auto reports =
        all_take_part(order, {}, [&] { server = server_->sound(order, power_w_); });
    ++report_.soundings;
    if (!counts(order, reports, server)) return false;
    sounded_ = order.burst;
    return true;
}

void FirstLight::design() {
    designed_for_ = server_->sounding();
    const ServerSettings before = settings_.server;
    settings_ = designer_.design(designed_for_, codec_.second_moments(SiteKind::attention),
                                 designed_for_.noise_power_w, &before);
    for (std::size_t n = 0; n < devices(); ++n) {
        const auto& estimate = designed_for_.devices[n];
        FirstLightDevice& device = report_.devices[n];
        device.path_gain_db = db(estimate.path_gain);
        device.evm = std::sqrt(estimate.least_squares_variance / estimate.path_gain);
        device.delay_samples = estimate.delay_samples;
    }
}

/// A sounding under the old reference shows what each device's correction has left over.
void FirstLight::compare_phases() {
    bool found = false;
    for (int attempt = 0; attempt < config_.waveform.attempts && !found; ++attempt)
        found = sound(/*new_reference=*/false);
    if (!found) give_up();
    const phy::SoundingReport& now = server_->sounding();
    std::vector<std::complex<double>> turns;
    std::complex<double> common;
    for (std::size_t n = 0; n < devices(); ++n) {
        std::complex<double> turn;
        const auto& before = designed_for_.devices[n].least_squares;
        const auto& after = now.devices[n].least_squares;
        for (std::size_t i = 0; i < before.size(); ++i)
            turn += std::complex<double>(after[i] * std::conj(before[i]));
        turns.push_back(turn / std::abs(turn));
        common += turns.back();
    }
    for (std::size_t n = 0; n < devices(); ++n)
        report_.devices[n].phase_deg = degrees * std::arg(turns[n] * std::conj(common));
    for (std::size_t n = 0; n < devices(); ++n) {
        if (full_scale_dbm_[n])
            report_.devices[n].power_dbm = *full_scale_dbm_[n] + report_.devices[n].power_dbfs;
    }
}

// ---- sums ----

FirstLightRound FirstLight::sum(std::int64_t index) {
    std::vector<std::vector<float>> partials(devices());
    for (std::size_t n = 0; n < devices(); ++n) {
        NoiseGenerator noise(derive_seed(config_.seed, partials_purpose,
                                         static_cast<std::uint64_t>(index) * 1024 + n));
        // Half of a complex sample's variance falls on each of its two reals.
        const auto length = static_cast<std::size_t>(options_.length);
        partials[n].assign(length + length % 2, 0.0F);
        noise.add(
            {reinterpret_cast<std::complex<float>*>(partials[n].data()), partials[n].size() / 2},
            2);
        partials[n].resize(length);
    }
    std::vector<float> sum(static_cast<std::size_t>(options_.length));
    FirstLightRound round;
    for (int attempt = 0; attempt < config_.waveform.attempts; ++attempt) {
        if (try_sum(partials, sum, round)) return round;
        // What is known of the channel may be why.
        sound_until_found();
    }
    give_up();
}

bool FirstLight::try_sum(const std::vector<std::vector<float>>& partials, std::vector<float>& sum,
                         FirstLightRound& round) {
    SumRequest request;
    request.position = 1;
    request.length = options_.length;
    request.partials = partials;
    const std::vector<float> residual(sum.size(), 1.0F);
    request.residual = residual;
    RoundOrder order = clock_->next(/*sounding=*/false, false, sessions_.back()->now());
    order.header_antenna = header_antenna_;
    order.scale = codec_.common_scale(request, 0);
    ServerReport server;
    const auto reports = all_take_part(
        order, partials, [&] { server = server_->sum(order, settings_.server, sum); });
    if (!counts(order, reports, server)) return false;

    std::vector<float> truth(sum.size());
    exact_sum(request, truth);
    double error = 0;
    for (std::size_t i = 0; i < sum.size(); ++i)
        error += std::pow(static_cast<double>(sum[i]) - static_cast<double>(truth[i]), 2);
    const double power = mean_square(truth) * static_cast<double>(truth.size());
    error_ += error;
    power_ += power;
    round.number = order.number;
    round.time_s = seconds(order.burst);
    round.nmse = error / power;
    round.expected_nmse = settings_.server.nmse;
    round.evm = server.evm;
    round.phase_deg = degrees * server.phase_rad;
    round.noise_power_w = server.noise_power_w;
    round.confidence = server.confidence;
    for (std::size_t n = 0; n < devices(); ++n) {
        round.device_power_dbfs.push_back(reports[n].burst.mean_dbfs);
        report_.devices[n].power_dbfs +=
            reports[n].burst.mean_dbfs / static_cast<double>(options_.rounds);
    }
    return true;
}

// ---- every round ----

/// A thread a device, this one the server's; all end with the round.
std::vector<DeviceReport> FirstLight::all_take_part(const RoundOrder& order,
                                                    const std::vector<std::vector<float>>& partials,
                                                    const std::function<void()>& server) {
    static const DeviceSettings none;
    std::vector<std::future<DeviceReport>> running;
    for (const auto& session : sessions_)
        session->feed();
    for (std::size_t n = 0; n < devices(); ++n) {
        running.push_back(std::async(std::launch::async, [&, n] {
            if (order.sounding) return radios_[n].take_part(order, none, {});
            return radios_[n].take_part(order, settings_.devices[n], partials[n]);
        }));
    }
    server();
    std::vector<DeviceReport> reports;
    for (auto& each : running)
        reports.push_back(each.get());
    return reports;
}

bool FirstLight::counts(const RoundOrder& order, const std::vector<DeviceReport>& reports,
                        const ServerReport& server) {
    std::vector<std::string> names;
    for (std::size_t n = 0; n < devices(); ++n) {
        names.push_back(config_.devices[n].name);
        FirstLightDevice& device = report_.devices[n];
        count_burst(reports[n].burst, reports[n].window, device);
        device.offset_hz = reports[n].offset_hz;
        device.header_snr_db = reports[n].header_snr_db;
    }
    count_burst(server.header, server.window, report_.server);
    const std::string failure =
        failure_of(order, names, reports, server, config_.waveform.least_confidence);
    whole_ = failure.empty();
    if (whole_) return true;
    ++report_.repeated_rounds;
    report_.failures.push_back(failure);
    return false;
}

void FirstLight::count_burst(const BurstReport& burst, const WindowReport& window,
                             FirstLightDevice& device) const {
    device.late += burst.state == BurstState::late ? 1 : 0;
    device.underflowed += burst.state == BurstState::underflowed ? 1 : 0;
    device.broken += burst.state == BurstState::broken ? 1 : 0;
    device.unacknowledged += burst.state == BurstState::unacknowledged ? 1 : 0;
    device.clipped_samples += static_cast<std::int64_t>(burst.clipped);
    if (window.state == WindowState::whole)
        device.receive_peak_dbfs = std::max(device.receive_peak_dbfs, window.peak_dbfs);
}

void FirstLight::give_up() const {
    throw std::runtime_error(
        "radios: no whole round in " + std::to_string(config_.waveform.attempts) +
        " attempts: " + (report_.failures.empty() ? "" : report_.failures.back()));
}

}  // namespace

FirstLightReport first_light(const Config& config, const FirstLightOptions& options,
                             const std::function<void(const FirstLightRound&)>& progress) {
    return FirstLight(config_of(config, options.devices), options).run(progress);
}

}  // namespace aircomp::runtime
