// SPDX-License-Identifier: GPL-3.0-or-later
// Interior-point method for the max-min eigenvalue program of scheme sdr.
#include "aircomp/optimizer/relaxation.hpp"

#include <Eigen/Cholesky>
#include <cmath>
#include <sstream>
#include <stdexcept>

#include "decompositions.hpp"

namespace aircomp::optimizer {
namespace {

using Complex = std::complex<double>;
using Eigen::Index;
using Eigen::MatrixXcd;
using Eigen::MatrixXd;
using Eigen::VectorXd;

// Coordinates of a Hermitian matrix in an orthonormal basis: the diagonal, then sqrt(2) times real
// and imaginary parts above it.
void to_coordinates(const MatrixXcd& M, Eigen::Ref<VectorXd> x) {
    Index k = 0;
    for (Index i = 0; i < M.rows(); ++i)
        x[k++] = M(i, i).real();
    for (Index j = 1; j < M.cols(); ++j) {
        for (Index i = 0; i < j; ++i) {
            x[k++] = std::sqrt(2.0) * M(i, j).real();
            x[k++] = std::sqrt(2.0) * M(i, j).imag();
        }
    }
}

MatrixXcd from_coordinates(const Eigen::Ref<const VectorXd>& x, Index size) {
    MatrixXcd M(size, size);
    Index k = 0;
    for (Index i = 0; i < size; ++i)
        M(i, i) = x[k++];
    for (Index j = 1; j < size; ++j) {
        for (Index i = 0; i < j; ++i, k += 2) {
            M(i, j) = std::complex<double>(x[k], x[k + 1]) / std::sqrt(2.0);
            M(j, i) = std::conj(M(i, j));
        }
    }
    return M;
}

// Effective channels sqrt(P_n / (v_n L)) H_n V_n of the devices that take part.
std::vector<MatrixXcd> effective_channels(const TransceiverProblem& problem) {
    std::vector<MatrixXcd> channels;
    for (std::size_t n = 0; n < problem.devices(); ++n) {
        const double v = problem.second_moments[n], P = problem.power_w[n];
        if (v == 0.0 || P == 0.0) continue;
        const ThinSvd svd = thin_svd(problem.channels[n]);
        const VectorXd s = svd.s.head(problem.streams);
        if (!(s[s.size() - 1] > 1e-7 * s[0])) {
            throw std::invalid_argument(
                "relaxation: channels[" + std::to_string(n) + "] is rank deficient for " +
                std::to_string(problem.streams) + " streams; use scheme mmse or fewer streams");
        }
        channels.push_back(std::sqrt(P / v / problem.streams) * svd.U.leftCols(problem.streams) *
                           s.asDiagonal());
    }
    return channels;
}

// The dual, scaled to a unit bound; its optimal sum is 1 / t:
//     maximise sum tr Y_n   s.t.   S = I - sum H_n Y_n H_n^H >= 0,  Y_n >= 0.
// It is solved through its barrier:
//     minimise -weight sum tr Y_n - log det S - sum log det Y_n.
// At the centre H_n^H S^-1 H_n >= weight I.
class DualBarrier {
public:
    explicit DualBarrier(std::vector<MatrixXcd> channels)
        : channels_(std::move(channels)),
          L_(channels_[0].cols()),
          N_r_(channels_[0].rows()),
          coordinates_(L_ * L_),
          unknowns_(static_cast<Index>(channels_.size()) * coordinates_) {
        // Every direction of every device far inside the cone in its own units: a common start puts
        // weak ones so near to the edge that the search never leaves it.
        for (const MatrixXcd& H : channels_)
            Y_.emplace_back(inverse_positive(H.adjoint() * H));
        const double scale = 0.5 / largest_eigenvalue(received(Y_));
        for (MatrixXcd& Y_n : Y_)
            Y_n *= scale;
    }

    // Number of eigenvalues in the barrier: weight times the duality gap on the central path.
    double degree() const { return static_cast<double>(N_r_ + L_ * devices()); }

    Index devices() const { return static_cast<Index>(channels_.size()); }

    double trace() const {
        double sum = 0.0;
        for (const MatrixXcd& Y_n : Y_)
            sum += Y_n.trace().real();
        return sum;
    }

