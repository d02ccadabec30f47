// SPDX-License-Identifier: GPL-3.0-or-later
// The kernels of every instruction set and type against double precision.
#include "weights/matvec.hpp"

#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

#include "support/catch.hpp"
#include "weights/narrow.hpp"
#include "weights/product.hpp"

using namespace aircomp::inference;

namespace {

constexpr DataType types[] = {DataType::f32, DataType::f16, DataType::bf16};

std::vector<InstructionSet> supported_sets() {
    std::vector<InstructionSet> sets;
    for (const auto set :
         {InstructionSet::portable, InstructionSet::avx2, InstructionSet::avx512}) {
        if (is_supported(set)) sets.push_back(set);
    }
    return sets;
}

std::vector<float> random_values(std::size_t count, unsigned seed) {
    std::mt19937 generator(seed);
    std::normal_distribution<float> normal;
    std::vector<float> values(count);
    for (float& value : values)
        value = normal(generator);
    return values;
}

/// A matrix [rows, columns] of `type` that starts `offset` bytes into its memory.
struct Matrix {
    Matrix(DataType type, std::int64_t rows, std::int64_t columns, std::size_t offset,
           unsigned seed = 1)
        : memory(offset + static_cast<std::size_t>(rows * columns) * element_bytes(type)),
          values(random_values(static_cast<std::size_t>(rows * columns), seed)) {
        narrow(type, values, memory.data() + offset);
        view = {memory.data() + offset, type, rows, columns, columns};
        widen(type, view.data, values, InstructionSet::portable);
    }
    std::vector<std::byte> memory;
    std::vector<float> values;  ///< As stored, after rounding to the type.
    WeightMatrix view;
};

/// Rounding of one sum of `columns` products: |error| <= (columns + 1) eps sum |w x| for any order
/// of summation (Higham 2002, section 3.1); eps is half a unit in the last place.
void check_against_double(const Matrix& matrix, const std::vector<float>& x,
                          const std::vector<float>& y) {
    const auto columns = static_cast<std::size_t>(matrix.view.columns);
    for (std::size_t r = 0; r < y.size(); ++r) {
        double exact = 0;
        double magnitude = 0;
        for (std::size_t c = 0; c < columns; ++c) {
            const double product = double{matrix.values[r * columns + c]} * double{x[c]};
            exact += product;
            magnitude += std::abs(product);
        }
        const double bound = static_cast<double>(columns + 1) *
                             std::numeric_limits<float>::epsilon() / 2 * magnitude;
        CAPTURE(r, columns);
        REQUIRE(std::abs(double{y[r]} - exact) <= bound);
    }
}

float from_half_bits(std::uint16_t bits, DataType type, InstructionSet set) {
    // Eight and more elements at once, so that the vector code runs.
    std::vector<std::uint16_t> halves(16, bits);
    std::vector<float> out(16);
    widen(type, reinterpret_cast<const std::byte*>(halves.data()), out, set);
    return out[5];
}

/// float16 by its definition: 1 sign, 5 exponent and 10 mantissa bits.
double half_value(std::uint16_t bits) {
    const int exponent = bits >> 10 & 31;
    const int mantissa = bits & 1023;
    const double magnitude =
        exponent == 0 ? std::ldexp(mantissa, -24) : std::ldexp(1024 + mantissa, exponent - 25);
    return bits & 0x8000 ? -magnitude : magnitude;
}

}  // namespace

TEST_CASE("every kernel agrees with double precision at any length and alignment") {
    ThreadPool alone(1);
    for (const InstructionSet set : supported_sets()) {
        for (const DataType type : types) {
            for (const std::int64_t columns : {1, 7, 8, 15, 16, 17, 31, 64, 65, 127, 500, 2048}) {
                for (const std::size_t offset : {0u, 1u, 3u}) {
                    CAPTURE(static_cast<int>(set), static_cast<int>(type), columns, offset);
                    const Matrix matrix(type, 5, columns, offset);
                    const auto x = random_values(static_cast<std::size_t>(columns), 2);
                    std::vector<float> y(5);
                    matvec(matrix.view, x, y, alone, set);
                    check_against_double(matrix, x, y);
                }
            }
        }
    }
}

TEST_CASE("a kernel does not depend on the number of threads") {
    const Matrix matrix(DataType::bf16, 301, 500, 0);
    const auto x = random_values(500, 2);
    std::vector<float> expected(301);
    ThreadPool alone(1);
    matvec(matrix.view, x, expected, alone);
    for (const int threads : {2, 3, 8}) {
        ThreadPool pool(threads);
        std::vector<float> y(301);
        matvec(matrix.view, x, y, pool);
        CHECK(y == expected);
    }
}

TEST_CASE("a matrix whose rows lie apart is read by its stride") {
    const Matrix whole(DataType::f32, 6, 40, 0);
    WeightMatrix left = whole.view;
    left.columns = 13;
    const auto x = random_values(13, 2);
    std::vector<float> padded(x);
    padded.resize(40, 0.0f);
    std::vector<float> y(6), expected(6);
    ThreadPool alone(1);
    matvec(left, x, y, alone);
    matvec(whole.view, padded, expected, alone);
    for (std::size_t r = 0; r < y.size(); ++r)
        CHECK(y[r] == Approx(expected[r]).margin(1e-5));
}

