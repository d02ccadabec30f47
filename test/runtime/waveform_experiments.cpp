// SPDX-License-Identifier: GPL-3.0-or-later
// The figures of docs/waveform.md as JSON on standard output: error beside equation (4) over SNR,
// and what free-running oscillators leave over SNR, length of the header and linewidth.
#include <iostream>
#include <nlohmann/json.hpp>

#include "waveform_trial.hpp"

namespace aircomp::runtime {
namespace {

using namespace waveform_trial;
using Json = nlohmann::ordered_json;

constexpr int drawings = 4;  // of the channel
constexpr int rounds = 8;

Json accuracy() {
    Json rows = Json::array();
    for (const int paths : {1, 4}) {
        for (const double snr_db : {0, 5, 10, 15, 20, 25, 30}) {
            double expected = 0, known = 0, estimated = 0;
            for (int seed = 1; seed <= drawings; ++seed) {
                Config config = testbed(snr_db, paths);
                config.seed = static_cast<std::uint64_t>(seed);
                expected += expected_nmse(config) / drawings;
                estimated += nmse_of(*medium_of(config), rounds) / drawings;
                config.radio.channel_knowledge = ChannelKnowledge::perfect;
                known += nmse_of(*medium_of(config), rounds) / drawings;
            }
            rows.push_back({{"paths", paths},
                            {"snr_db", snr_db},
                            {"expected", expected},
                            {"known", known},
                            {"estimated", estimated}});
        }
    }
    return rows;
}

Json oscillators() {
    constexpr int many_rounds = 60;
    Json rows = Json::array();
    for (const double linewidth_hz : {0.01, 1.0}) {
        for (const int sync_periods : {2, 4, 8}) {
            for (const double snr_db : {0, 10, 20, 30}) {
                double expected = 0, found = 0, square = 0, cost = 0;
                for (int seed = 1; seed <= drawings; ++seed) {
                    Config config = testbed(snr_db, 1);
                    config.seed = static_cast<std::uint64_t>(seed);
                    config.radio.channel_knowledge = ChannelKnowledge::perfect;
                    config.waveform.carrier_offset_hz = 2000;
                    config.waveform.linewidth_hz = linewidth_hz;
                    config.frame.sync_periods = sync_periods;
                    expected += expected_nmse(config) / drawings;
                    const auto medium = medium_of(config);
                    found += nmse_of(*medium, many_rounds) / drawings;
                    square += medium->usage().of(residual_phase_rad2) / many_rounds / drawings;
                    cost += medium->usage().of(residual_phase_nmse) / many_rounds / drawings;
                }
                rows.push_back({{"linewidth_hz", linewidth_hz},
                                {"header_samples", 64 * sync_periods},
                                {"snr_db", snr_db},
                                {"expected", expected},
                                {"residual_nmse", cost},
                                {"found", found},
                                {"residual_deg", std::sqrt(square) * 180 / 3.14159265358979}});
            }
        }
    }
    return rows;
}

}  // namespace
}  // namespace aircomp::runtime

int main() {
    const nlohmann::ordered_json result = {{"accuracy", aircomp::runtime::accuracy()},
                                           {"oscillators", aircomp::runtime::oscillators()}};
    std::cout << result.dump(2) << std::endl;
    if (std::cout) return 0;
    std::cerr << "aircomp_waveform_experiments: standard output: cannot be written\n";
    return 2;
}
