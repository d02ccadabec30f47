// SPDX-License-Identifier: GPL-3.0-or-later
// Bases of updates beside the eigenvectors that they are made of.
#include "aircomp/inference/update_basis.hpp"

#include <algorithm>
#include <cmath>
#include <random>

#include "support/catch.hpp"

namespace aircomp::inference {
namespace {

constexpr std::int64_t size = 12;
constexpr std::int64_t tokens = 20000;

/// K^T v.
std::vector<double> turned(const UpdateBasis& basis, std::vector<double> v) {
    for (std::int64_t i = 0; i < basis.rank; ++i) {
        const float* const r = &basis.reflectors[static_cast<std::size_t>(i * size)];
        double part = 0;
        for (std::size_t j = 0; j < v.size(); ++j)
            part += static_cast<double>(r[j]) * v[j];
        for (std::size_t j = 0; j < v.size(); ++j)
            v[j] -= part * static_cast<double>(r[j]);
    }
    return v;
}

/// Two directions that are no coordinates, 16 and 8 times as wide as the coordinates' noise.
struct Stream {
    std::vector<double> strong = std::vector<double>(size, 0), second = strong;
    std::vector<float> update, x;

    Stream() {
        strong[0] = strong[5] = std::sqrt(0.5);
        second[2] = 0.6;
        second[7] = -0.8;
        std::mt19937_64 generator(1);
        std::normal_distribution<double> gaussian;
        for (std::int64_t t = 0; t < tokens; ++t) {
            // Updates follow the stream, whose power the fit takes out.
            const double level = t % 2 == 0 ? 1 : 3;
            const double a = 16 * gaussian(generator), b = 8 * gaussian(generator);
            for (std::size_t i = 0; i < strong.size(); ++i) {
                const double value = a * strong[i] + b * second[i] + gaussian(generator);
                update.push_back(static_cast<float>(level * value));
                x.push_back(static_cast<float>(level));
            }
        }
    }

    UpdateBasis basis(std::int64_t rank) const {
        UpdateFit fit(size, rank);
        SiteInputs inputs;
        inputs.position = 1;
        inputs.tokens = tokens;
        inputs.partial = update;
        fit.add(inputs, x);
        return fit.basis();
    }
};

TEST_CASE("the first coefficients of an update are those of its strongest eigenvectors") {
    const Stream stream;
    const UpdateBasis basis = stream.basis(GENERATE(2, 5, 12));
    const auto first = turned(basis, stream.strong), second = turned(basis, stream.second);
    CHECK(std::abs(first[0]) == Approx(1).epsilon(1e-3));
    CHECK(std::abs(second[1]) == Approx(1).epsilon(1e-3));
    CHECK(basis.widths[0] == 0);
    // Half as wide, and a sixteenth, in quarters of an octave.
    CHECK(basis.widths[1] == -4);
    for (std::size_t i = 2; i < basis.widths.size(); ++i)
        CHECK(basis.widths[i] == -16);
}

TEST_CASE("a basis of rank 0 has the coordinates' own widths") {
    const Stream stream;
    const UpdateBasis basis = stream.basis(0);
    CHECK(basis.reflectors.empty());
    std::vector<double> variances;
    for (std::size_t i = 0; i < stream.strong.size(); ++i) {
        variances.push_back(std::pow(16 * stream.strong[i], 2) + std::pow(8 * stream.second[i], 2) +
                            1);
    }
    const double widest = *std::max_element(variances.begin(), variances.end());
    for (std::size_t i = 0; i < variances.size(); ++i)
        CHECK(std::abs(basis.widths[i] - 2 * std::log2(variances[i] / widest)) < 0.75);
}

TEST_CASE("a basis is orthogonal, of any rank") {
    const Stream stream;
    const UpdateBasis basis = stream.basis(GENERATE(0, 1, 7, 12, 40));
    CHECK(basis.rank <= size);
    std::vector<double> v(size), w(size);
    for (std::size_t i = 0; i < v.size(); ++i) {
        v[i] = std::sin(static_cast<double>(i));
        w[i] = std::cos(3.0 * static_cast<double>(i));
    }
    const auto product = [](const std::vector<double>& a, const std::vector<double>& b) {
        double sum = 0;
        for (std::size_t i = 0; i < a.size(); ++i)
            sum += a[i] * b[i];
        return sum;
    };
    CHECK(product(turned(basis, v), turned(basis, w)) == Approx(product(v, w)).margin(1e-5));
    CHECK(product(turned(basis, v), turned(basis, v)) == Approx(product(v, v)).epsilon(1e-5));
}

TEST_CASE("without any token a basis is the coordinates, all as wide") {
    const UpdateBasis basis = UpdateFit(size, 4).basis();
    CHECK(basis.rank == 0);
    CHECK(basis.reflectors.empty());
    CHECK(basis.widths == std::vector<float>(size, 0.0F));
}

}  // namespace
}  // namespace aircomp::inference
