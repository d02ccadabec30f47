// SPDX-License-Identifier: GPL-3.0-or-later
// What is computed element by element over a row, where a plain loop would be scalar code: sums in
// double precision and exponentials.
#pragma once

#include <cstddef>
#include <gsl/span>

#include "weights/matvec.hpp"

namespace aircomp::inference {

/// Whether no element is infinite or not a number.
bool all_finite(gsl::span<const float> row, InstructionSet set = best_instruction_set());

/// The index of the largest element, the first of several. The row is finite and not empty.
std::size_t index_of_largest(gsl::span<const float> row,
                             InstructionSet set = best_instruction_set());

/// log(sum(exp(logits))) in double precision, of finite logits.
double log_sum_exp(gsl::span<const float> logits, InstructionSet set = best_instruction_set());

/// Mean of log(p / q) under p, nats, where p and q are softmax of `reference` and `run`, finite and
/// of one size: their KL divergence, which rounding may leave a trace below 0. `run_norm` is
/// log_sum_exp(run).
double mean_log_ratio(gsl::span<const float> reference, gsl::span<const float> run, double run_norm,
                      InstructionSet set = best_instruction_set());

/// Sum of squares in double precision.
double sum_of_squares(gsl::span<const float> row, InstructionSet set = best_instruction_set());

/// scores = softmax(scale * scores), scale > 0; nothing where it is empty.
void softmax(gsl::span<float> scores, float scale, InstructionSet set = best_instruction_set());

/// gate = silu(gate) * up, of one size.
void multiply_silu(gsl::span<float> gate, gsl::span<const float> up,
                   InstructionSet set = best_instruction_set());

}  // namespace aircomp::inference
