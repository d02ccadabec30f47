// SPDX-License-Identifier: GPL-3.0-or-later
// The one place that instantiates Eigen's decompositions of complex matrices.
#include "decompositions.hpp"

#include <Eigen/Cholesky>
#include <Eigen/Eigenvalues>
#include <Eigen/SVD>

namespace aircomp::optimizer {

using Eigen::MatrixXcd;

Eigenpairs hermitian_eigenpairs(const MatrixXcd& M) {
    const Eigen::SelfAdjointEigenSolver<MatrixXcd> eigen(M);
    return {eigen.eigenvalues(), eigen.eigenvectors()};
}

Eigen::VectorXd hermitian_eigenvalues(const MatrixXcd& M) {
    return Eigen::SelfAdjointEigenSolver<MatrixXcd>(M, Eigen::EigenvaluesOnly).eigenvalues();
}

ThinSvd thin_svd(const MatrixXcd& M) {
    const Eigen::JacobiSVD<MatrixXcd> svd(M, Eigen::ComputeThinU | Eigen::ComputeThinV);
    return {svd.matrixU(), svd.singularValues(), svd.matrixV()};
}

MatrixXcd solve_positive(const MatrixXcd& M, const MatrixXcd& B) {
    return M.llt().solve(B);
}

MatrixXcd inverse_positive(const MatrixXcd& M) {
    return M.llt().solve(MatrixXcd::Identity(M.rows(), M.cols()));
}

}  // namespace aircomp::optimizer