    // Newton to the centre for this weight, as near as rounding allows.
    void center(double weight, const std::function<void()>& poll) {
        for (int step = 0; step < 60; ++step) {
            if (poll) poll();
            ++iterations;
            if (newton_step(weight) < 1e-8) return;
        }
    }

    // S^-1 / tr S^-1, primal feasible at the centre.
    MatrixXcd primal() const {
        const MatrixXcd inverse = inverse_positive(slack(Y_));
        return inverse / inverse.trace().real();
    }

    // min_n lambda_min(H_n^H X H_n): the t that X attains.
    double attained(const MatrixXcd& X) const {
        double least = INFINITY;
        for (const MatrixXcd& H : channels_) {
            least = std::min(least, hermitian_eigenvalues(H.adjoint() * X * H)[0]);
        }
        return least;
    }

    // An upper bound on every attained t, by weak duality.
    double bound() const { return largest_eigenvalue(received(Y_)) / trace(); }

    int iterations = 0;

private:
    static double largest_eigenvalue(const MatrixXcd& M) {
        return hermitian_eigenvalues(M)[M.rows() - 1];
    }

    MatrixXcd received(const std::vector<MatrixXcd>& Y) const {
        MatrixXcd sum = MatrixXcd::Zero(N_r_, N_r_);
        for (std::size_t n = 0; n < Y.size(); ++n) {
            sum.noalias() += channels_[n] * Y[n] * channels_[n].adjoint();
        }
        return sum;
    }

    MatrixXcd slack(const std::vector<MatrixXcd>& Y) const {
        return MatrixXcd::Identity(N_r_, N_r_) - received(Y);
    }

    // -log det S - sum log det Y_n, infinite outside the cone.
    double barrier(const std::vector<MatrixXcd>& Y) const {
        double sum = 0.0;
        const auto subtract_log_det = [&](const MatrixXcd& M) {
            const Eigen::LLT<MatrixXcd> factor(M);
            if (factor.info() != Eigen::Success) {
                sum = INFINITY;
                return;
            }
            const auto& lower = factor.matrixLLT();
            for (Index i = 0; i < M.rows(); ++i)
                sum -= 2.0 * std::log(lower(i, i).real());
        };
        subtract_log_det(slack(Y));
        for (const MatrixXcd& Y_n : Y)
            subtract_log_det(Y_n);
        return sum;
    }

    // Adds the matrix of D -> F D F^H in coordinates to a block of the Hessian. With f_i the
    // columns of F, the basis matrices of (i, j) have the images
    //     (f_i f_j^H + f_j f_i^H) / sqrt(2)   and   i (f_i f_j^H - f_j f_i^H) / sqrt(2).
    void add_congruence(const MatrixXcd& F, Eigen::Ref<MatrixXd> block) const {
        Index column = 0;
        for (Index i = 0; i < L_; ++i, ++column) {
            Index row = 0;
            for (Index a = 0; a < L_; ++a)
                block(row++, column) += std::norm(F(a, i));
            for (Index b = 1; b < L_; ++b) {
                for (Index a = 0; a < b; ++a, row += 2) {
                    const Complex image = std::sqrt(2.0) * F(a, i) * std::conj(F(b, i));
                    block(row, column) += image.real();
                    block(row + 1, column) += image.imag();
                }
            }
        }
        for (Index j = 1; j < L_; ++j) {
            for (Index i = 0; i < j; ++i, column += 2)
                add_images(F, i, j, block.middleCols(column, 2));
        }
    }

    // The images of the two basis matrices of (i, j), i < j.
    void add_images(const MatrixXcd& F, Index i, Index j, Eigen::Ref<MatrixXd> columns) const {
        Index row = 0;
        for (Index a = 0; a < L_; ++a, ++row) {
            const Complex product = std::sqrt(2.0) * F(a, i) * std::conj(F(a, j));
            columns(row, 0) += product.real();
            columns(row, 1) -= product.imag();
        }
        for (Index b = 1; b < L_; ++b) {
            for (Index a = 0; a < b; ++a, row += 2) {
                const Complex one = F(a, i) * std::conj(F(b, j));
                const Complex other = F(a, j) * std::conj(F(b, i));
                const Complex sum = one + other, difference = one - other;
                columns(row, 0) += sum.real();
                columns(row + 1, 0) += sum.imag();
                columns(row, 1) -= difference.imag();
                columns(row + 1, 1) += difference.real();
            }
        }
    }

