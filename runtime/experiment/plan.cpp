// SPDX-License-Identifier: GPL-3.0-or-later
// Enumerates the ways, simulates a token of each.
#include "experiment/plan.hpp"

#include <algorithm>
#include <cmath>

#include "aircomp/inference/slice_cost.hpp"
#include "config/registry.hpp"
#include "experiment/link_trial.hpp"
#include "schemes/down/registry.hpp"

namespace aircomp::runtime {
namespace {

/// Fewest and most bits of a value on a way down that closes the loop.
constexpr double least_bits_down = 2;
constexpr double most_bits_down = most_lloyd_max_bits;

/// How many fewer bits down are tried, one after the other.
constexpr double bit_steps[] = {1, 0.3, 0.1};

/// The way down that closes the loop, with codes of a calibration or without.
const std::string& loop_by(bool calibration) {
    const auto& all = downlinks();
    return std::find_if(all.begin(), all.end(),
                        [&](const Downlink& way) {
                            return way.closes_loop && way.needs_calibration == calibration;
                        })
        ->name;
}

double tenths(double bits) {
    return std::round(10 * bits) / 10;
}

/// 2, 4, 8, ... and all.
std::vector<std::size_t> device_counts(std::size_t all) {
    std::vector<std::size_t> counts;
    for (std::size_t n = 2; n < all; n *= 2)
        counts.push_back(n);
    if (all > 1) counts.push_back(all);
    return counts;
}

std::vector<int> stream_counts(const Config& config) {
    int most = config.radio.server_antennas;
    for (const DeviceConfig& device : config.devices)
        most = std::min(most, device.antennas);
    std::vector<int> counts;
    for (const int streams : {1, 2, 3, 4, 6, 8, 12, 16}) {
        if (streams <= most) counts.push_back(streams);
    }
    return counts;
}

class Planner {
public:
    Planner(const Config& config, const inference::ModelConfig& model, const PlanOptions& options)
        : base_(config), model_(model), options_(options) {
        // Trials have no model to take a calibration of: the budget says what it brings.
        base_.calibration.file.clear();
        base_.accuracy.max_uplink_loss_nats = 0;
        base_.medium = AirMedium::symbol;
        base_.shares.clear();
        std::stable_sort(base_.devices.begin(), base_.devices.end(),
                         [](const DeviceConfig& a, const DeviceConfig& b) {
                             return a.compute_flops_per_s > b.compute_flops_per_s;
                         });
    }

    Plan plan() {
        enumerate();
        Plan plan{std::move(choices_), {}};
        for (std::size_t i = 0; i < plan.choices.size(); ++i) {
            PlanChoice& choice = plan.choices[i];
            if (choice.valid()) try_out(choice);
            if (choice.valid()) shift_bits(choice);
            if (choice.valid() && options_.prompt_tokens > 0) {
                choice.first_token_s =
                    run_trial(choice, /*tokens=*/1, options_.prompt_tokens).first_token_s;
            }
            if (choice.by_block) {
                // A run goes by the calibration's sensitivities, a trial by measured losses.
                choice.config.accuracy.max_uplink_loss_nats *=
                    options_.budget.sensitivity / options_.budget.over_air;
            }
            if (options_.progress) {
                options_.progress(static_cast<std::int64_t>(i) + 1,
                                  static_cast<std::int64_t>(plan.choices.size()));
            }
            if (!choice.valid()) continue;
            if (!plan.chosen || choice.cost.total_s() < plan.choices[*plan.chosen].cost.total_s())
                plan.chosen = i;
        }
        return plan;
    }

private:
    void enumerate() {
        PlanChoice alone = choice_of("local", base_.devices.size());
        alone.config.scheme = unsplit_scheme().name;
        alone.devices = 1;
        alone.config.radio = base_.radio;
        alone.bits_down = 0;
        alone.loss_nats = 0;
        choices_.push_back(alone);
        for (const std::size_t devices : device_counts(base_.devices.size())) {
            for (const Scheme& scheme : schemes()) {
                if (scheme.planned) add(scheme, devices);
            }
        }
    }

    void add(const Scheme& scheme, std::size_t devices) {
        const ErrorBudget& budget = options_.budget;
        if (scheme.analog) {
            const auto counts = stream_counts(base_);
            for (const int streams : counts)
                add_over_air(scheme, devices, streams);
            if (budget.sensitivity > 0) {
                add_over_air(scheme, devices, counts.back());
                choices_.back().by_block = true;
            }
        } else if (!scheme.input_coder) {
            add_coded("digital", scheme, devices,
                      base_.digital.error_feedback ? budget.codes_fed_back : budget.codes);
        } else if (model_.experts.count == 0) {
            add_coded("gather", scheme, devices, budget.inputs);
        }
    }

