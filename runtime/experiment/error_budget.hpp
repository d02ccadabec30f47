// SPDX-License-Identifier: GPL-3.0-or-later
// What errors of sums cost a language model, as far as it can be said without running it.
#pragma once

#include <optional>

#include "config/config.hpp"
#include "schemes/registry.hpp"

namespace aircomp::runtime {

/// Nats of KL divergence a token for each unit of NMSE, relative to what is sent, at all sites alike.
/// They are those of SmolLM2-135M on WikiText-2 (docs/plan.md has the measurements); another model's
/// follow from its sensitivities.
struct ErrorBudget {
    double over_air = 0;        ///< Noise of the sum.
    double codes = 0;           ///< What codes of partials leave out.
    double codes_fed_back = 0;  ///< The same with error feedback.
    double inputs = 0;          ///< What codes of the last projections' inputs leave out.
    double down = 0;            ///< What a closed loop leaves out.
    /// AnalogCodec::loss_per_nmse() of the model's calibration; 0 without one.
    double sensitivity = 0;
};

/// `sensitivity`: the sum over all sites of what a calibration of the model says that an NMSE of one
/// would cost (AnalogCodec::loss_per_nmse()); none: SmolLM2's.
ErrorBudget error_budget(bool calibrated, std::optional<double> sensitivity = {});

/// The cost of an NMSE of one where sites get the energy that is best for what each would cost alone.
double total_sensitivity(const std::vector<float>& sensitivities);

/// The least bits of the quantiser, in tenths of a bit, whose error costs at most `loss` where an NMSE
/// of one costs `per_nmse`; none where all cost more.
std::optional<double> fewest_bits(Quantiser quantiser, double per_nmse, double loss);

/// What codes of closed-loop-transform with so many bits a value leave out, as an NMSE that would cost
/// as much. Measured on SmolLM2 from 2.9 to 4.5 bits (docs/accuracy.md).
double transform_nmse(double bits);

/// radio.downlink_loss_nats for codes that are to cost `loss_nats`, by the same measurements.
double transform_steps_nats(double loss_nats);

/// NMSE of codes of a Gaussian; a mean of two where `bits` is no whole number.
double code_nmse(Quantiser quantiser, double bits);

}  // namespace aircomp::runtime
