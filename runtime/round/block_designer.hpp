// SPDX-License-Identifier: GPL-3.0-or-later
// The coordinator's part of a coherence block: from one sounding to the settings of all ends, a
// transceiver per resource block.
#pragma once

#include <string>
#include <vector>

#include "aircomp/optimizer/design.hpp"
#include "config/config.hpp"
#include "gnuradio/aircomp/phy/sounder.hpp"
#include "round/settings.hpp"

namespace aircomp::runtime {

class BlockDesigner {
public:
    /// `design` is a name that optimizer::make_designer() knows, `power_w` what each device may
    /// transmit with. Throws std::invalid_argument on another name or a bad format.
    BlockDesigner(const Config& config, const phy::BurstFormat& format, const std::string& design,
                  std::vector<double> power_w);

    /// Equation (5) for every resource block in turn, each from its neighbour's combiner; the first
    /// from that of `before`, where that is not null and has one. `second_moments` holds v_n of
    /// every device, `noise_power_w` is sigma^2. Channel estimates are taken as exact where the
    /// configuration says that channels are known, and as aged where it says that they move.
    RoundSettings design(const phy::SoundingReport& sounding,
                         const std::vector<double>& second_moments, double noise_power_w,
                         const ServerSettings* before = nullptr) const;

private:
    optimizer::TransceiverProblem problem(const phy::SoundingReport& sounding,
                                          const std::vector<double>& second_moments,
                                          double noise_power_w, std::size_t block) const;
    Eigen::MatrixXcd first_combiner(const ServerSettings& server) const;

    Config config_;
    phy::BurstFormat format_;
    optimizer::Designer designer_;
    std::vector<double> power_w_;
};

}  // namespace aircomp::runtime