    /// With the way down, which has the most bits at first.
    PlanChoice choice_of(const std::string& kind, std::size_t devices) const {
        PlanChoice choice;
        choice.kind = kind;
        choice.config = base_;
        choice.config.devices.resize(devices);
        choice.devices = static_cast<int>(devices);
        const Downlink& way = find_row(downlinks(), "downlink", base_.radio.downlink);
        set_bits_down(choice, way.closes_loop ? most_bits_down : base_.radio.downlink_bits);
        return choice;
    }

    bool closes_loop() const {
        return find_row(downlinks(), "downlink", base_.radio.downlink).closes_loop;
    }

    /// Whether a loop's codes can be those of a calibration: they need fewer bits than others.
    bool codes_by_calibration() const {
        return closes_loop() && options_.budget.sensitivity > 0 && !model_.design.norm_after;
    }

    /// What the codes of the way down lose.
    double loss_down(double bits) const {
        if (!closes_loop()) return 0;
        return options_.budget.down * (codes_by_calibration()
                                           ? transform_nmse(bits)
                                           : code_nmse(Quantiser::lloyd_max, bits));
    }

    void set_bits_down(PlanChoice& choice, double bits) const {
        RadioConfig& radio = choice.config.radio;
        choice.bits_down = bits;
        if (!closes_loop()) return;
        radio.downlink = loop_by(codes_by_calibration());
        if (codes_by_calibration())
            radio.downlink_loss_nats = transform_steps_nats(loss_down(bits));
        else
            radio.downlink_bits = bits;
    }

    void add_over_air(const Scheme& scheme, std::size_t devices, int streams) {
        PlanChoice choice = choice_of("air", devices);
        choice.config.scheme = scheme.name;
        choice.config.radio.streams = streams;
        choice.streams = streams;
        choice.loss_per_nmse = options_.budget.over_air;
        choices_.push_back(choice);
    }

    void add_coded(const std::string& kind, const Scheme& scheme, std::size_t devices,
                   double per_nmse) {
        PlanChoice choice = choice_of(kind, devices);
        choice.config.scheme = scheme.name;
        choice.loss_per_nmse = per_nmse;
        if (!set_bits(choice, choice.bits_down)) choice.reason = "no number of bits keeps the loss";
        choices_.push_back(choice);
    }

    /// Whether codes up keep the loss beside `bits_down` down, and if so, that `choice` has them.
    bool set_bits(PlanChoice& choice, double bits_down) const {
        const double tolerated = options_.max_loss_nats - loss_down(bits_down);
        const auto bits = fewest_bits(base_.digital.quantiser, choice.loss_per_nmse, tolerated);
        if (!bits) return false;
        choice.config.digital.bits = choice.bits_up = *bits;
        set_bits_down(choice, bits_down);
        return true;
    }

    /// Gives the way down fewer bits, as long as a token gets shorter and the loss is kept.
    void shift_bits(PlanChoice& choice) const {
        if (!closes_loop()) return;
        if (choice.by_block) {
            shift_bits_by_trial(choice);
        } else {
            shift_bits_by_estimate(choice);
        }
    }

    /// Codes up get more bits for it; sums over the air lose what they lose.
    void shift_bits_by_estimate(PlanChoice& choice) const {
        PlanChoice best = choice;
        const auto air_s = [&](const PlanChoice& other) {
            const double up = choice.bits_up > 0 ? other.bits_up / choice.bits_up : 1;
            return choice.cost.uplink_s * up +
                   choice.cost.downlink_s * other.bits_down / choice.bits_down;
        };
        const auto tenths_of = [](double bits) { return std::lround(10 * bits); };
        for (auto i = tenths_of(choice.bits_down) - 1; i >= tenths_of(least_bits_down); --i) {
            const double bits = static_cast<double>(i) / 10;
            PlanChoice fewer = best;
            set_bits_down(fewer, bits);
            const bool keeps = choice.bits_up > 0 ? set_bits(fewer, bits)
                                                  : loss_of(fewer) <= options_.max_loss_nats;
            if (keeps && air_s(fewer) < air_s(best)) best = fewer;
        }
        if (best.bits_down == choice.bits_down) return;
        try_out(best);
        if (best.valid() && best.cost.total_s() < choice.cost.total_s()) choice = best;
    }

    /// Streams have to keep what the way down then leaves of the loss.
    void shift_bits_by_trial(PlanChoice& choice) const {
        for (const double step : bit_steps) {
            while (has_fewer_bits(choice, step)) {
            }
        }
    }

    /// Whether it is faster with so many bits less down, which it then has.
    bool has_fewer_bits(PlanChoice& choice, double step) const {
        const double bits = tenths(choice.bits_down - step);
        if (bits < least_bits_down || loss_down(bits) >= options_.max_loss_nats) return false;
        PlanChoice fewer = choice;
        set_bits_down(fewer, bits);
        try_out(fewer);
        if (!fewer.valid() || fewer.cost.total_s() >= choice.cost.total_s()) return false;
        choice = fewer;
        return true;
    }

