// SPDX-License-Identifier: GPL-3.0-or-later
// One body for each function, compiled for every family of vector instructions. This file is
// compiled with -fopenmp-simd, which lets sums be reordered where a loop says so.
#include "weights/row_math.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "weights/vector_exp.hpp"

namespace aircomp::inference {

namespace {

#define AIRCOMP_INLINE [[gnu::always_inline]] static inline

struct Bodies {
    AIRCOMP_INLINE bool all_finite(const float* row, std::size_t size) {
        int wrong = 0;
#pragma omp simd reduction(| : wrong)
        for (std::size_t i = 0; i < size; ++i)
            wrong |= std::fabs(row[i]) <= std::numeric_limits<float>::max() ? 0 : 1;
        return wrong == 0;
    }

    AIRCOMP_INLINE float largest(const float* row, std::size_t size) {
        float found = row[0];
#pragma omp simd reduction(max : found)
        for (std::size_t i = 0; i < size; ++i)
            found = row[i] > found ? row[i] : found;
        return found;
    }

    AIRCOMP_INLINE double sum_exp(const float* row, std::size_t size, double subtracted) {
        double sum = 0;
#pragma omp simd reduction(+ : sum)
        for (std::size_t i = 0; i < size; ++i)
            sum += vector_exp(static_cast<double>(row[i]) - subtracted);
        return sum;
    }

    AIRCOMP_INLINE double mean_log_ratio(const float* reference, const float* run, std::size_t size,
                                         double run_norm) {
        const double most = largest(reference, size);
        double sum = 0, weighted = 0;
#pragma omp simd reduction(+ : sum, weighted)
        for (std::size_t i = 0; i < size; ++i) {
            const double p = vector_exp(static_cast<double>(reference[i]) - most);
            sum += p;
            weighted += p * (static_cast<double>(reference[i]) - static_cast<double>(run[i]));
        }
        return weighted / sum - (most + std::log(sum) - run_norm);
    }

    AIRCOMP_INLINE double sum_of_squares(const float* row, std::size_t size) {
        double sum = 0;
#pragma omp simd reduction(+ : sum)
        for (std::size_t i = 0; i < size; ++i)
            sum += static_cast<double>(row[i]) * static_cast<double>(row[i]);
        return sum;
    }

    AIRCOMP_INLINE void softmax(float* scores, std::size_t size, float scale) {
        const float most = largest(scores, size);
        float sum = 0;
#pragma omp simd reduction(+ : sum)
        for (std::size_t i = 0; i < size; ++i) {
            scores[i] = vector_exp((scores[i] - most) * scale);
            sum += scores[i];
        }
        const float factor = 1 / sum;
#pragma omp simd
        for (std::size_t i = 0; i < size; ++i)
            scores[i] *= factor;
    }

    AIRCOMP_INLINE void multiply_silu(float* gate, const float* up, std::size_t size) {
#pragma omp simd
        for (std::size_t i = 0; i < size; ++i)
            gate[i] *= up[i] / (1 + vector_exp(-gate[i]));
    }
};

// The bodies are inlined into functions that may use more instructions than the rest of the file.
// An attribute cannot stand in parentheses: NOLINTBEGIN(bugprone-macro-parentheses)
#define AIRCOMP_FUNCTIONS(NAME, TARGET)                                                       \
    struct NAME {                                                                             \
        TARGET static bool all_finite(const float* row, std::size_t size) {                   \
            return Bodies::all_finite(row, size);                                             \
        }                                                                                     \
        TARGET static float largest(const float* row, std::size_t size) {                     \
            return Bodies::largest(row, size);                                                \
        }                                                                                     \
        TARGET static double sum_exp(const float* row, std::size_t size, double subtracted) { \
            return Bodies::sum_exp(row, size, subtracted);                                    \
        }                                                                                     \
        TARGET static double mean_log_ratio(const float* reference, const float* run,         \
                                            std::size_t size, double run_norm) {              \
            return Bodies::mean_log_ratio(reference, run, size, run_norm);                    \
        }                                                                                     \
        TARGET static double sum_of_squares(const float* row, std::size_t size) {             \
            return Bodies::sum_of_squares(row, size);                                         \
        }                                                                                     \
        TARGET static void softmax(float* scores, std::size_t size, float scale) {            \
            Bodies::softmax(scores, size, scale);                                             \
        }                                                                                     \
        TARGET static void multiply_silu(float* gate, const float* up, std::size_t size) {    \
            Bodies::multiply_silu(gate, up, size);                                            \
        }                                                                                     \
    };
// NOLINTEND(bugprone-macro-parentheses)
AIRCOMP_FUNCTIONS(Portable, )
#if defined(__x86_64__)
AIRCOMP_FUNCTIONS(Avx2, __attribute__((target("avx2,fma"))))
AIRCOMP_FUNCTIONS(Avx512, __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,fma"))))
#endif

/// Calls `function` with the functions for `set`.
template <class Function>
auto with(InstructionSet set, Function function) {
#if defined(__x86_64__)
    switch (set) {
        case InstructionSet::avx512:
            return function(Avx512());
        case InstructionSet::avx2:
            return function(Avx2());
        case InstructionSet::portable:
            break;
    }
#else
    static_cast<void>(set);
#endif
    return function(Portable());
}

}  // namespace

bool all_finite(gsl::span<const float> row, InstructionSet set) {
    return with(set, [=](auto f) { return f.all_finite(row.data(), row.size()); });
}

std::size_t index_of_largest(gsl::span<const float> row, InstructionSet set) {
    const float most = with(set, [=](auto f) { return f.largest(row.data(), row.size()); });
    return static_cast<std::size_t>(std::find(row.begin(), row.end(), most) - row.begin());
}

double log_sum_exp(gsl::span<const float> logits, InstructionSet set) {
    return with(set, [=](auto f) {
        const double most = f.largest(logits.data(), logits.size());
        return most + std::log(f.sum_exp(logits.data(), logits.size(), most));
    });
}

double mean_log_ratio(gsl::span<const float> reference, gsl::span<const float> run, double run_norm,
                      InstructionSet set) {
    return with(set, [=](auto f) {
        return f.mean_log_ratio(reference.data(), run.data(), run.size(), run_norm);
    });
}

double sum_of_squares(gsl::span<const float> row, InstructionSet set) {
    return with(set, [=](auto f) { return f.sum_of_squares(row.data(), row.size()); });
}

void softmax(gsl::span<float> scores, float scale, InstructionSet set) {
    if (scores.empty()) return;
    with(set, [=](auto f) { f.softmax(scores.data(), scores.size(), scale); });
}

void multiply_silu(gsl::span<float> gate, gsl::span<const float> up, InstructionSet set) {
    with(set, [=](auto f) { f.multiply_silu(gate.data(), up.data(), gate.size()); });
}

}  // namespace aircomp::inference
