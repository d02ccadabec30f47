// SPDX-License-Identifier: GPL-3.0-or-later
// The numbers behind docs/optimizer.md, as CSV on standard output:
//     aircomp_optimizer_experiments NAME
// One figure or table each; the end of the file has the names.
#include <cmath>
#include <cstdio>
#include <ctime>
#include <functional>
#include <map>
#include <string>

#include "aircomp/optimizer/assignment.hpp"
#include "aircomp/optimizer/channel.hpp"
#include "aircomp/optimizer/design.hpp"
#include "aircomp/optimizer/distributed.hpp"
#include "aircomp/optimizer/hierarchy.hpp"
#include "aircomp/optimizer/staleness.hpp"

using namespace aircomp::optimizer;

namespace {

// Mean and 95% half width of what a function of the seed returns, for 20 seeds or more: there
// Student's t quantile is 1.96 + 2.4 / (seeds - 1) within half a percent.
Estimate over_seeds(int seeds, const std::function<double(Random&)>& sample) {
    double sum = 0.0, square = 0.0;
    for (int seed = 1; seed <= seeds; ++seed) {
        Random random(seed);
        const double value = sample(random);
        sum += value / seeds;
        square += value * value / seeds;
    }
    const double quantile = 1.96 + 2.4 / (seeds - 1);
    return {sum, quantile * std::sqrt(std::max(0.0, square - sum * sum) / (seeds - 1))};
}

TransceiverProblem draw_problem(Random& random, double snr_db, int devices, Eigen::Index N_r,
                                Eigen::Index N_t, int streams) {
    TransceiverProblem problem;
    for (int n = 0; n < devices; ++n) {
        problem.channels.push_back(draw_channel({N_r, N_t, draw_path_gain(random), 0.0}, random));
    }
    problem.power_w.assign(devices, 1.0);
    problem.second_moments.assign(devices, 1.0);
    problem.streams = streams;
    problem.noise_power_w = std::pow(10.0, -snr_db / 10.0);
    return problem;
}

void schemes() {
    std::puts("size,snr_db,scheme,nmse,half_width");
    struct Size {
        const char* name;
        int devices, N_r, N_t, streams;
    };
    for (const Size& size :
         {Size{"N=8 N_r=16 N_t=L=4", 8, 16, 4, 4}, Size{"N=4 N_r=8 N_t=L=2", 4, 8, 2, 2},
          Size{"N=4 N_r=4 N_t=L=1", 4, 4, 1, 1}}) {
        for (const double snr_db : {0.0, 5.0, 10.0, 15.0, 20.0, 25.0, 30.0}) {
            for (const std::string& name : designer_names()) {
                const Estimate nmse = over_seeds(30, [&](Random& random) {
                    return design(name, draw_problem(random, snr_db, size.devices, size.N_r,
                                                     size.N_t, size.streams))
                        .nmse;
                });
                std::printf("%s,%g,%s,%.5g,%.2g\n", size.name, snr_db, name.c_str(), nmse.mean,
                            nmse.standard_error);
            }
        }
    }
}

// Four devices whose energy per operation spans a ratio around one geometric mean; speeds fall as
// it rises. At an equal share the mean device spends 22% of its energy on computing, at a ratio of
// 16 the last one 90%.
AssignmentProblem unequal_devices(Random& random, double ratio) {
    AssignmentProblem problem;
    problem.streams = 2;
    problem.noise_power_w = 0.01;
    problem.token_flops = 1e9;
    for (int n = 0; n < 4; ++n) {
        AssignmentDevice device;
        device.link = {8, 2, draw_path_gain(random), 0.0};
        device.energy_per_flop_j = 0.9e-9 * std::pow(ratio, n / 3.0 - 0.5);
        device.flops_per_s = 1e12 * std::pow(ratio, 0.5 - n / 3.0);
        problem.devices.push_back(device);
    }
    return problem;
}

// What ten more, random starts find that mmse had missed.
void polish() {
    std::puts("snr_db,seeds,nmse,polished_nmse,loss_percent");
    for (const double snr_db : {0.0, 10.0, 20.0, 30.0}) {
        const auto nmse = [&](int starts) {
            return over_seeds(200,
                              [&](Random& random) {
                                  DesignOptions options;
                                  options.starts = starts;
                                  return design_mmse(draw_problem(random, snr_db, 8, 16, 4, 4),
                                                     options)
                                      .nmse;
                              })
                .mean;
        };
        const double plain = nmse(1), polished = nmse(11);
        std::printf("%g,200,%.4g,%.4g,%.2f\n", snr_db, plain, polished,
                    100.0 * (plain / polished - 1.0));
    }
}

// What sdr loses to mmse for numbers of draws.
void ratio() {
    std::puts("snr_db,draws,sdr_nmse,mmse_nmse,ratio,half_width");
    for (const double snr_db : {0.0, 10.0, 20.0}) {
        for (const int draws : {100, 3000}) {
            constexpr int seeds = 30;
            double sdr = 0.0, mmse = 0.0;
            const Estimate loss = over_seeds(seeds, [&](Random& random) {
                const TransceiverProblem problem = draw_problem(random, snr_db, 8, 16, 4, 4);
                DesignOptions options;
                options.draws = draws;
                const double theirs = design_sdr(problem, options).nmse;
                const double ours = design_mmse(problem).nmse;
                sdr += theirs / seeds;
                mmse += ours / seeds;
                return theirs / ours;
            });
            std::printf("%g,%d,%.4g,%.4g,%.3g,%.2g\n", snr_db, draws, sdr, mmse, loss.mean,
                        loss.standard_error);
        }
    }
}

void convergence() {
    std::puts("seed,iteration,nmse,stationarity,share_0,share_1,share_2,share_3");
    for (int seed = 1; seed <= 5; ++seed) {
        Random random(seed);
        AssignmentOptions options;
        options.seed = seed;
        options.tolerance = 1e-9;
        options.max_iterations = 1000;
        const Assignment result = assign_shares(unequal_devices(random, 10.0), options);
        for (std::size_t t = 0; t < result.trace.size(); t += 5) {
            const AssignmentStep& step = result.trace[t];
            std::printf("%d,%zu,%.5g,%.5g,%.4f,%.4f,%.4f,%.4f\n", seed, t, step.nmse,
                        step.stationarity, step.shares[0], step.shares[1], step.shares[2],
                        step.shares[3]);
        }
    }
}

std::vector<double> compute_proportional(const AssignmentProblem& problem) {
    std::vector<double> shares;
    double sum = 0.0;
    for (const AssignmentDevice& device : problem.devices)
        sum += device.flops_per_s;
    for (const AssignmentDevice& device : problem.devices)
        shares.push_back(device.flops_per_s / sum);
    return shares;
}

void inequality() {
    std::puts("ratio,shares,nmse_over_sca,half_width");
    for (const double ratio : {1.0, 2.0, 4.0, 8.0, 16.0}) {
        const auto against = [&](const char* name, auto shares_of) {
            const Estimate gain = over_seeds(20, [&](Random& random) {
                const AssignmentProblem problem = unequal_devices(random, ratio);
                const std::vector<double> sca = assign_shares(problem).shares;
                return expected_nmse(problem, shares_of(problem), 200, 99).mean /
                       expected_nmse(problem, sca, 200, 99).mean;
            });
            std::printf("%g,%s,%.4g,%.2g\n", ratio, name, gain.mean, gain.standard_error);
        };
        against("uniform", [](const AssignmentProblem&) { return std::vector<double>(4, 0.25); });
        against("compute-proportional", compute_proportional);
    }
}

// The true error, by the channels that the design did not see, for channel errors of a variance.
void robustness() {
    std::puts("error_variance_db,design,nmse,half_width");
    for (const double error_db : {-40.0, -35.0, -30.0, -25.0, -20.0, -15.0, -10.0, -5.0}) {
        const double e = std::pow(10.0, error_db / 10.0);
        for (const bool robust : {false, true}) {
            const Estimate nmse = over_seeds(100, [&](Random& random) {
                TransceiverProblem problem = draw_problem(random, 20.0, 4, 8, 2, 2);
                TransceiverProblem truth = problem;
                for (auto& H : truth.channels) {
                    H += std::sqrt(e) * complex_normal(random, H.rows(), H.cols());
                }
                if (robust) problem.error_variances.assign(4, e);
                return normalized_mean_square_error(truth, design_mmse(problem).transceiver);
            });
            std::printf("%g,%s,%.5g,%.2g\n", error_db, robust ? "robust" : "naive", nmse.mean,
                        nmse.standard_error);
        }
    }
}

// Four devices before and after a time over which a Jakes channel of 1 Hz moved on.
struct Moved {
    TransceiverProblem before, after;
    std::vector<double> path_gains;
};

Moved draw_moved(Random& random, double snr_db, double age) {
    Moved moved;
    moved.before = draw_problem(random, snr_db, 4, 8, 2, 2);
    moved.after = moved.before;
    for (std::size_t n = 0; n < 4; ++n) {
        moved.path_gains.push_back(draw_path_gain(random));
        const JakesFading link({8, 2, moved.path_gains[n], 0.0}, 1.0, random);
        moved.before.channels[n] = link.channel(0.0);
        moved.after.channels[n] = link.channel(age);
    }
    return moved;
}

// The true error of a design that does or does not know its age, over Doppler times age.
Estimate aged_nmse(double snr_db, double age, bool aware, int seeds) {
    return over_seeds(seeds, [&](Random& random) {
        const Moved moved = draw_moved(random, snr_db, age);
        const TransceiverProblem known =
            aware ? aged(moved.before, moved.path_gains, jakes_correlation(1.0, age))
                  : moved.before;
        return normalized_mean_square_error(moved.after, design_mmse(known).transceiver);
    });
}

void aging() {
    std::puts("doppler_times_age,design,nmse,half_width");
    for (const double snr_db : {10.0, 20.0, 30.0}) {
        for (const bool aware : {false, true}) {
            for (const double age :
                 {0.0, 0.003, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.38}) {
                const Estimate nmse = aged_nmse(snr_db, age, aware, 100);
                std::printf("%g,%g dB %s,%.5g,%.2g\n", age, snr_db,
                            aware ? "that knows its age" : "taken for fresh", nmse.mean,
                            nmse.standard_error);
            }
        }
    }
}

double cpu_s() {
    return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

// Mean CPU time of a design, s: from scratch, or from that of the block before, to 0.1%.
double solve_time_s(double snr_db, bool warm) {
    constexpr int seeds = 200;
    double sum = 0.0;
    over_seeds(seeds, [&](Random& random) {
        const Moved moved = draw_moved(random, snr_db, 0.01);
        DesignOptions options;
        if (warm) {
            options.warm_start = design_mmse(moved.before).transceiver.combiner;
            options.tolerance = 1e-3;
        }
        const double before = cpu_s();
        const double nmse = design_mmse(moved.after, options).nmse;
        sum += cpu_s() - before;
        return nmse;
    });
    return sum / seeds;
}

// How long a design lasts, that is until its mean error has doubled, and what designing takes.
void lifetime() {
    std::puts(
        "snr_db,doppler_times_age,ms_at_0.1_m_per_s,ms_at_1_m_per_s,ms_at_3_m_per_s,"
        "cold_solve_ms,warm_solve_ms");
    constexpr double carrier_hz = 2.4e9;
    for (const double snr_db : {10.0, 20.0, 30.0}) {
        const double fresh = aged_nmse(snr_db, 0.0, true, 200).mean;
        double low = 0.0, high = 0.38;
        for (int step = 0; step < 8; ++step) {
            const double age = 0.5 * (low + high);
            (aged_nmse(snr_db, age, true, 200).mean < 2.0 * fresh ? low : high) = age;
        }
        std::printf("%g,%.3g", snr_db, low);
        for (const double speed : {0.1, 1.0, 3.0})
            std::printf(",%.3g", 1e3 * low / doppler_hz(speed, carrier_hz));
        std::printf(",%.3g,%.3g\n", 1e3 * solve_time_s(snr_db, false),
                    1e3 * solve_time_s(snr_db, true));
    }
}

// Devices uniform in a square of 100 m, the server in a corner, four relays at the quarters'
// centres, path loss exponent 3.5; 0 dB from a corner's neighbour at 50 m.
struct Layout {
    HierarchyProblem two_hops;
    TransceiverProblem one_hop;
};

Layout draw_layout(Random& random, int devices) {
    const PathLoss loss{1.0, 50.0, 3.5};
    const double relays[4][2] = {{25, 25}, {75, 25}, {25, 75}, {75, 75}};
    const auto gain = [&](double dx, double dy) {
        return path_gain(std::max(5.0, std::hypot(dx, dy)), loss);
    };
    constexpr Eigen::Index N_r = 8, N_relay = 4, N_t = 2;
    Layout layout;
    layout.one_hop.streams = 2;
    layout.one_hop.noise_power_w = layout.two_hops.noise_power_w = 0.03;
    Eigen::MatrixXd gains(devices, 4);
    for (int n = 0; n < devices; ++n) {
        const double x = 100.0 * uniform(random), y = 100.0 * uniform(random);
        for (int c = 0; c < 4; ++c)
            gains(n, c) = gain(x - relays[c][0], y - relays[c][1]);
        layout.one_hop.channels.push_back(draw_channel({N_r, N_t, gain(x, y), 0.0}, random));
    }
    layout.one_hop.power_w.assign(devices, 1.0);
    layout.one_hop.second_moments.assign(devices, 1.0);
    const std::vector<std::size_t> relay = form_clusters(gains);
    for (std::size_t c = 0; c < 4; ++c) {
        TransceiverProblem cluster;
        cluster.streams = 2;
        cluster.noise_power_w = 0.03;
        for (int n = 0; n < devices; ++n) {
            if (relay[n] != c) continue;
            cluster.channels.push_back(
                draw_channel({N_relay, N_t, gains(n, static_cast<Eigen::Index>(c)), 0.0}, random));
        }
        if (cluster.channels.empty()) continue;
        cluster.power_w.assign(cluster.devices(), 1.0);
        cluster.second_moments.assign(cluster.devices(), 1.0);
        layout.two_hops.clusters.push_back(cluster);
        layout.two_hops.relay_channels.push_back(
            draw_channel({N_r, N_relay, gain(relays[c][0], relays[c][1]), 0.0}, random));
        layout.two_hops.relay_power_w.push_back(10.0);
    }
    return layout;
}

// One hop once; one hop repeated for as many channel uses as two hops need and averaged, which is
// a noise so many times smaller; two hops.
void clusters() {
    std::puts("devices,scheme,nmse,half_width,channel_uses");
    for (const int devices : {8, 16, 32, 64}) {
        double uses = 0.0;
        const Estimate two = over_seeds(40, [&](Random& random) {
            const HierarchyProblem problem = draw_layout(random, devices).two_hops;
            uses += static_cast<double>(problem.channel_uses()) / 40;
            return design_hierarchy(problem).nmse;
        });
        const auto one_hop = [&](double repetitions) {
            return over_seeds(40, [&](Random& random) {
                TransceiverProblem problem = draw_layout(random, devices).one_hop;
                problem.noise_power_w /= repetitions;
                return design_mmse(problem).nmse;
            });
        };
        const Estimate one = one_hop(1.0), repeated = one_hop(uses);
        std::printf("%d,one hop,%.5g,%.2g,1\n", devices, one.mean, one.standard_error);
        std::printf("%d,one hop repeated as long,%.5g,%.2g,%.2f\n", devices, repeated.mean,
                    repeated.standard_error, uses);
        std::printf("%d,two hops,%.5g,%.2g,%.2f\n", devices, two.mean, two.standard_error, uses);
    }
}

void pilots() {
    std::puts(
        "pilot_snr_db,repetitions,nmse_over_central,half_width,pilot_channel_uses,"
        "central_unicast_reals");
    for (const double snr_db : {0.0, 10.0, 20.0, 30.0, 40.0}) {
        for (const int repetitions : {1, 8}) {
            DistributedOptions options;
            options.device_noise_power_w = std::pow(10.0, -snr_db / 10.0);
            options.repetitions = repetitions;
            constexpr int devices = 4, antennas = 2, streams = 2;
            const Estimate loss = over_seeds(100, [&](Random& random) {
                const TransceiverProblem problem =
                    draw_problem(random, 20.0, devices, 8, antennas, streams);
                const Design central = design_mmse(problem);
                const Design own =
                    design_distributed(problem, central.transceiver.combiner, options, random);
                return own.mse / central.mse;
            });
            std::printf(
                "%g,%d,%.4g,%.2g,%lld,%lld\n", snr_db, repetitions, loss.mean, loss.standard_error,
                static_cast<long long>(distributed_cost(streams, repetitions).pilot_channel_uses),
                static_cast<long long>(
                    centralized_cost(streams, devices * antennas).unicast_reals));
        }
    }
}

}  // namespace

int main(int count, char** arguments) {
    const std::map<std::string, void (*)()> experiments = {
        {"schemes", schemes},       {"polish", polish},
        {"ratio", ratio},           {"convergence", convergence},
        {"inequality", inequality}, {"robustness", robustness},
        {"aging", aging},           {"lifetime", lifetime},
        {"clusters", clusters},     {"pilots", pilots}};
    const auto found = experiments.find(count == 2 ? arguments[1] : "");
    if (found == experiments.end()) {
        std::fputs("one of:", stderr);
        for (const auto& [name, run] : experiments)
            std::fprintf(stderr, " %s", name.c_str());
        std::fputs("\n", stderr);
        return 2;
    }
    found->second();
    return 0;
}