    double loss_of(const PlanChoice& choice) const {
        const double up =
            choice.bits_up > 0 ? code_nmse(base_.digital.quantiser, choice.bits_up) : choice.nmse;
        return choice.loss_per_nmse * up + loss_down(choice.bits_down);
    }

    LinkTrial run_trial(const PlanChoice& choice, std::int64_t tokens,
                        std::int64_t prompt_tokens) const {
        TrialOptions trial;
        trial.tokens = tokens;
        trial.position = options_.position;
        trial.conversations = options_.conversations;
        trial.bytes_per_weight = options_.bytes_per_weight;
        trial.loss_per_nmse = choice.by_block ? choice.loss_per_nmse : 0;
        trial.prompt_tokens = prompt_tokens;
        Config config = choice.config;
        if (codes_by_calibration() && choice.bits_down > 0) {
            // As many bits of other codes: a trial has no model that is calibrated.
            config.radio.downlink = loop_by(false);
            config.radio.downlink_bits = choice.bits_down;
        }
        return run_link_trial(config, model_, trial);
    }

    void try_out(PlanChoice& choice) const {
        choice.config.shares = shares_of(choice.config);
        if (choice.by_block) {
            const double left = options_.max_loss_nats - loss_down(choice.bits_down);
            if (left <= 0) {
                choice.reason = "the way down alone loses too much";
                return;
            }
            choice.config.accuracy.max_uplink_loss_nats = left;
        }
        if (const std::string short_of = lacking_memory(choice.config); !short_of.empty()) {
            choice.reason = short_of;
            return;
        }
        const LinkTrial trial = run_trial(choice, options_.tokens, /*prompt_tokens=*/0);
        choice.cost = trial.cost;
        choice.nmse = trial.nmse;
        if (choice.kind != "local") choice.loss_nats = loss_of(choice);
        if (choice.loss_nats > options_.max_loss_nats) choice.reason = "loses too much";
        if (!std::isfinite(choice.cost.total_s())) choice.reason = "a channel carries nothing";
    }

    /// In proportion to speed, which makes all devices ready at once.
    std::vector<double> shares_of(const Config& config) const {
        if (find_scheme(config.scheme).one_device) return {};
        const bool waits_for_memory = std::all_of(
            config.devices.begin(), config.devices.end(),
            [](const DeviceConfig& d) { return d.memory_bandwidth_bytes_per_s.has_value(); });
        std::vector<double> speeds;
        double sum = 0;
        for (const DeviceConfig& device : config.devices) {
            // A token takes two operations a weight.
            speeds.push_back(device.compute_flops_per_s / 2);
            if (waits_for_memory) {
                speeds.back() = std::min(speeds.back(), *device.memory_bandwidth_bytes_per_s /
                                                            options_.bytes_per_weight);
            }
            sum += speeds.back();
        }
        for (double& speed : speeds)
            speed /= sum;
        return speeds;
    }

    /// Why memory does not suffice, or nothing.
    std::string lacking_memory(const Config& config) const {
        const Layout layout = lay_out(config, model_, options_.bytes_per_weight);
        for (std::size_t n = 0; n < layout.slices.size(); ++n) {
            const double needed =
                inference::weight_bytes(model_, layout.slices[n], options_.bytes_per_weight) +
                inference::cache_bytes(model_, layout.slices[n],
                                       options_.conversations * (options_.position + 1));
            if (needed > layout.config.devices[n].memory_bytes)
                return layout.config.devices[n].name + " has too little memory";
        }
        return "";
    }

    Config base_;
    const inference::ModelConfig& model_;
    const PlanOptions& options_;
    std::vector<PlanChoice> choices_;
};

}  // namespace

Plan make_plan(const Config& config, const inference::ModelConfig& model,
               const PlanOptions& options) {
    return Planner(config, model, options).plan();
}

void take_over(const PlanChoice& choice, Config& config) {
    config.scheme = choice.config.scheme;
    config.devices = choice.config.devices;
    config.shares = choice.config.shares;
    config.radio.streams = choice.config.radio.streams;
    config.radio.downlink = choice.config.radio.downlink;
    config.radio.downlink_bits = choice.config.radio.downlink_bits;
    config.radio.downlink_loss_nats = choice.config.radio.downlink_loss_nats;
    config.digital.bits = choice.config.digital.bits;
    // Without streams by block, the choice has as many as keep the loss in all blocks together.
    config.accuracy.max_uplink_loss_nats = choice.config.accuracy.max_uplink_loss_nats;
}

}  // namespace aircomp::runtime