TEST_CASE("a thousand ones times a thousand ones is 1024, in bfloat16 too") {
    // Accumulated in bfloat16 the sum stops at 256.
    const std::vector<float> ones(1024, 1.0f);
    const std::vector<float> four_times(4 * 1024, 1.0f);
    ThreadPool threads(2);
    for (const DataType type : types) {
        std::vector<std::byte> memory(1024 * element_bytes(type));
        narrow(type, ones, memory.data());
        const WeightMatrix row{memory.data(), type, 1, 1024, 1024};
        for (const InstructionSet set : supported_sets()) {
            std::vector<float> y(1);
            matvec(row, ones, y, threads, set);
            CHECK(y[0] == 1024);
        }
        std::vector<float> y(4), x(four_times);
        multiply(row, {x.data(), 4, 1024, 1024}, {y.data(), 4, 1, 1}, threads);
        CHECK(y == std::vector<float>(4, 1024));
    }
}

TEST_CASE("every half-precision pattern widens to its value, and narrows back") {
    for (const InstructionSet set : supported_sets()) {
        for (unsigned bits = 0; bits < 0x10000; ++bits) {
            if ((bits >> 10 & 31) == 31) continue;
            const auto half = static_cast<std::uint16_t>(bits);
            const float value = from_half_bits(half, DataType::f16, set);
            std::uint16_t back = 0;
            narrow(DataType::f16, {&value, 1}, reinterpret_cast<std::byte*>(&back));
            if (value != half_value(half) || back != half) {
                FAIL("pattern " << bits << " is " << half_value(half) << ", widens to " << value
                                << ", narrows to " << back);
            }
        }
        CHECK(std::isinf(from_half_bits(0x7c00, DataType::f16, set)));
        CHECK(std::isnan(from_half_bits(0x7e00, DataType::f16, set)));
        CHECK(from_half_bits(0xc120, DataType::bf16, set) == -10.0f);
    }
}

TEST_CASE("narrowing rounds to nearest, ties to even") {
    const auto narrowed = [](DataType type, float value) {
        std::uint16_t bits = 0;
        narrow(type, {&value, 1}, reinterpret_cast<std::byte*>(&bits));
        return bits;
    };
    CHECK(narrowed(DataType::bf16, 1.0f + 0x1p-8f) == 0x3f80);             // tie, to even: down
    CHECK(narrowed(DataType::bf16, 1.0f + 0x3p-8f) == 0x3f82);             // tie, to even: up
    CHECK(narrowed(DataType::bf16, 1.0f + 0x1p-8f + 0x1p-20f) == 0x3f81);  // above the tie
    CHECK(narrowed(DataType::f16, 1.0f + 0x1p-11f) == 0x3c00);
    CHECK(narrowed(DataType::f16, 1.0f + 0x3p-11f) == 0x3c02);
    CHECK(narrowed(DataType::f16, 65519.0f) == 0x7bff);
    CHECK(narrowed(DataType::f16, 65520.0f) == 0x7c00);  // infinity
    CHECK(narrowed(DataType::f16, 0x1p-25f) == 0);
    CHECK(narrowed(DataType::f16, -0x3p-25f) == 0x8002);
}

TEST_CASE("several tokens give what each gives alone") {
    ThreadPool threads(2);
    for (const DataType type : types) {
        for (const std::size_t offset : {0u, 1u}) {
            // Two blocks of rows a thread and more, the last one shorter.
            const Matrix matrix(type, 1031, 700, offset);
            auto x = random_values(3 * 700, 3);
            std::vector<float> together(3 * 1031);
            multiply(matrix.view, {x.data(), 3, 700, 700}, {together.data(), 3, 1031, 1031},
                     threads);
            for (std::size_t t = 0; t < 3; ++t) {
                check_against_double(matrix,
                                     {x.begin() + static_cast<int>(t) * 700,
                                      x.begin() + static_cast<int>(t + 1) * 700},
                                     {together.begin() + static_cast<int>(t) * 1031,
                                      together.begin() + static_cast<int>(t + 1) * 1031});
            }
        }
    }
}

TEST_CASE("a product of sizes that do not fit is refused with all of them") {
    ThreadPool alone(1);
    const Matrix matrix(DataType::f32, 3, 5, 0);
    std::vector<float> x(4), y(3);
    CHECK_THROWS_WITH(matvec(matrix.view, x, y, alone),
                      Catch::Contains("3 rows and 5 columns, x has 4 elements and y 3"));
    CHECK_THROWS_WITH(multiply(matrix.view, {x.data(), 1, 4, 4}, {y.data(), 1, 3, 3}, alone),
                      Catch::Contains("x is [1, 4], y [1, 3], the weights [3, 5]"));
}
