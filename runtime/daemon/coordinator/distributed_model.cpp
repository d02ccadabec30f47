// SPDX-License-Identifier: GPL-3.0-or-later
// Assignment of slices, and forward passes as rounds.
#include "daemon/coordinator/distributed_model.hpp"

#include <algorithm>
#include <cmath>
#include <future>
#include <gsl/util>
#include <stdexcept>

#include "aircomp/inference/slice_cost.hpp"
#include "aircomp/inference/thread_count.hpp"
#include "coding/exact_sum.hpp"
#include "daemon/air_fingerprint.hpp"
#include "daemon/check.hpp"
#include "engine/assignment.hpp"
#include "engine/layout.hpp"
#include "schemes/calibrating_medium.hpp"
#include "schemes/registry.hpp"

namespace aircomp::runtime::testbed {
namespace {

/// How many round time-outs a device may take to load its slice.
constexpr double load_timeouts = 10;

/// The air that devices need a radio for; nothing where sums go over the control link.
std::optional<std::uint64_t> air_of(const Config& config, std::int64_t length) {
    if (find_scheme(config.scheme).design.empty()) return std::nullopt;
    return air_fingerprint(config, length);
}

std::optional<ModelCoding> coding_of(const Config& config,
                                     const inference::Checkpoint& checkpoint) {
    if (!uses_calibration(config)) return std::nullopt;
    return ModelCoding(config, checkpoint);
}

}  // namespace

DistributedModel::DistributedModel(const Config& config, const inference::Checkpoint& checkpoint,
                                   const std::vector<inference::Token>& calibration,
                                   std::size_t conversations, control::Loop& loop,
                                   const control::TlsIdentity* identity, const control::Hash& model,
                                   Log& log)
    : config_(config),
      model_(checkpoint.config()),
      context_(context_of(config, model_)),
      most_vectors_(std::min(config.model.prefill_chunk, control::most_vectors_of_a_round)),
      conversations_(conversations),
      bytes_per_weight_(inference::bytes_per_weight(checkpoint)),
      bytes_(unit_bytes(model_, bytes_per_weight_, positions())),
      loop_(loop),
      log_(log),
      coordinator_(checkpoint, inference::thread_count(config.threads)),
      residual_(checkpoint),
      coding_(coding_of(config, checkpoint)),
      offer_(coding_ ? std::make_unique<CalibrationOffer>(config.calibration.file, coding_->use())
                     : nullptr),
      roster_(
          loop, config_, model, air_of(config, model_.hidden_size), offer_.get(), identity, log,
          {[this](std::size_t device, const control::Message& message) {
               carrier_of(message).report(device, message);
           },
           [this](std::size_t device, const std::string& reason) { note_loss(device, reason); }}),
      calibration_(calibration),
      exact_(wired_scheme().make(
          {config_, model_.hidden_size, std::vector<double>(config.devices.size(), 1), {}})),
      by_link_(*this, config.testbed.round_timeout_s, *exact_),
      carrier_(&by_link_),
      slices_(config.devices.size()) {
    if (coding_) reference_.emplace(checkpoint, coding_->shared().predictions);
    if (!air_of(config, model_.hidden_size)) return;
    RoundLinks& links = *this;
    by_air_ = std::make_unique<RadioSumCarrier>(config_, model_.hidden_size, links, log_);
    carrier_ = by_air_.get();
}

/// Radios are brought up while partials go over the link.
SumCarrier& DistributedModel::carrier_of(const control::Message& message) {
    if (by_air_ && std::holds_alternative<control::ClockReport>(message)) return *by_air_;
    return *carrier_;
}

void DistributedModel::note_loss(std::size_t device, const std::string& reason) {
    const bool takes_part = std::find(devices_.begin(), devices_.end(), device) != devices_.end();
    if (takes_part && !lost_) lost_ = RoundFailure{device, reason};
    asked_.erase(std::remove(asked_.begin(), asked_.end(), device), asked_.end());
}

bool DistributedModel::has_newcomer() const {
    const auto present = roster_.present();
    return !std::includes(asked_.begin(), asked_.end(), present.begin(), present.end());
}

bool DistributedModel::wait(const std::function<bool()>& done, double timeout_s) {
    const auto is_over = [&] {
        if (done() || lost_) return true;
        poll();
        return false;
    };
    loop_.run_until(is_over, timeout_s);
    return done();
}

void DistributedModel::finish(const std::function<bool()>& done) {
    while (!loop_.run_until(done, 3600)) {
    }
}

/// Once a device and epoch.
void DistributedModel::note(std::size_t device, const std::string& what) {
    if (!noted_.insert(device).second) return;
    log_.warning("device differs", {{"device", config_.devices[device].name}, {"how", what}});
}

// ---- slices ----

std::vector<Candidate> DistributedModel::candidates(const std::vector<std::size_t>& devices) const {
    std::vector<Candidate> list;
    for (const std::size_t n : devices) {
        const control::Hello& hello = roster_.record(n).hello;
        double weight = config_.shares.empty() ? 1 : config_.shares[n];
        if (config_.testbed.shares == ShareSource::measured) weight = hello.compute_flops_per_s;
        Candidate& candidate = list.emplace_back();
        candidate = {config_.devices[n].name, weight,
                     std::min(hello.memory_bytes, config_.devices[n].memory_bytes)};
        if (hello.bytes_per_weight > 0)
            candidate.bytes = unit_bytes(model_, hello.bytes_per_weight, positions());
    }
    return list;
}

std::optional<std::vector<inference::Slice>> DistributedModel::plan() {
    const auto devices = asked_;
    const auto offers = candidates(devices);
    if (!find_scheme(config_.scheme).assigns_shares) return plan_slices(model_, bytes_, offers);
    const double begin_s = loop_.now_s();
    auto choice = std::async(std::launch::async, [&] {
        return choose_slices(config_, model_, bytes_per_weight_, bytes_, devices, offers);
    });
    // Heartbeats go on; the roster looks for lost devices so often that the end is soon seen.
    finish([&] { return choice.wait_for(std::chrono::seconds(0)) == std::future_status::ready; });
    poll();
    if (asked_ != devices) return std::nullopt;
    auto slices = choice.get();
    log_.info("shares chosen", {{"scheme", config_.scheme}, {"took_s", loop_.now_s() - begin_s}});
    return slices;
}

bool DistributedModel::assign() {
    asked_ = roster_.present();
    devices_.clear();
    noted_.clear();
    lost_.reset();
    const auto planned = plan();
    if (!planned) return false;
    slices_.assign(config_.devices.size(), {});
    for (std::size_t i = 0; i < asked_.size(); ++i) {
        slices_[asked_[i]] = (*planned)[i];
        if (inference::holds_any((*planned)[i])) devices_.push_back(asked_[i]);
    }
    ++epoch_;
    carrier_->begin_epoch(epoch_, devices_);
    // A partial, and a power a vector.
    const auto most_values = static_cast<std::size_t>(most_vectors_ * (model_.hidden_size + 1));
    // A send may end a link, and so shorten the list of who is asked; not this one.
    for (std::size_t i = 0; i < devices_.size(); ++i) {
        const inference::Slice& own = slices_[devices_[i]];
        roster_.assign(
            devices_[i],
            {epoch_, static_cast<std::uint32_t>(i), static_cast<std::uint32_t>(devices_.size()),
             own.heads.begin, own.heads.end, own.ffn_columns.begin, own.ffn_columns.end, context_,
             most_vectors_, static_cast<std::uint32_t>(conversations_)},
            most_values);
        log_.info("slice assigned", {{"device", config_.devices[devices_[i]].name},
                                     {"epoch", epoch_},
                                     {"heads", own.heads.size()},
                                     {"ffn_columns", own.ffn_columns.size()}});
    }
    const auto all_loaded = [this] {
        return std::all_of(devices_.begin(), devices_.end(), [this](std::size_t n) {
            return roster_.state(n) == control::PeerState::ready;
        });
    };
    if (wait(all_loaded, load_timeouts * config_.testbed.round_timeout_s)) {
        return !lost_ && (!by_air_ || calibrate());
    }
    if (lost_) return false;
    for (const std::size_t n : std::vector<std::size_t>(devices_)) {
        if (roster_.state(n) != control::PeerState::ready) {
            roster_.drop(n, "it did not load its slice in time");
        }
    }
    return false;
}

/// Partials travel over the control link once, for their powers to be known.
std::optional<Calibration> DistributedModel::measure_partials() {
    CalibratingMedium medium(
        devices_.size(), model_,
        coding_ ? coding_->shared().shape.transforms : std::vector<SiteTransform>());
    ControlSumCarrier carrier(*this, config_.testbed.round_timeout_s, medium);
    carrier.begin_epoch(epoch_, devices_);
    carrier_ = &carrier;
    way_ = control::Way::link;
    const auto by_air_again = gsl::finally([this] {
        carrier_ = by_air_.get();
        way_ = config_.testbed.measure ? control::Way::both : control::Way::air;
    });
    if (!forward(calibration_, 0, {})) return std::nullopt;
    auto calibration = medium.calibration();
    if (coding_) coding_->complete(medium, calibration);
    for (auto* sites : {&calibration.first_token, &calibration.later_tokens}) {
        for (SiteStatistics& site : *sites) {
            std::vector<double> of_all(config_.devices.size(), 0);
            for (std::size_t i = 0; i < devices_.size(); ++i)
                of_all[devices_[i]] = site.partial_power[i];
            site.partial_power = std::move(of_all);
        }
    }
    return calibration;
}

bool DistributedModel::calibrate() {
    const auto calibration = measure_partials();
    if (!calibration) return false;
    const auto failure =
        by_air_->calibrate(*calibration, transmit_powers_w(config_, model_, slices_));
    if (failure) roster_.drop(failure->device, failure->reason);
    return !failure;
}

// ---- forward passes ----

std::optional<std::vector<float>> DistributedModel::forward(
    gsl::span<const inference::Token> tokens, std::int64_t position, const PassKind& kind) {
    kind_ = kind;
    const auto run_chunk = [this](std::int64_t at, TwoCopies& x) {
        return run_sites(model_, residual_, at, x, *this, *this,
                         reference_ ? &*reference_ : nullptr);
    };
    auto result =
        runtime::forward(coordinator_, model_, {context_, most_vectors_, /*last_only=*/true},
                         tokens, position, run_chunk);
    if (!result.failure) return std::move(result.logits);
    if (result.failure->device) roster_.drop(*result.failure->device, result.failure->reason);
    return std::nullopt;
}

std::optional<PassFailure> DistributedModel::hindrance() const {
    if (lost_) return PassFailure{std::nullopt, lost_->reason};
    return std::nullopt;
}

/// The sum of the last round is what starts this one: a round costs one way there and back.
std::optional<PassFailure> DistributedModel::compute(const SiteCall& call,
                                                     gsl::span<const float> x) {
    round_begin_s_ = loop_.now_s();
    const control::Frame frame =
        call.site.index == 0
            ? control::encode(control::RoundStart{epoch_, round_ + 1, call.position, call.vectors,
                                                  kind_.one_at_a_time, x, way_,
                                                  static_cast<std::uint32_t>(kind_.conversation)})
            : control::encode(sum_by_air_ ? control::Sum{epoch_, round_, {}, true}
                                          : control::Sum{epoch_, round_, sum_});
    ++round_;
    poll();
    if (auto reason = hindrance()) return reason;
    const auto values = static_cast<std::size_t>(call.vectors * call.length);
    for (std::size_t i = 0; i < devices_.size() && !lost_; ++i) {
        roster_.start_round(devices_[i], round_, values, static_cast<std::size_t>(call.vectors),
                            frame);
    }
    return hindrance();
}

std::optional<PassFailure> DistributedModel::sum(const SiteCall& call, const TwoCopies& x,
                                                 SiteSum& sum) {
    Round round{epoch_, round_, call.site, call.position, call.vectors, call.length, way_};
    if (reference_) {
        round.foretold = check_sum(call.foretold);
        round.foretold_size =
            std::sqrt(mean_square(call.foretold) * static_cast<double>(call.foretold.size()));
    }
    sum_.resize(round.values());
    auto failure = carrier_->collect(round, {x.devices, call.foretold, call.features}, sum_);
    // The last site's sum is the coordinator's alone.
    sum_by_air_ =
        carrier_->brings_down() && static_cast<std::int64_t>(call.site.index) + 1 < model_.sites();
    if (!failure && sum_by_air_) failure = carrier_->bring_down(round, sum_);
    const double round_s = loop_.now_s() - round_begin_s_;
    times_.reduce_s += round_s;
    if (failure) return PassFailure{failure->device, failure->reason};
    ++times_.rounds;
    if (round_observer_) round_observer_(round_s);
    sum.devices = sum_;
    sum.server = sum_;
    // Over the link, devices get it whole: their streams are the coordinator's, whatever adds it up.
    std::transform(call.foretold.begin(), call.foretold.end(), sum_.begin(), sum_.begin(),
                   std::plus<>());
    return std::nullopt;
}

}  // namespace aircomp::runtime::testbed
