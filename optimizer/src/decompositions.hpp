// SPDX-License-Identifier: GPL-3.0-or-later
// Decompositions of complex matrices by Eigen, compiled once: where each file asks Eigen itself,
// they are a third of what compiling the optimizer costs.
#pragma once

#include <Eigen/Core>

namespace aircomp::optimizer {

/// Of a Hermitian matrix, values ascending; column i of `vectors`, of norm 1, belongs to value i.
struct Eigenpairs {
    Eigen::VectorXd values;
    Eigen::MatrixXcd vectors;
};

/// `M`: Hermitian; only its lower triangle is read.
Eigenpairs hermitian_eigenpairs(const Eigen::MatrixXcd& M);

/// The values alone, ascending.
Eigen::VectorXd hermitian_eigenvalues(const Eigen::MatrixXcd& M);

/// M = U diag(s) V^H with as many columns in U and V as M has rows or columns, whichever are fewer;
/// s descending.
struct ThinSvd {
    Eigen::MatrixXcd U;
    Eigen::VectorXd s;
    Eigen::MatrixXcd V;
};

ThinSvd thin_svd(const Eigen::MatrixXcd& M);

/// M^-1 B for a Hermitian positive definite M, by Cholesky.
Eigen::MatrixXcd solve_positive(const Eigen::MatrixXcd& M, const Eigen::MatrixXcd& B);

/// M^-1 of the same.
Eigen::MatrixXcd inverse_positive(const Eigen::MatrixXcd& M);

}  // namespace aircomp::optimizer
