// SPDX-License-Identifier: GPL-3.0-or-later
// Schemes `digital` and `digital-sdma`: what the air replaces. Every device sends its quantised
// partial without bit errors, at the rate that its channel carries.
#include <algorithm>
#include <cmath>

#include "air/radio_cell.hpp"
#include "coding/analog_codec.hpp"
#include "coding/packed_partial.hpp"
#include "schemes/down/registry.hpp"
#include "schemes/registry.hpp"
#include "schemes/up/rounds.hpp"

namespace aircomp::runtime {
namespace {

constexpr double scale_bits = 32;  // each vector's range travels with it

/// How the devices share the uplink.
enum class DigitalAccess { one_after_another, space_division };

class DigitalMedium final : public Medium {
public:
    DigitalMedium(RadioCell cell, std::int64_t length, DigitalAccess access)
        : cell_(std::move(cell)),
          down_(make_way_down(cell_.config())),
          access_(access),
          rotation_(rotation_of(cell_.config(), length)) {}

    void all_reduce(const SumRequest& request, SumCopies sum) override {
        all_reduce_by({0, [this] { measure_rates(); },
                       [this](const SumRequest& sent, std::int64_t v, gsl::span<float> out) {
                           transmit(sent, v, out);
                       }},
                      cell_, *down_, request, sum);
    }
    void elapse(double seconds) override { cell_.elapse(seconds); }
    const Ledger& usage() const override { return cell_.ledger(); }

private:
    void transmit(const SumRequest& request, std::int64_t v, gsl::span<float> out) {
        // Rates follow a moving channel at once.
        if (cell_.config().radio.doppler_hz > 0) measure_rates();
        add_quantised(request, v, out);
        charge(static_cast<double>(out.size()));
    }

    void measure_rates() {
        const Config& config = cell_.config();
        const Eigen::Index antennas = config.radio.server_antennas;
        Eigen::MatrixXcd together = Eigen::MatrixXcd::Zero(antennas, antennas);
        bits_per_use_.clear();
        for (std::size_t n = 0; n < config.devices.size(); ++n) {
            const auto& h = cell_.block().channels[n];
            const double power = cell_.power_w()[n] / static_cast<double>(h.cols());
            const Eigen::MatrixXcd received = power * h * h.adjoint();
            bits_per_use_.push_back(capacity_bits(received, 1 / cell_.noise_power_w()));
            if (cell_.takes_part(n)) together += received;
        }
        sum_bits_per_use_ = capacity_bits(together, 1 / cell_.noise_power_w());
    }

    void add_quantised(const SumRequest& request, std::int64_t v, gsl::span<float> out) {
        std::vector<double> total(out.size(), 0);
        std::vector<float> sent(out.size());
        for (std::size_t n = 0; n < request.partials.size(); ++n) {
            const auto partial = request.partial(n, v);
            std::copy(partial.begin(), partial.end(), sent.begin());
            if (rotation_) rotation_->apply(sent);
            quantise(sent, cell_.config().digital_bits);
            for (std::size_t i = 0; i < sent.size(); ++i)
                total[i] += sent[i];
        }
        for (std::size_t i = 0; i < out.size(); ++i)
            out[i] = static_cast<float>(total[i]);
        if (rotation_) rotation_->undo(out);
    }

    void charge(double length) {
        const auto& devices = cell_.config().devices;
        const double bits = cell_.config().digital_bits * length + scale_bits;
        std::vector<double> seconds(devices.size(), 0);
        double together = 0;
        for (std::size_t n = 0; n < devices.size(); ++n) {
            if (!cell_.takes_part(n)) continue;
            seconds[n] = cell_.air_time_s(bits / bits_per_use_[n]);
            together += seconds[n];
        }
        if (access_ == DigitalAccess::space_division) {
            const auto active = static_cast<double>(cell_.participants());
            together = cell_.air_time_s(bits * active / sum_bits_per_use_);
            std::fill(seconds.begin(), seconds.end(), together);
        }
        std::vector<double> power_w(devices.size(), 0);
        for (std::size_t n = 0; n < devices.size(); ++n) {
            if (!cell_.takes_part(n) || together == 0) continue;
            power_w[n] = cell_.power_w()[n] * seconds[n] / together;
        }
        const double uses = together / cell_.air_time_s(1);
        cell_.charge_uplink(together, std::llround(uses), power_w);
    }

    RadioCell cell_;
    std::unique_ptr<WayDown> down_;
    DigitalAccess access_;
    std::optional<phy::Rotation> rotation_;
    std::vector<double> bits_per_use_;
    double sum_bits_per_use_ = 0;
};

Scheme digital_scheme(DigitalAccess access) {
    Scheme scheme;
    scheme.quantises = true;
    scheme.make = [access](const MediumSetup& setup) {
        return std::make_unique<DigitalMedium>(RadioCell(setup.config, setup.power_w), setup.length,
                                               access);
    };
    return scheme;
}

}  // namespace

std::vector<Scheme> digital_schemes() {
    Scheme digital = digital_scheme(DigitalAccess::one_after_another);
    digital.name = "digital";
    digital.is = "codes of digital_bits bits at Shannon's rate, one device after the other";
    digital.wired = true;
    digital.compared = true;
    Scheme sdma = digital_scheme(DigitalAccess::space_division);
    sdma.name = "digital-sdma";
    sdma.is = "the same codes at the sum rate of all devices at once, told apart in space";
    return {digital, sdma};
}

}  // namespace aircomp::runtime
