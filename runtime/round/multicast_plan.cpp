// SPDX-License-Identifier: GPL-3.0-or-later
// Directions of the streams, what every device hears of them, and the fastest modulation that is enough.
#include "round/multicast_plan.hpp"

#include <Eigen/Cholesky>
#include <Eigen/SVD>
#include <algorithm>
#include <cmath>
#include <optional>

#include "aircomp/optimizer/multicast.hpp"

namespace aircomp::runtime {
namespace {

using Eigen::Index;
using Eigen::MatrixXcd;

constexpr unsigned symbol_bits[] = {8, 6, 4, 2};
constexpr unsigned most_repetitions = 32;
constexpr unsigned repetitions[] = {1, 2, 4, 8, 16, most_repetitions};
/// Of the used subcarriers, evenly spread: what beams are made for and modulations judged by.
constexpr std::size_t looked_at = 8;

/// Channels of one device, N_r x N_t, by subcarrier.
using Channels = std::vector<MatrixXcd>;

std::vector<Channels> channels_of(const Config& config, const phy::BurstFormat& format,
                                  const phy::SoundingReport& sounding) {
    const std::size_t used = format.used_subcarriers();
    const std::size_t count = std::min(looked_at, used);
    const auto rows = static_cast<std::size_t>(config.radio.server_antennas);
    std::vector<Channels> channels;
    for (std::size_t n = 0; n < sounding.devices.size(); ++n) {
        const phy::DeviceEstimate& device = sounding.devices[n];
        if (!device.found) continue;
        const std::size_t columns = format.device_antennas[n];
        Channels own;
        for (std::size_t i = 0; i < count; ++i) {
            const std::size_t k = (2 * i + 1) * used / (2 * count);
            MatrixXcd h(static_cast<Index>(rows), static_cast<Index>(columns));
            for (std::size_t r = 0; r < rows; ++r) {
                for (std::size_t t = 0; t < columns; ++t)
                    h(static_cast<Index>(r), static_cast<Index>(t)) =
                        std::complex<double>(device.mmse[(k * rows + r) * columns + t]);
            }
            own.push_back(h);
        }
        channels.push_back(own);
    }
    return channels;
}

/// Directions with as much power in each, whose covariance is F F^H: mixed by a Fourier matrix, the
/// columns of F's principal axes have one norm.
MatrixXcd equal_beams(const MatrixXcd& factor) {
    const Eigen::JacobiSVD<MatrixXcd> svd(factor, Eigen::ComputeThinU);
    const MatrixXcd mixed = svd.matrixU() * svd.singularValues().asDiagonal() *
                            optimizer::fourier_beams(factor.cols(), factor.cols());
    return mixed.colwise().normalized();
}

MatrixXcd beams_for(const Config& config, const std::vector<Channels>& channels, double snr,
                    Index streams) {
    const auto antennas = static_cast<Index>(config.radio.server_antennas);
    if (config.radio.multicast_covariance == MulticastCovariance::white)
        return optimizer::fourier_beams(antennas, streams);
    std::vector<MatrixXcd> all;
    for (const Channels& own : channels)
        all.insert(all.end(), own.begin(), own.end());
    optimizer::MulticastOptions options;
    options.streams = streams;
    // What goes up by H comes down by H^T.
    return equal_beams(optimizer::design_multicast(all, snr, options).factor).conjugate();
}

/// Signal-to-noise ratios of every stream at every subcarrier after a linear receiver.
std::vector<double> heard(const Channels& channels, const MatrixXcd& beams, double snr) {
    const Index streams = beams.cols();
    std::vector<double> ratios;
    for (const MatrixXcd& h : channels) {
        const MatrixXcd g = h.transpose() * beams;
        const MatrixXcd gram = MatrixXcd::Identity(streams, streams) +
                               snr / static_cast<double>(streams) * g.adjoint() * g;
        const MatrixXcd inverse = gram.llt().solve(MatrixXcd::Identity(streams, streams));
        for (Index l = 0; l < streams; ++l)
            ratios.push_back(1 / inverse(l, l).real() - 1);
    }
    return ratios;
}

/// What a coded bit tells the device that hears worst.
double information(const std::vector<std::vector<double>>& heard_by, unsigned bits,
                   unsigned repeated) {
    double least = 1;
    for (const std::vector<double>& ratios : heard_by) {
        double sum = 0;
        for (const double ratio : ratios)
            sum += phy::bit_information(bits, repeated * ratio);
        least = std::min(least, sum / static_cast<double>(ratios.size()));
    }
    return least;
}

/// The one with most bits a subcarrier that all devices decode; nothing where they decode none.
std::optional<phy::Modulation> fastest(const std::vector<std::vector<double>>& heard_by,
                                       std::size_t streams) {
    std::optional<phy::Modulation> best;
    for (const unsigned repeated : repetitions) {
        for (const unsigned bits : symbol_bits) {
            const double told = information(heard_by, bits, repeated);
            for (const phy::CodeRate rate : phy::code_rates) {
                const phy::Modulation modulation = {streams, bits, rate, repeated};
                const bool faster = !best || modulation.efficiency() > best->efficiency();
                if (faster && told >= phy::required_information(rate)) best = modulation;
            }
        }
    }
    return best;
}

MulticastPlan plan_of(const phy::Modulation& modulation, const MatrixXcd& beams,
                      std::size_t symbols) {
    MulticastPlan plan = {modulation, {}, symbols};
    for (Index r = 0; r < beams.rows(); ++r) {
        for (Index l = 0; l < beams.cols(); ++l)
            plan.beams.emplace_back(beams(r, l));
    }
    return plan;
}

}  // namespace

MulticastPlan plan_multicast(const Config& config, const phy::BurstFormat& format,
                             const phy::SoundingReport& sounding, double noise_power_w,
                             std::size_t message_bytes, double margin_db) {
    const auto channels = channels_of(config, format, sounding);
    const double snr = config.radio.server_power_w / noise_power_w * std::pow(10, -margin_db / 10);
    Index most_streams = config.radio.server_antennas;
    for (const Channels& own : channels)
        most_streams = std::min(most_streams, own.front().cols());
    std::optional<MulticastPlan> best;
    for (Index streams = 1; streams <= most_streams; ++streams) {
        const MatrixXcd beams = beams_for(config, channels, snr, streams);
        std::vector<std::vector<double>> heard_by;
        heard_by.reserve(channels.size());
        for (const Channels& own : channels)
            heard_by.push_back(heard(own, beams, snr));
        const auto modulation = fastest(heard_by, static_cast<std::size_t>(streams));
        if (!modulation) continue;
        const std::size_t symbols = phy::message_symbols(format, message_bytes, *modulation);
        if (!best || symbols < best->symbols) best = plan_of(*modulation, beams, symbols);
    }
    if (best) return *best;
    const phy::Modulation slowest = {1, 2, phy::CodeRate::half, most_repetitions};
    return plan_of(slowest, beams_for(config, channels, snr, 1),
                   phy::message_symbols(format, message_bytes, slowest));
}

}  // namespace aircomp::runtime
