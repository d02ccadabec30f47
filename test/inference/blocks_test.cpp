// SPDX-License-Identifier: GPL-3.0-or-later
// Blocked types: values are the reference's, and a matrix may be cut anywhere.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <limits>
#include <random>
#include <vector>

#include "aircomp/inference/model_config.hpp"
#include "support/catch.hpp"
#include "weights/gguf_files.hpp"
#include "weights/matrix_cut.hpp"
#include "weights/matvec.hpp"
#include "weights/narrow.hpp"
#include "weights/product.hpp"
#include "weights/tensor_view.hpp"

using namespace aircomp::inference;

namespace {

constexpr DataType blocked_types[] = {
    DataType::q4_0,  DataType::q4_1, DataType::q5_0,   DataType::q5_1,
    DataType::q8_0,  DataType::q2_k, DataType::q3_k,   DataType::q4_k,
    DataType::q5_k,  DataType::q6_k, DataType::iq4_nl, DataType::iq4_xs,
    DataType::mxfp4, DataType::int4, DataType::int8,   DataType::fp8};

/// Types that exist in memory alone; quantised_test.cpp has the reference of their values.
bool is_of_files(DataType type) {
    return find_type(type_name(type)).has_value();
}

void write_single_scale(std::byte* block, double value) {
    const auto scale = static_cast<float>(value);
    std::memcpy(block, &scale, sizeof scale);
}

std::vector<InstructionSet> supported_sets() {
    std::vector<InstructionSet> sets;
    for (const auto set :
         {InstructionSet::portable, InstructionSet::avx2, InstructionSet::avx512}) {
        if (is_supported(set)) sets.push_back(set);
    }
    return sets;
}

const GgufTensor& tensor(const GgufFiles& files, const std::string& name) {
    for (const GgufTensor& tensor : files.tensors()) {
        if (tensor.name == name) return tensor;
    }
    throw std::out_of_range(name);
}

void write_half(std::byte* to, double value) {
    const auto single = static_cast<float>(value);
    narrow(DataType::f16, {&single, 1}, to);
}

/// Where in a block its float16 scales lie.
std::vector<std::size_t> halves_of(DataType type) {
    switch (type) {
        case DataType::q4_1:
        case DataType::q5_1:
        case DataType::q4_k:
        case DataType::q5_k:
            return {0, 2};
        case DataType::q2_k:
            return {80, 82};
        case DataType::q3_k:
            return {108};
        case DataType::q6_k:
            return {208};
        case DataType::mxfp4:
        case DataType::int4:
        case DataType::int8:
        case DataType::fp8:
            return {};
        default:
            return {0};
    }
}

/// A matrix of random blocks whose scales are about those of real weights.
struct Matrix {
    Matrix(DataType type, std::int64_t rows, std::int64_t columns, unsigned seed)
        : memory(static_cast<std::size_t>(rows) * row_bytes(type, columns)),
          values(static_cast<std::size_t>(rows * columns)) {
        std::mt19937 generator(seed);
        for (std::byte& b : memory)
            b = static_cast<std::byte>(generator());
        const auto step = static_cast<std::size_t>(block_size(type).bytes);
        for (std::size_t block = 0; block < memory.size(); block += step) {
            for (const std::size_t half : halves_of(type)) {
                write_half(memory.data() + block + half,
                           (static_cast<double>(generator() % 2001) - 1000) * 1e-5);
            }
            if (type == DataType::mxfp4) {
                memory[block] = static_cast<std::byte>(118 + generator() % 4);
            }
            if (is_of_files(type)) continue;
            write_single_scale(memory.data() + block,
                               (static_cast<double>(generator() % 2001) - 1000) * 1e-5);
            if (type == DataType::int4)
                memory[block + 4] = static_cast<std::byte>(generator() % 17);
            if (type == DataType::fp8) {
                for (std::size_t i = block + 4; i < block + step; ++i)  // no NaN
                    memory[i] &= std::byte{0xf7};
            }
        }
        view = {memory.data(), type, rows, columns, columns};
        const auto width = static_cast<std::size_t>(columns);
        for (std::int64_t r = 0; r < rows; ++r) {
            widen(type, view.row(r), {values.data() + r * columns, width},
                  InstructionSet::portable);
        }
    }
    std::vector<std::byte> memory;
    std::vector<float> values;  ///< Dequantised.
    WeightMatrix view;
};

std::vector<float> random_values(std::size_t count, unsigned seed) {
    std::mt19937 generator(seed);
    std::normal_distribution<float> normal;
    std::vector<float> values(count);
    for (float& value : values)
        value = normal(generator);
    return values;
}

/// y within the rounding of `columns` float32 products and sums, in any order; weights are sums of
/// two roundings themselves, which `columns` + 4 leaves room for.
void check_row(const Matrix& matrix, std::int64_t r, const std::vector<float>& x, double y) {
    double exact = 0;
    double magnitude = 0;
    for (std::int64_t c = 0; c < matrix.view.columns; ++c) {
        const auto place = static_cast<std::size_t>(r * matrix.view.columns + c);
        const double product =
            double{matrix.values[place]} * double{x[static_cast<std::size_t>(c)]};
        exact += product;
        magnitude += std::abs(product);
    }
    const double bound = static_cast<double>(matrix.view.columns + 4) *
                         std::numeric_limits<float>::epsilon() / 2 * magnitude;
    CAPTURE(r, exact, y);
    REQUIRE(std::abs(y - exact) <= bound);
}

/// 0 = first <= ... = columns, `parts` of them, anywhere.
std::vector<std::int64_t> random_cuts(std::int64_t columns, std::size_t parts,
                                      std::mt19937& generator) {
    std::vector<std::int64_t> cuts = {0, columns};
    while (cuts.size() <= parts)
        cuts.push_back(static_cast<std::int64_t>(generator()) % (columns + 1));
    std::sort(cuts.begin(), cuts.end());
    return cuts;
}

}  // namespace