    void derivatives(double weight) {
        const MatrixXcd inverse = inverse_positive(slack(Y_));
        gradient_.resize(unknowns_);
        hessian_.setZero(unknowns_, unknowns_);
        for (std::size_t n = 0; n < Y_.size(); ++n) {
            const Index at = static_cast<Index>(n) * coordinates_;
            const MatrixXcd seen = inverse * channels_[n];
            const MatrixXcd Y_inverse = inverse_positive(Y_[n]);
            to_coordinates(
                channels_[n].adjoint() * seen - Y_inverse - weight * MatrixXcd::Identity(L_, L_),
                gradient_.segment(at, coordinates_));
            add_congruence(Y_inverse, hessian_.block(at, at, coordinates_, coordinates_));
            for (std::size_t m = 0; m <= n; ++m) {  // the lower triangle, all that LLT reads
                add_congruence(seen.adjoint() * channels_[m],
                               hessian_.block(at, static_cast<Index>(m) * coordinates_,
                                              coordinates_, coordinates_));
            }
        }
    }

    // One damped Newton step. Returns the squared Newton decrement, 0 where rounding leaves nothing
    // to gain.
    double newton_step(double weight) {
        derivatives(weight);
        const VectorXd scale = hessian_.diagonal().cwiseSqrt().cwiseInverse();
        hessian_ = scale.asDiagonal() * hessian_ * scale.asDiagonal();
        const VectorXd step =
            -scale.cwiseProduct(hessian_.llt().solve(scale.cwiseProduct(gradient_)));
        const double decrement = -gradient_.dot(step);
        if (!(decrement > 1e-12)) return 0.0;
        const double before = barrier(Y_);
        std::vector<MatrixXcd> Y = Y_;
        for (int halvings = 0; halvings < 27; ++halvings) {
            const double length = std::ldexp(1.0, -halvings);
            double trace_gain = 0.0;
            for (std::size_t n = 0; n < Y.size(); ++n) {
                const auto part = step.segment(static_cast<Index>(n) * coordinates_, coordinates_);
                Y[n] = Y_[n] + length * from_coordinates(part, L_);
                trace_gain += length * part.head(L_).sum();
            }
            if (barrier(Y) - before - weight * trace_gain <= -0.1 * length * decrement) {
                Y_.swap(Y);
                return decrement;
            }
        }
        return 0.0;
    }

    std::vector<MatrixXcd> channels_;
    Index L_, N_r_, coordinates_, unknowns_;
    std::vector<MatrixXcd> Y_;
    VectorXd gradient_;
    MatrixXd hessian_;
};

}  // namespace

Relaxation solve_relaxation(const TransceiverProblem& problem, double tolerance,
                            const std::function<void()>& poll) {
    problem.validate();
    std::vector<MatrixXcd> channels = effective_channels(problem);
    Relaxation result;
    if (channels.empty()) {
        throw std::invalid_argument("relaxation: no device has power and takes part in the sum");
    }
    double strongest = 0.0;
    for (const MatrixXcd& H : channels)
        strongest = std::max(strongest, H.norm());
    for (MatrixXcd& H : channels)
        H /= strongest;
    DualBarrier barrier(std::move(channels));
    double weight = barrier.degree() / barrier.trace();
    for (int stage = 0; stage < 60; ++stage, weight *= 5.0) {
        barrier.center(weight, poll);
        const MatrixXcd X = barrier.primal();
        const double value = barrier.attained(X);
        if (!(value > result.value)) continue;
        result.X = X;
        result.value = value;
        result.bound = barrier.bound();
        if (result.bound - result.value <= tolerance * result.bound) break;
    }
    if (!(result.bound - result.value <= tolerance * result.bound)) {
        std::ostringstream message;
        message << "relaxation: rounding stopped the interior-point method at a relative gap of "
                << (result.bound - result.value) / result.bound << ", tolerance " << tolerance;
        throw std::runtime_error(message.str());
    }
    result.iterations = barrier.iterations;
    result.value *= strongest * strongest;
    result.bound *= strongest * strongest;
    return result;
}

}  // namespace aircomp::optimizer
