// SPDX-License-Identifier: GPL-3.0-or-later
// Chooses the kernels of the processor and shares a matrix's rows out among threads.
#include "weights/matvec.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <vector>

#include "weights/matvec_kernels.hpp"

namespace aircomp::inference {

namespace {

/// What a thread takes from a matrix at a time: some microseconds of reading, so that taking it
/// costs nothing, and little enough that threads end together.
constexpr std::int64_t piece_bytes = 64 * 1024;

Kernels kernels_for(DataType type, InstructionSet set) {
#if defined(__x86_64__)
    switch (set) {
        case InstructionSet::avx512:
            return avx512_kernels(type);
        case InstructionSet::avx2:
            return avx2_kernels(type);
        case InstructionSet::portable:
            break;
    }
#else
    static_cast<void>(set);
#endif
    return portable_kernels(type);
}

void check_sizes(const WeightMatrix& w, std::size_t x, std::size_t y) {
    if (x == static_cast<std::size_t>(w.columns) && y == static_cast<std::size_t>(w.rows)) return;
    throw std::invalid_argument("matvec: the matrix has " + std::to_string(w.rows) + " rows and " +
                                std::to_string(w.columns) + " columns, x has " + std::to_string(x) +
                                " elements and y " + std::to_string(y));
}

/// `x` as long as the blocks of a row: elements of the first and last block that are not of the
/// matrix meet zeros. In `padded` where it is not `x` itself.
gsl::span<const float> in_whole_blocks(const WeightMatrix& w, gsl::span<const float> x,
                                       std::vector<float>& padded) {
    const std::int64_t block = block_size(w.type).elements;
    const std::int64_t count = (w.skipped + w.columns + block - 1) / block * block;
    if (count == w.columns) return x;
    padded.assign(static_cast<std::size_t>(count), 0.0f);
    std::copy(x.begin(), x.end(), padded.begin() + w.skipped);
    return padded;
}

}  // namespace

bool is_supported(InstructionSet set) {
#if defined(__x86_64__)
    switch (set) {
        case InstructionSet::avx512:
            return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                   __builtin_cpu_supports("avx512vl");
        case InstructionSet::avx2:
            // GCC 12 does not know "f16c" here; every processor with AVX2 has it.
            return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
        case InstructionSet::portable:
            break;
    }
#endif
    return set == InstructionSet::portable;
}

InstructionSet best_instruction_set() {
    static const InstructionSet best = is_supported(InstructionSet::avx512) ? InstructionSet::avx512
                                       : is_supported(InstructionSet::avx2)
                                           ? InstructionSet::avx2
                                           : InstructionSet::portable;
    return best;
}

void matvec(const WeightMatrix& w, gsl::span<const float> x, gsl::span<float> y,
            ThreadPool& threads, InstructionSet set) {
    check_sizes(w, x.size(), y.size());
    const auto dot = kernels_for(w.type, set).dot;
    std::vector<float> padded;
    const gsl::span<const float> input = in_whole_blocks(w, x, padded);
    const auto count = static_cast<std::int64_t>(input.size());
    float* const output = y.data();
    const auto bytes =
        std::max<std::int64_t>(1, static_cast<std::int64_t>(row_bytes(w.type, count)));
    threads.for_each_piece(w.rows, std::max<std::int64_t>(1, piece_bytes / bytes),
                           [=, &w](std::int64_t begin, std::int64_t end) {
                               for (std::int64_t r = begin; r < end; ++r) {
                                   output[r] = dot(w.row(r), input.data(), count);
                               }
                           });
}

void widen(DataType type, const std::byte* elements, gsl::span<float> out, InstructionSet set) {
    kernels_for(type, set).widen(elements, out.data(), static_cast<std::int64_t>(out.size()));
}

void widen_row(const WeightMatrix& w, std::int64_t r, gsl::span<float> out, InstructionSet set) {
    if (w.skipped == 0) return widen(w.type, w.row(r), out, set);
    std::vector<float> blocks(static_cast<std::size_t>(w.skipped) + out.size());
    widen(w.type, w.row(r), blocks, set);
    std::copy(blocks.begin() + w.skipped, blocks.end(), out.begin());
}

}  // namespace aircomp::inference
