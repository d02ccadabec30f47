// SPDX-License-Identifier: GPL-3.0-or-later
// Uniform and complex Gaussian draws from the engine's 64-bit words.
#include "aircomp/optimizer/random.hpp"

#include <cmath>

namespace aircomp::optimizer {

double uniform(Random& random) {
    return (static_cast<double>(random() >> 11) + 0.5) * 0x1p-53;
}

std::complex<double> complex_normal(Random& random) {
    constexpr double two_pi = 6.283185307179586476925;
    const double radius = std::sqrt(-std::log(uniform(random)));
    const double phase = two_pi * uniform(random);
    return {radius * std::cos(phase), radius * std::sin(phase)};
}

Eigen::MatrixXcd complex_normal(Random& random, Eigen::Index rows, Eigen::Index columns) {
    Eigen::MatrixXcd draws(rows, columns);
    for (Eigen::Index column = 0; column < columns; ++column) {
        for (Eigen::Index row = 0; row < rows; ++row)
            draws(row, column) = complex_normal(random);
    }
    return draws;
}

}  // namespace aircomp::optimizer