/// To the last bit, signs of zeros and NaNs included.
bool have_same_bits(gsl::span<const float> a, gsl::span<const float> b) {
    const auto left = gsl::as_bytes(a), right = gsl::as_bytes(b);
    return std::equal(left.begin(), left.end(), right.begin(), right.end());
}

TEST_CASE("blocked values are those of gguf.quants, bit for bit") {
    const GgufFiles files(std::filesystem::path(AIRCOMP_SOURCE_DIR) /
                          "test/inference/gguf/blocked_types.gguf");
    for (const DataType type : blocked_types) {
        if (!is_of_files(type)) continue;
        const std::string name = type_name(type);
        CAPTURE(name);
        const auto& blocks = tensor(files, name);
        const auto& reference = tensor(files, name + ".values");
        std::vector<float> expected(static_cast<std::size_t>(reference.shape.back()));
        std::memcpy(expected.data(), reference.bytes.data(), reference.bytes.size());
        REQUIRE(expected.size() == 768);
        for (const InstructionSet set : supported_sets()) {
            std::vector<float> values(expected.size());
            widen(type, blocks.bytes.data(), values, set);
            CHECK(have_same_bits(values, expected));
            std::vector<float> part(37, -1);  // ends within a block
            widen(type, blocks.bytes.data(), {part.data(), 36}, set);
            CHECK(have_same_bits({part.data(), 36}, {expected.data(), 36}));
            CHECK(part[36] == -1);
        }
    }
}

TEST_CASE("every kernel of blocked types agrees with double precision") {
    ThreadPool alone(1);
    for (const DataType type : blocked_types) {
        for (const std::int64_t blocks : {1, 2, 3, 5, 8}) {
            const std::int64_t columns = blocks * block_size(type).elements;
            const Matrix matrix(type, 7, columns, static_cast<unsigned>(blocks));
            const auto x = random_values(static_cast<std::size_t>(columns), 3);
            for (const InstructionSet set : supported_sets()) {
                CAPTURE(type_name(type), columns, static_cast<int>(set));
                std::vector<float> y(7);
                matvec(matrix.view, x, y, alone, set);
                for (std::int64_t r = 0; r < 7; ++r)
                    check_row(matrix, r, x, double{y[static_cast<std::size_t>(r)]});
            }
        }
    }
}

