// SPDX-License-Identifier: GPL-3.0-or-later
// Sums and exponentials over rows against the same in the standard library, one by one.
#include "weights/row_math.hpp"

#include <cmath>
#include <limits>
#include <random>

#include "support/catch.hpp"
#include "weights/vector_exp.hpp"

namespace aircomp::inference {
namespace {

std::vector<InstructionSet> instruction_sets() {
    std::vector<InstructionSet> sets;
    for (const auto set :
         {InstructionSet::portable, InstructionSet::avx2, InstructionSet::avx512}) {
        if (is_supported(set)) sets.push_back(set);
    }
    return sets;
}

std::vector<float> random_row(std::size_t size, double deviation, unsigned seed) {
    std::mt19937 generator(seed);
    std::normal_distribution<double> normal(0, deviation);
    std::vector<float> row(size);
    for (float& value : row)
        value = static_cast<float>(normal(generator));
    return row;
}

// Every size around the width of a vector, and one far above.
const std::vector<std::size_t> sizes = {1, 2, 3, 7, 8, 15, 16, 17, 31, 33, 1000};

long double exact_norm(const std::vector<float>& row) {
    long double sum = 0;
    for (const float value : row)
        sum += std::exp(static_cast<long double>(value) - row[0]);
    return row[0] + std::log(sum);
}

TEST_CASE("vector_exp is the exponential function") {
    double worst = 0;
    float worst_float = 0;
    for (int i = -1889; i < 1889; ++i) {
        const double x = 0.37 * i;
        const long double exact = std::exp(static_cast<long double>(x));
        worst = std::max(worst, static_cast<double>(std::abs(vector_exp(x) / exact - 1)));
    }
    for (int i = -2324; i < 2324; ++i) {
        const float x = 0.037F * static_cast<float>(i);
        worst_float = std::max(worst_float, std::abs(vector_exp(x) / std::exp(x) - 1));
    }
    CHECK(worst < 1e-15);
    CHECK(worst_float < 3e-7F);
    CHECK(vector_exp(0.0) == 1);
    CHECK(vector_exp(0.0F) == 1);
    CHECK(vector_exp(-1e9F) < 1e-37F);
    CHECK(vector_exp(-1e9) < 1e-300);
}

TEST_CASE("the norm of logits is that of long double") {
    for (const InstructionSet set : instruction_sets()) {
        for (const std::size_t size : sizes) {
            const auto row = random_row(size, 5, static_cast<unsigned>(size));
            CHECK(log_sum_exp(row, set) ==
                  Approx(static_cast<double>(exact_norm(row))).epsilon(1e-14));
        }
    }
}

TEST_CASE("the mean log ratio is the KL divergence, small ones too") {
    for (const InstructionSet set : instruction_sets()) {
        for (const double distance : {1.0, 1e-2, 1e-4}) {
            const auto p = random_row(1000, 3, 1);
            auto q = p;
            const auto moved = random_row(1000, distance, 2);
            for (std::size_t i = 0; i < q.size(); ++i)
                q[i] += moved[i];
            const long double p_norm = exact_norm(p), q_norm = exact_norm(q);
            long double expected = 0;
            for (std::size_t i = 0; i < q.size(); ++i) {
                const long double log_p = p[i] - p_norm, log_q = q[i] - q_norm;
                expected += std::exp(log_p) * (log_p - log_q);
            }
            // Norms near 10 are exact to 1e-15 of themselves.
            CHECK(mean_log_ratio(p, q, log_sum_exp(q, set), set) ==
                  Approx(static_cast<double>(expected)).margin(5e-14).epsilon(1e-9));
        }
    }
}

TEST_CASE("the largest element is found where it stands first") {
    for (const InstructionSet set : instruction_sets()) {
        for (const std::size_t size : sizes) {
            for (std::size_t at = 0; at < size; at += 1 + size / 9) {
                std::vector<float> row(size, -3.0F);
                row[at] = 2;
                row.back() = 2;
                CHECK(index_of_largest(row, set) == at);
            }
        }
    }
}

TEST_CASE("an element that is not finite is seen wherever it stands") {
    for (const InstructionSet set : instruction_sets()) {
        for (const std::size_t size : sizes) {
            std::vector<float> row(size, std::numeric_limits<float>::max());
            CHECK(all_finite(row, set));
            for (const float wrong :
                 {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
                  -std::numeric_limits<float>::infinity()}) {
                row[size / 2] = wrong;
                CHECK_FALSE(all_finite(row, set));
            }
        }
    }
}

TEST_CASE("softmax and silu are what their formulas say") {
    for (const InstructionSet set : instruction_sets()) {
        for (const std::size_t size : sizes) {
            const auto scores = random_row(size, 30, 3);
            auto weights = scores;
            softmax(weights, 0.125F, set);
            const auto up = random_row(size, 2, 4);
            auto gate = scores;
            multiply_silu(gate, up, set);
            std::vector<float> scaled = scores;
            for (float& value : scaled)
                value *= 0.125F;
            const auto norm = static_cast<double>(exact_norm(scaled));
            for (std::size_t i = 0; i < size; ++i) {
                // Float32: the exponent's rounding, twice 3e-7 of the function, and the sum's.
                CHECK(weights[i] == Approx(std::exp(scaled[i] - norm)).epsilon(3e-6));
                const double g = scores[i];
                CHECK(gate[i] ==
                      Approx(g / (1 + std::exp(-g)) * up[i]).epsilon(3e-6).margin(1e-30));
            }
        }
        std::vector<float> nothing;
        softmax(nothing, 1, set);
        CHECK(nothing.empty());
    }
}

TEST_CASE("squares are summed in double precision") {
    for (const InstructionSet set : instruction_sets()) {
        std::vector<float> row(4096, 1);
        row.push_back(1e8F);
        CHECK(sum_of_squares(row, set) == 1e16 + 4096);
    }
}

}  // namespace
}  // namespace aircomp::inference
