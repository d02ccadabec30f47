// SPDX-License-Identifier: GPL-3.0-or-later
// Random draws that are the same under every standard library: the engine is fixed by the C++
// standard, the distributions of <random> are not, so the two that the library needs live here.
#pragma once

#include <Eigen/Core>
#include <complex>
#include <random>

namespace aircomp::optimizer {

/// Passed by reference to everything that draws; one seed, one sequence.
using Random = std::mt19937_64;

/// Uniform in the open interval (0, 1), 53 bits.
double uniform(Random& random);

/// Circularly symmetric complex Gaussian CN(0, 1), by Box and Muller: radius sqrt(-ln u1), phase
/// 2 pi u2. Two engine calls a sample.
std::complex<double> complex_normal(Random& random);

/// Matrix of independent CN(0, 1) entries, drawn column by column.
Eigen::MatrixXcd complex_normal(Random& random, Eigen::Index rows, Eigen::Index columns);

}  // namespace aircomp::optimizer