TEST_CASE("products of the slices of any cut by columns sum to the whole product") {
    const ModelConfig config;
    const Checkpoint checkpoint = Checkpoint::from_tensors(config, {}, nullptr);
    ThreadPool alone(1);
    std::mt19937 generator(5);
    for (const DataType type : blocked_types) {
        const Matrix matrix(type, 3, 512, 11);
        const auto x = random_values(2 * 512, 4);
        for (int split = 0; split < 25; ++split) {
            const auto cuts = random_cuts(512, 1 + generator() % 6, generator);
            std::vector<double> one(3), first(3), second(3);
            std::vector<HugeBuffer> copies;
            for (std::size_t n = 0; n + 1 < cuts.size(); ++n) {
                const Range columns{cuts[n], cuts[n + 1]};
                const WeightMatrix slice = cut_columns(checkpoint, matrix.view, columns, copies);
                REQUIRE(slice.columns == columns.size());
                REQUIRE(slice.skipped < block_size(type).elements);
                auto part = x;
                const Activations of_slice =
                    Activations{part.data(), 2, 512, 512}.part(columns.begin, columns.size());
                std::vector<float> y(6), alone_y(3);
                multiply(slice, of_slice, {y.data(), 2, 3, 3}, alone);
                multiply(slice, {of_slice.data, 1, of_slice.size, 512}, {alone_y.data(), 1, 3, 3},
                         alone);
                for (std::size_t r = 0; r < 3; ++r) {
                    one[r] += double{alone_y[r]};
                    first[r] += double{y[r]};
                    second[r] += double{y[3 + r]};
                }
            }
            CAPTURE(type_name(type), cuts);
            for (std::int64_t r = 0; r < 3; ++r) {
                const auto place = static_cast<std::size_t>(r);
                check_row(matrix, r, x, one[place]);
                check_row(matrix, r, x, first[place]);
                check_row(matrix, r, {x.begin() + 512, x.end()}, second[place]);
            }
        }
    }
}

TEST_CASE("a cut by rows is the rows where they lie") {
    const ModelConfig config;
    const Checkpoint checkpoint = Checkpoint::from_tensors(config, {}, nullptr);
    for (const DataType type : blocked_types) {
        const Matrix matrix(type, 9, 256, 12);
        const WeightMatrix slice = cut_rows(checkpoint, matrix.view, {2, 7});
        CHECK(slice.rows == 5);
        CHECK(slice.data == matrix.view.row(2));
        CHECK(slice.bytes() == 5 * row_bytes(type, 256));
    }
}

TEST_CASE("a copied slice of columns holds whole blocks and no more") {
    const ModelConfig config;
    const Checkpoint checkpoint = Checkpoint::from_tensors(config, {}, nullptr);
    const Matrix matrix(DataType::q4_0, 4, 256, 13);
    std::vector<HugeBuffer> copies;
    const WeightMatrix slice = cut_columns(checkpoint, matrix.view, {40, 97}, copies);
    CHECK(slice.skipped == 8);
    CHECK(slice.stride == 96);  // blocks 1, 2 and 3
    CHECK(slice.bytes() == 4 * 3 * 18);
    CHECK(copies.front().bytes().size() == 4 * 3 * 18);
    std::vector<float> row(57);
    widen_row(slice, 2, row);
    CHECK(std::equal(row.begin(), row.end(), matrix.values.begin() + 2 * 256 + 40));
}

TEST_CASE("sizes of types are ggml's") {
    CHECK(row_bytes(DataType::q4_k, 512) == 288);
    CHECK(row_bytes(DataType::q8_0, 33) == 68);
    CHECK(row_bytes(DataType::bf16, 33) == 66);
    CHECK_THROWS_WITH(element_bytes(DataType::q4_0), Catch::Contains("without blocks, found Q4_0"));
    CHECK(find_type("IQ4_XS") == DataType::iq4_xs);
    CHECK_FALSE(find_type("IQ2_XXS"));
}
