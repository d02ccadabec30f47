// SPDX-License-Identifier: GPL-3.0-or-later
// Bringing radios up, and rounds over them, beside the loop.
#include "daemon/coordinator/radio_sum_carrier.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "coding/exact_sum.hpp"
#include "config/waveform_format.hpp"
#include "radio/open_radios.hpp"
#include "round/radio_multicast.hpp"
#include "schemes/registry.hpp"

namespace aircomp::runtime::testbed {
namespace {

/// A radio that misses a pulse may try again at the next ones.
constexpr int bring_up_attempts = 3;

/// Longer than any job of the radios takes: each ends by its own deadlines.
constexpr double no_timeout_s = 1e6;

/// So many points show the shape of a sum.
constexpr std::size_t most_symbols = 256;

std::uint64_t as_count(std::int64_t count) {
    return static_cast<std::uint64_t>(count);
}

/// Adds what `summary` has counted to `total`.
void add_counts(const AirSummary& summary, AirSummary& total) {
    total.soundings += summary.soundings;
    total.evm_soundings += summary.evm_soundings;
    total.repeated_rounds += summary.repeated_rounds;
    total.messages += summary.messages;
    total.repeated_messages += summary.repeated_messages;
    for (std::size_t n = 0; n < summary.devices.size(); ++n) {
        const DeviceAirSummary& own = summary.devices[n];
        DeviceAirSummary& sum = total.devices[n];
        sum.bursts += own.bursts;
        sum.late += own.late;
        sum.underflows += own.underflows;
        sum.sequence_errors += own.sequence_errors;
        sum.unacknowledged += own.unacknowledged;
        sum.refused += own.refused;
        sum.clipped_reals += own.clipped_reals;
        sum.limited_vectors += own.limited_vectors;
    }
}

}  // namespace

RadioSumCarrier::RadioSumCarrier(const Config& config, std::int64_t length, RoundLinks& links,
                                 Log& log)
    : config_(config),
      length_(length),
      links_(links),
      log_(log),
      answers_(links, config.testbed.round_timeout_s),
      devices_(config, links, config.testbed.round_timeout_s),
      by_air_(downlink_of_daemon(config, config.radios.server).message),
      server_(open_server_radio(config, burst_format(config), payload_of(config, length))),
      rotation_(rotation_of(config, length)),
      // begin() keeps what a job throws.
      radios_([](const std::string&) {}) {
    air_.devices.resize(config.devices.size());
    before_ = air_;
}

RadioSumCarrier::~RadioSumCarrier() {
    devices_.abandon();
}

// ---- jobs ----

void RadioSumCarrier::begin(std::function<void()> job) {
    busy_ = true;
    job_error_ = nullptr;
    radios_.submit([this, job = std::move(job)] {
        std::exception_ptr error;
        try {
            job();
        } catch (...) {
            error = std::current_exception();
        }
        links_.post([this, error] {
            job_error_ = error;
            busy_ = false;
        });
    });
}

std::optional<RoundFailure> RadioSumCarrier::end() {
    wait_or_settle([this] { links_.wait([this] { return !busy_; }, no_timeout_s); });
    settle();
    if (auto lost = links_.lost()) return lost;
    return job_error_ ? verdict(job_error_) : std::nullopt;
}

void RadioSumCarrier::settle() {
    if (busy_) {
        devices_.abandon();
        links_.finish([this] { return !busy_; });
    }
    take_stock();
}

void RadioSumCarrier::wait_or_settle(const std::function<void()>& wait) {
    try {
        wait();
    } catch (...) {
        settle();
        throw;
    }
}

std::optional<RoundFailure> RadioSumCarrier::verdict(const std::exception_ptr& error) const {
    try {
        std::rethrow_exception(error);
    } catch (const DeviceFault& fault) {
        return RoundFailure{fault.device(), fault.what()};
    } catch (const NoWholeRound& failure) {
        if (!failure.device()) throw;
        return RoundFailure{*failure.device(), failure.what()};
    } catch (const RoundAbandoned& abandoned) {
        return RoundFailure{taking_part_.front(), abandoned.what()};
    }
}

// ---- epochs ----

void RadioSumCarrier::begin_epoch(std::uint32_t epoch, const std::vector<std::size_t>& devices) {
    settle();
    before_ = air_;
    sender_.reset();
    scheduler_.reset();
    logged_faults_ = logged_message_faults_ = 0;
    taking_part_ = devices;
    answers_.begin_epoch(devices);
    devices_.begin_epoch(epoch, devices);
    begin([this] { bring_up_radios(); });
}

void RadioSumCarrier::bring_up_radios() {
    auto radios = devices_.timed();
    // A radio that was called for a round which was then abandoned rests after any command. This one is
    // of those that a radio whose flowgraph has ended begins anew with.
    for (TimedRadio* radio : radios)
        radio->last_pulse();
    radios.insert(radios.begin(), &server_->timed());
    for (int attempt = 1;; ++attempt) {
        try {
            start_ = bring_up(radios, config_.radios.lead_s);
            return;
        } catch (const DeviceFault&) {
            throw;
        } catch (const RoundAbandoned&) {
            throw;
        } catch (const std::runtime_error& error) {
            if (attempt == bring_up_attempts) throw;
            log_.warning("clocks differ", {{"reason", error.what()}});
        }
    }
}

std::optional<RoundFailure> RadioSumCarrier::calibrate(const Calibration& calibration,
                                                       const std::vector<double>& power_w) {
    if (auto failure = end()) return failure;
    codec_.emplace(config_, length_, calibration);
    power_w_ = power_w;
    scheduler_ = std::make_unique<RoundScheduler>(config_, *codec_, power_w_,
                                                  find_scheme(config_.scheme).design, *server_,
                                                  devices_, radio_rules(config_, start_));
    const auto format = burst_format(config_);
    sender_ = std::make_unique<MulticastSender>(
        config_, format,
        std::make_unique<RadioMulticast>(config_, format, *scheduler_, *server_, devices_),
        *scheduler_);
    log_.info("radios are up", {{"devices", std::to_string(taking_part_.size())}});
    return std::nullopt;
}

// ---- rounds ----

void RadioSumCarrier::report(std::size_t device, const control::Message& message) {
    answers_.take(device, message);
    devices_.report(device, message);
}

std::optional<RoundFailure> RadioSumCarrier::collect(const Round& round, const RoundStream& stream,
                                                     gsl::span<float> sum) {
    begin([this] { scheduler_->prepare(); });
    std::optional<RoundFailure> silent;
    wait_or_settle([&] { silent = answers_.wait(round); });
    if (silent) devices_.abandon();
    auto unprepared = end();
    if (silent) return silent;
    if (unprepared) return unprepared;
    begin([this, &round, &stream, sum] { sum_vectors(round, stream, sum); });
    if (auto failure = end()) return failure;
    measure(round, stream, sum);
    answers_.clear();
    return std::nullopt;
}

void RadioSumCarrier::sum_vectors(const Round& round, const RoundStream& stream,
                                  gsl::span<float> sum) {
    const auto length = static_cast<std::size_t>(round.length);
    for (std::int64_t v = 0; v < round.vectors; ++v) {
        devices_.hold(round.number, static_cast<std::uint32_t>(v));
        const auto out = sum.subspan(static_cast<std::size_t>(v) * length, length);
        const auto whole = scheduler_->sum(round.site.kind, scale(round, stream, v), out);
        if (is_watched_()) look(round, whole, out);
        codec_->unshape(round.site, out);
    }
}

std::optional<RoundFailure> RadioSumCarrier::bring_down(const Round& round, gsl::span<float> sum) {
    begin([this, &round, sum] { send_vectors(round, sum); });
    return end();
}

void RadioSumCarrier::send_vectors(const Round& round, gsl::span<float> sum) {
    const auto length = static_cast<std::size_t>(round.length);
    std::vector<std::uint8_t> message(by_air_->bytes(config_.radio, length));
    for (std::int64_t v = 0; v < round.vectors; ++v) {
        devices_.hold(round.number, static_cast<std::uint32_t>(v));
        const auto own = sum.subspan(static_cast<std::size_t>(v) * length, length);
        by_air_->write(config_.radio, own, message);
        sender_->send(message, [](double) {});
        by_air_->read(config_.radio, message, own);
    }
}

/// Packing is undone and done again: real 2i of a rotated vector and the next one are one symbol.
void RadioSumCarrier::look(const Round& round, const WholeRound& whole,
                           gsl::span<const float> sum) {
    std::vector<float> sent(sum.begin(), sum.end());
    if (rotation_) rotation_->apply(sent);
    const auto scale = static_cast<float>(whole.order.scale);
    const std::size_t symbols = std::min(most_symbols, sent.size() / 2);
    seen_.symbols.clear();
    for (std::size_t i = 0; i < symbols; ++i)
        seen_.symbols.emplace_back(sent[2 * i] / scale, sent[2 * i + 1] / scale);
    const auto& moments = codec_->second_moments(round.site.kind);
    seen_.symbol_rms = std::sqrt(std::accumulate(moments.begin(), moments.end(), 0.0) *
                                 codec_->sum_gain(round.site.kind));
    seen_.pilot_evm = whole.server.evm;
    seen_.site_nmse.resize(std::max(seen_.site_nmse.size(), round.site.index + 1));
    seen_.site_nmse[round.site.index] = scheduler_->settings(round.site.kind).server.nmse;
}

double RadioSumCarrier::scale(const Round& round, const RoundStream& stream, std::int64_t v) const {
    if (config_.analog.scale != ScalePolicy::exchanged) {
        SumRequest request{round.site, round.position, round.vectors, round.length,
                           {},         stream.residual};
        request.features = stream.features;
        return codec_->common_scale(request, v);
    }
    std::vector<double> powers(config_.devices.size(), 0);
    const auto answered = answers_.powers();
    for (std::size_t i = 0; i < taking_part_.size(); ++i)
        powers[taking_part_[i]] = answered[i].at(static_cast<std::size_t>(v));
    return codec_->exchanged_scale(powers, round.site);
}

/// Errors are held against the whole sum, whatever of it was sent.
void RadioSumCarrier::measure(const Round& round, const RoundStream& stream,
                              gsl::span<const float> sum) {
    if (round.way != control::Way::both) return;
    std::vector<float> exact(sum.size()), received(sum.begin(), sum.end());
    exact_sum({round.site, round.position, round.vectors, round.length, answers_.partials(),
               stream.residual},
              exact);
    for (std::size_t i = 0; i < stream.foretold.size(); ++i) {
        received[i] += stream.foretold[i];
        exact[i] += stream.foretold[i];
    }
    error_.add(received, exact);
    air_.nmse = error_.nmse();
    if (!is_watched_() || round.site.index >= view_.site_nmse.size()) return;
    SumError own;
    own.add(received, exact);
    seen_.site_nmse[round.site.index] = view_.site_nmse[round.site.index] = own.nmse();
}

// ---- for who watches ----

std::uint64_t RadioSumCarrier::repeated_rounds() const {
    return answers_.repeated_rounds() + air_.repeated_rounds;
}

void RadioSumCarrier::take_stock() {
    if (!scheduler_) return;
    AirSummary now = air_;
    now.soundings = as_count(scheduler_->soundings());
    now.evm_soundings = as_count(scheduler_->evm_soundings());
    now.repeated_rounds = scheduler_->faults().size();
    now.messages = as_count(sender_->sent());
    now.repeated_messages = sender_->faults().size();
    // All kinds of sites have as many sums.
    now.nmse_estimate = 0;
    for (const SiteKind kind : scheduler_->kinds()) {
        now.nmse_estimate += scheduler_->settings(kind).server.nmse /
                             static_cast<double>(scheduler_->kinds().size());
    }
    if (scheduler_->designed_for().found && now.soundings + before_.soundings != air_.soundings)
        take_stock_of_channel();
    now.condition_db = channel_.whole_condition_db;
    for (std::size_t n = 0; n < now.devices.size(); ++n)
        take_stock_of(n, now.devices[n]);
    add_counts(before_, now);
    air_ = now;
    view_ = seen_;
    log_faults();
}

void RadioSumCarrier::take_stock_of_channel() {
    std::vector<double> power_w;
    for (const DeviceConfig& device : config_.devices)
        power_w.push_back(device.max_power_w);
    channel_ = channel_figures(scheduler_->designed_for(), power_w,
                               burst_format(config_).used_subcarriers(),
                               static_cast<std::size_t>(config_.radio.server_antennas));
}

void RadioSumCarrier::take_stock_of(std::size_t device, DeviceAirSummary& summary) const {
    const RadioTally& tally = scheduler_->tallies()[device];
    summary.bursts = as_count(tally.bursts);
    summary.late = as_count(tally.late);
    summary.underflows = as_count(tally.underflowed);
    summary.sequence_errors = as_count(tally.broken);
    summary.unacknowledged = as_count(tally.unacknowledged);
    summary.refused = as_count(tally.refused);
    summary.clipped_reals = as_count(tally.clipped_reals);
    summary.limited_vectors = as_count(tally.limited_vectors);
    summary.phase_rad = scheduler_->phases_rad()[device];
    const auto& sounding = scheduler_->designed_for();
    if (device < sounding.devices.size() && sounding.devices[device].found) {
        const phy::DeviceEstimate& estimate = sounding.devices[device];
        summary.evm = std::sqrt(estimate.least_squares_variance / estimate.path_gain);
        summary.snr_db = channel_.snr_db.at(device);
        summary.condition_db = channel_.condition_db.at(device);
    }
    if (device >= scheduler_->last_reports().size()) return;
    const DeviceReport& report = scheduler_->last_reports()[device];
    if (report.mean_power_w <= 0) return;
    summary.offset_hz = report.offset_hz;
    summary.header_snr_db = report.header_snr_db;
    summary.power_w = report.mean_power_w;
    summary.power_margin_db = 10 * std::log10(power_w_[device] / report.mean_power_w);
}

void RadioSumCarrier::log_faults() {
    const auto& faults = scheduler_->faults();
    for (; logged_faults_ < faults.size(); ++logged_faults_)
        log_.warning("round repeated", {{"reason", faults[logged_faults_].what}});
    const auto& messages = sender_->faults();
    for (; logged_message_faults_ < messages.size(); ++logged_message_faults_)
        log_.warning("message repeated", {{"reason", messages[logged_message_faults_].what}});
}

}  // namespace aircomp::runtime::testbed
