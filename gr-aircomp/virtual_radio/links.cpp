// SPDX-License-Identifier: GPL-3.0-or-later
// The paths between any two antennas of an air.
#include "links.hpp"

#include <cmath>
#include <tuple>

#include "gnuradio/aircomp/phy/seed.hpp"

namespace gr::aircomp::virtual_radio {
namespace {

constexpr std::uint64_t link_purpose = 20;

std::vector<phy::Path> given_paths(const LinkConfig& link, Antenna first, Antenna second) {
    std::vector<phy::Path> paths;
    const double amplitude = std::pow(10, link.gain_db / 20);
    for (const GivenPath& path : link.given)
        paths.push_back(
            {path.delay, amplitude * path.gains[first.antenna][second.antenna], 0, 0, 0});
    return paths;
}

}  // namespace

std::vector<phy::Path> link_paths(const AirConfig& config, Antenna a, Antenna b,
                                  std::int64_t block) {
    if (std::tie(b.board, b.antenna) < std::tie(a.board, a.antenna)) std::swap(a, b);
    const LinkConfig& link = config.between(a.board, b.board);
    if (!link.connected) return {};
    if (!link.given.empty()) return given_paths(link, a, b);
    phy::DelayProfile profile = link.profile;
    profile.power = std::pow(10, link.gain_db / 10);
    if (!link.fading) return {{0, std::sqrt(profile.power), profile.shift_hz, 0, 0}};
    std::uint64_t seed = phy::derive_seed(config.seed, link_purpose);
    for (const std::uint64_t index :
         {std::uint64_t{a.board}, std::uint64_t{a.antenna}, std::uint64_t{b.board},
          std::uint64_t{b.antenna}, static_cast<std::uint64_t>(block)})
        seed = phy::derive_seed(seed, index);
    std::vector<phy::Path> paths = phy::draw_paths(profile, seed);
    // The same fading for both directions' emulators.
    for (std::size_t p = 0; p < paths.size(); ++p)
        paths[p].fading_seed = phy::derive_seed(seed, p) | 1U;
    return paths;
}

}  // namespace gr::aircomp::virtual_radio
