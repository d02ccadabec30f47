// SPDX-License-Identifier: GPL-3.0-or-later
// Writes semidefinite programs for CSDP and reads its answers.
#include "csdp.hpp"

#include <sys/resource.h>

#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <ostream>
#include <stdexcept>

namespace aircomp::optimizer {
namespace {

using Eigen::Index;
using Eigen::MatrixXcd;

// Upper triangle of the real form [Re -Im; Im Re] / 2 of a Hermitian matrix, for which the trace
// product of the real forms is that of the complex ones.
void write_hermitian(std::ostream& out, int constraint, int block, const MatrixXcd& M) {
    const Index size = M.rows();
    for (Index i = 0; i < 2 * size; ++i) {
        for (Index j = i; j < 2 * size; ++j) {
            const auto entry = M(i % size, j % size);
            const double value = 0.5 * (i / size == j / size ? entry.real()
                                        : i < j              ? -entry.imag()
                                                             : entry.imag());
            if (value == 0.0) continue;
            out << constraint << ' ' << block << ' ' << i + 1 << ' ' << j + 1 << ' ' << value
                << '\n';
        }
    }
}

std::vector<MatrixXcd> hermitian_basis(Index size) {
    std::vector<MatrixXcd> basis;
    for (Index i = 0; i < size; ++i) {
        for (Index j = i; j < size; ++j) {
            MatrixXcd E = MatrixXcd::Zero(size, size);
            E(i, j) = E(j, i) = 1.0;
            basis.push_back(E);
            if (i == j) continue;
            E(i, j) = {0.0, 1.0};
            E(j, i) = {0.0, -1.0};
            basis.push_back(E);
        }
    }
    return basis;
}

// max t  s.t.  <E, H^H X H> - t <E, I> - <E, S_n> = 0 for every n and Hermitian basis matrix E,
// tr X = 1. Blocks: X, S_1 .. S_N, t.
void write_problem(std::ostream& out, const TransceiverProblem& problem) {
    const Index L = problem.streams, N_r = problem.receive_antennas();
    const int N = static_cast<int>(problem.devices());
    const std::vector<MatrixXcd> basis = hermitian_basis(L);
    const int constraints = N * static_cast<int>(basis.size()) + 1;
    out.precision(17);
    out << constraints << '\n' << N + 2 << '\n' << 2 * N_r;
    for (int n = 0; n < N; ++n)
        out << ' ' << 2 * L;
    out << " -1\n";
    for (int k = 1; k < constraints; ++k)
        out << "0 ";
    out << "1\n0 " << N + 2 << " 1 1 1\n";
    int constraint = 0;
    for (int n = 0; n < N; ++n) {
        const double gain = problem.power_w[n] / (problem.second_moments[n] * problem.streams);
        const MatrixXcd& H = problem.channels[n];
        for (const MatrixXcd& E : basis) {
            ++constraint;
            write_hermitian(out, constraint, 1, gain * H * E * H.adjoint());
            write_hermitian(out, constraint, n + 2, -E);
            const double trace = E.trace().real();
            if (trace != 0.0) out << constraint << ' ' << N + 2 << " 1 1 " << -trace << '\n';
        }
    }
    write_hermitian(out, constraints, 1, MatrixXcd::Identity(N_r, N_r));
}

struct Run {
    std::string output;
    double cpu_s;
};

double children_cpu_s() {
    rusage usage{};
    getrusage(RUSAGE_CHILDREN, &usage);
    return static_cast<double>(usage.ru_utime.tv_sec) + 1e-6 * usage.ru_utime.tv_usec;
}

// csdp reads its options from param.csdp in the working directory.
Run run_csdp(const std::filesystem::path& folder, int max_iterations) {
    std::ofstream(folder / "param.csdp")
        << "axtol=1.0e-8\natytol=1.0e-8\nobjtol=1.0e-8\npinftol=1.0e8\ndinftol=1.0e8\nmaxiter="
        << max_iterations
        << "\nminstepfrac=0.90\nmaxstepfrac=0.97\nminstepp=1.0e-8\nminstepd=1.0e-8\nusexzgap=1\n"
           "tweakgap=0\naffine=0\nprintlevel=1\nperturbobj=1\nfastmode=0\n";
    const std::string command =
        "cd '" + folder.string() + "' && OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 csdp p.dat-s";
    const double before = children_cpu_s();
    FILE* pipe = popen(command.c_str(), "r");
    if (pipe == nullptr) throw std::runtime_error("cannot run " + command);
    std::string output;
    std::array<char, 4096> buffer;
    while (const std::size_t got = fread(buffer.data(), 1, buffer.size(), pipe)) {
        output.append(buffer.data(), got);
    }
    pclose(pipe);
    return {output, children_cpu_s() - before};
}

double number_after(const std::string& output, const std::string& label) {
    const std::size_t at = output.find(label);
    if (at == std::string::npos) throw std::runtime_error("csdp printed no '" + label + "'");
    return std::stod(output.substr(at + label.size()));
}

// A folder that is gone when this object is.
struct TemporaryFolder {
    TemporaryFolder() {
        std::string name =
            (std::filesystem::temp_directory_path() / "aircomp-csdp-XXXXXX").string();
        if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make " + name);
        path = name;
    }
    ~TemporaryFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path, ignored);
    }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    std::filesystem::path path;
};

}  // namespace

bool csdp_available() {
    return std::system("command -v csdp > /dev/null 2>&1") == 0;
}

CsdpAnswer solve_with_csdp(const TransceiverProblem& problem) {
    const TemporaryFolder folder;
    {
        std::ofstream stream(folder.path / "p.dat-s");
        write_problem(stream, problem);
    }
    const Run reading = run_csdp(folder.path, 1);
    const Run solving = run_csdp(folder.path, 100);
    return {number_after(solving.output, "Primal objective value:"), solving.cpu_s - reading.cpu_s};
}

}  // namespace aircomp::optimizer
