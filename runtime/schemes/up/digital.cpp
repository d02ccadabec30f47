// SPDX-License-Identifier: GPL-3.0-or-later
// Schemes `digital` and `digital-sdma`: what the air replaces. Every device sends its quantised
// partial without bit errors, at the rate that its channel carries.
#include <algorithm>
#include <cmath>

#include "air/coded_channel.hpp"
#include "air/radio_cell.hpp"
#include "coding/analog_codec.hpp"
#include "coding/error_feedback.hpp"
#include "coding/lloyd_max.hpp"
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
    DigitalMedium(RadioCell cell, const MediumSetup& setup, DigitalAccess access)
        : cell_(std::move(cell)),
          down_(make_way_down(cell_.config())),
          access_(access),
          rotation_(rotation_of(cell_.config(), setup.length)),
          coding_(setup.calibration.coding) {}

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
        links_.clear();
        for (std::size_t n = 0; n < config.devices.size(); ++n) {
            const auto& h = cell_.block().channels[n];
            const double power = cell_.power_w()[n] / static_cast<double>(h.cols());
            const Eigen::MatrixXcd received = power * h * h.adjoint();
            links_.emplace_back(received, 1 / cell_.noise_power_w(), config);
            if (cell_.takes_part(n)) together += received;
        }
        all_links_ = CodedChannel(together, 1 / cell_.noise_power_w(), config);
    }

    void add_quantised(const SumRequest& request, std::int64_t v, gsl::span<float> out) {
        std::vector<double> total(out.size(), 0);
        std::vector<float> wanted(out.size()), read(out.size());
        for (std::size_t n = 0; n < request.partials.size(); ++n) {
            const auto partial = request.partial(n, v);
            std::copy(partial.begin(), partial.end(), wanted.begin());
            if (cell_.config().digital.error_feedback && cell_.takes_part(n))
                feed_back(request, n, v, wanted, read);
            else
                read = as_read(request.site, wanted);
            for (std::size_t i = 0; i < read.size(); ++i)
                total[i] += read[i];
        }
        for (std::size_t i = 0; i < out.size(); ++i)
            out[i] = static_cast<float>(total[i]);
    }

    /// Equation (19): what `read` lacks of `wanted` stays with the device.
    void feed_back(const SumRequest& request, std::size_t device, std::int64_t v,
                   std::vector<float>& wanted, std::vector<float>& read) {
        const gsl::span<float> left = feedback_.of(request, device, v);
        for (std::size_t i = 0; i < wanted.size(); ++i)
            wanted[i] += left[i];
        read = as_read(request.site, wanted);
        for (std::size_t i = 0; i < wanted.size(); ++i)
            left[i] = wanted[i] - read[i];
    }

    /// What the server makes of a device's codes.
    std::vector<float> as_read(const Site& site, std::vector<float> vector) const {
        const DigitalConfig& digital = cell_.config().digital;
        const auto* transform = coding_.empty() ? nullptr : &coding_[site.index].transform;
        if (transform != nullptr && *transform) (*transform)->apply(vector);
        if (rotation_) rotation_->apply(vector);
        if (digital.quantiser == Quantiser::lloyd_max)
            quantise(vector, LloydMax::of(digital.bits));
        else
            quantise(vector, digital.bits);
        if (rotation_) rotation_->undo(vector);
        if (transform != nullptr && *transform) (*transform)->undo(vector);
        return vector;
    }

    void charge(double length) {
        const auto& devices = cell_.config().devices;
        const double bits = cell_.config().digital.bits * length + scale_bits;
        std::vector<double> seconds(devices.size(), 0);
        double together = 0;
        for (std::size_t n = 0; n < devices.size(); ++n) {
            if (!cell_.takes_part(n)) continue;
            seconds[n] = cell_.air_time_s(links_[n].uses(bits));
            together += seconds[n];
        }
        if (access_ == DigitalAccess::space_division) {
            const auto active = static_cast<double>(cell_.participants());
            together = cell_.air_time_s(all_links_.uses(bits * active));
            std::fill(seconds.begin(), seconds.end(), together);
        }
        std::vector<double> power_w(devices.size(), 0);
        for (std::size_t n = 0; n < devices.size(); ++n) {
            if (!cell_.takes_part(n) || together == 0) continue;
            power_w[n] = cell_.power_w()[n] * seconds[n] / together;
        }
        const double uses = together / cell_.air_time_s(1);
        Frame frame;
        if (access_ == DigitalAccess::one_after_another)
            frame.bursts = static_cast<double>(cell_.participants());
        cell_.charge_uplink(together, std::llround(uses), power_w, frame);
    }

    RadioCell cell_;
    std::unique_ptr<WayDown> down_;
    DigitalAccess access_;
    std::optional<phy::Rotation> rotation_;
    std::vector<SiteCoding> coding_;  // by Site::index; empty: partials go as they are
    ErrorFeedback feedback_;
    std::vector<CodedChannel> links_;  // by device
    CodedChannel all_links_;           // of all that take part, told apart in space
};

Scheme digital_scheme(DigitalAccess access) {
    Scheme scheme;
    scheme.quantises = true;
    scheme.make = [access](const MediumSetup& setup) {
        return std::make_unique<DigitalMedium>(RadioCell(setup.config, setup.power_w), setup,
                                               access);
    };
    return scheme;
}

}  // namespace

std::vector<Scheme> digital_schemes() {
    Scheme digital = digital_scheme(DigitalAccess::one_after_another);
    digital.name = "digital";
    digital.is = "codes of digital.bits bits at Shannon's rate, one device after the other";
    digital.wired = true;
    digital.compared = true;
    Scheme sdma = digital_scheme(DigitalAccess::space_division);
    sdma.name = "digital-sdma";
    sdma.is = "the same codes at the sum rate of all devices at once, told apart in space";
    return {digital, sdma};
}

}  // namespace aircomp::runtime
