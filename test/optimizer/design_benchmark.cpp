// SPDX-License-Identifier: GPL-3.0-or-later
// Times of the designs, CSDP on the same problems, growth in N, and warm starts: all as CPU time of
// one thread. `seconds` of csdp are the process's own, less those of reading its file (csdp.hpp).
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <map>
#include <vector>

#include "aircomp/optimizer/design.hpp"
#include "aircomp/optimizer/multicast.hpp"
#include "aircomp/optimizer/relaxation.hpp"
#include "csdp.hpp"
#include "gauss_markov.hpp"
#include "problems.hpp"

using namespace aircomp::optimizer;

namespace {

constexpr int instances = 25;

double thread_cpu_s() {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

std::vector<TransceiverProblem> problems(double snr_db, ProblemSize size = {}) {
    std::vector<TransceiverProblem> result;
    for (int seed = 1; seed <= instances; ++seed) {
        Random random(seed);
        result.push_back(random_problem(random, snr_db, size));
    }
    return result;
}

// The channels after one Gauss-Markov step of correlation 0.99.
TransceiverProblem one_block_later(TransceiverProblem problem, Random& random) {
    for (Eigen::MatrixXcd& H : problem.channels) {
        const double power = H.squaredNorm() / static_cast<double>(H.size());
        H = gauss_markov_step(H, power, 0.99, random);
    }
    return problem;
}

// One iteration designs one instance; the median over all is what the targets speak of.
template <class Solve>
void run(benchmark::State& state, Solve solve) {
    std::vector<double> times;
    for (auto _ : state) {
        const double before = thread_cpu_s();
        const double reported = solve(times.size() % instances);
        times.push_back(reported > 0.0 ? reported : thread_cpu_s() - before);
        state.SetIterationTime(times.back());
    }
    std::nth_element(times.begin(), times.begin() + times.size() / 2, times.end());
    state.counters["median_ms"] = 1e3 * times[times.size() / 2];
}

void cold(benchmark::State& state) {
    const auto all = problems(static_cast<double>(state.range(0)));
    double evaluations = 0.0;
    run(state, [&](std::size_t i) {
        const Design design = design_mmse(all[i]);
        benchmark::DoNotOptimize(design.mse);
        evaluations += design.evaluations;
        return 0.0;
    });
    state.counters["evaluations"] = evaluations / static_cast<double>(state.iterations());
}

// Second argument: the tolerance in parts of a million. A loose one suits a link that designs anew
// every block; `mse_above_cold_percent` is what it costs against a cold start's default.
void warm(benchmark::State& state) {
    const auto before = problems(static_cast<double>(state.range(0)));
    std::vector<TransceiverProblem> after;
    std::vector<DesignOptions> options(instances);
    Random random(1);
    double loss = 0.0, evaluations = 0.0;
    for (int i = 0; i < instances; ++i) {
        after.push_back(one_block_later(before[i], random));
        options[i].warm_start = design_mmse(before[i]).transceiver.combiner;
        options[i].tolerance = 1e-6 * static_cast<double>(state.range(1));
        loss += design_mmse(after[i], options[i]).mse / design_mmse(after[i]).mse / instances -
                1.0 / instances;
    }
    run(state, [&](std::size_t i) {
        const Design design = design_mmse(after[i], options[i]);
        benchmark::DoNotOptimize(design.mse);
        evaluations += design.evaluations;
        return 0.0;
    });
    state.counters["evaluations"] = evaluations / static_cast<double>(state.iterations());
    state.counters["mse_above_cold_percent"] = 100.0 * loss;
}

std::map<int, double> median_ms;  // of `devices`, by N

// Evaluations are counted in those of all N devices: a search begins with a few of them.
void devices(benchmark::State& state) {
    const int N = static_cast<int>(state.range(0));
    const auto all = problems(10.0, {N, 16, 4, 4});
    double evaluations = 0.0;
    run(state, [&](std::size_t i) {
        const Design design = design_mmse(all[i]);
        benchmark::DoNotOptimize(design.mse);
        evaluations += static_cast<double>(design.device_evaluations) / N;
        return 0.0;
    });
    evaluations /= static_cast<double>(state.iterations());
    median_ms[N] = state.counters["median_ms"];
    state.counters["evaluations"] = evaluations;
    state.counters["us_per_evaluation_and_device"] = 1e3 * median_ms[N] / evaluations / N;
}

// The exponent p of the power law N^p that fits the medians best, as a line of log over log.
void print_growth() {
    if (median_ms.size() < 2) return;
    const double count = static_cast<double>(median_ms.size());
    double x = 0.0, y = 0.0, xx = 0.0, xy = 0.0;
    for (const auto& [N, ms] : median_ms) {
        x += std::log(N) / count;
        y += std::log(ms) / count;
        xx += std::log(N) * std::log(N) / count;
        xy += std::log(N) * std::log(ms) / count;
    }
    std::printf("mmse/devices: the median time grows as N^%.2f from N = %d to %d\n",
                (xy - x * y) / (xx - x * x), median_ms.begin()->first, median_ms.rbegin()->first);
}

void relaxation(benchmark::State& state) {
    const auto all = problems(10.0);
    run(state, [&](std::size_t i) {
        benchmark::DoNotOptimize(solve_relaxation(all[i]).value);
        return 0.0;
    });
}

void csdp(benchmark::State& state) {
    if (!csdp_available()) {
        state.SkipWithError("csdp is not installed");
        return;
    }
    const auto all = problems(static_cast<double>(state.range(0)));
    run(state, [&](std::size_t i) { return solve_with_csdp(all[i]).cpu_s; });
}

// The covariance of the server's multicast, to within one percent; `above_white_percent` is what it
// gains.
void multicast(benchmark::State& state) {
    const auto all =
        problems(0, {static_cast<int>(state.range(0)), static_cast<int>(state.range(1)),
                     static_cast<int>(state.range(2)), 1});
    const double snr = std::pow(10.0, static_cast<double>(state.range(3)) / 10);
    double steps = 0.0, gain = 0.0;
    run(state, [&](std::size_t i) {
        const Multicast design = design_multicast(all[i].channels, snr, {200, 0.01});
        benchmark::DoNotOptimize(design.bits_per_use);
        steps += design.steps;
        return 0.0;
    });
    for (const TransceiverProblem& problem : all)
        gain += design_multicast(problem.channels, snr).bits_per_use /
                    white_multicast_bits(problem.channels, snr) / instances -
                1.0 / instances;
    state.counters["steps"] = steps / static_cast<double>(state.iterations());
    state.counters["above_white_percent"] = 100.0 * gain;
}

}  // namespace

BENCHMARK(multicast)
    ->Name("multicast/devices/receive_antennas/transmit_antennas/snr_db")
    ->Args({8, 16, 4, 10})
    ->Args({8, 16, 4, 30})
    ->Args({64, 64, 8, 10})
    ->Args({64, 64, 8, 30})
    ->Iterations(instances)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK(cold)
    ->Name("mmse/cold/snr_db")
    ->Arg(0)
    ->Arg(10)
    ->Arg(20)
    ->Arg(30)
    ->Iterations(8 * instances)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK(warm)
    ->Name("mmse/warm/snr_db/tolerance_ppm")
    ->Args({10, 1000})
    ->Args({20, 1000})
    ->Args({10, 1})
    ->Args({20, 1})
    ->Iterations(8 * instances)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK(csdp)
    ->Name("csdp/snr_db")
    ->Arg(10)
    ->Arg(20)
    ->Iterations(instances)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK(relaxation)
    ->Name("sdr/relaxation")
    ->Iterations(instances)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK(devices)
    ->Name("mmse/devices")
    ->RangeMultiplier(2)
    ->Range(4, 64)
    ->Iterations(4 * instances)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);

int main(int count, char** arguments) {
    benchmark::Initialize(&count, arguments);
    if (benchmark::ReportUnrecognizedArguments(count, arguments)) return 1;
    benchmark::RunSpecifiedBenchmarks();
    print_growth();
    return 0;
}
