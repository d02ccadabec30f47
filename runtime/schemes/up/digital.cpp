// SPDX-License-Identifier: GPL-3.0-or-later
// Schemes `digital`, `digital-sdma` and `zf-sdma`: what the air replaces. Every device sends its quantised
// partial without bit errors, at the rate that its channel carries.
#include <algorithm>

#include "aircomp/inference/add.hpp"
#include "coding/analog_codec.hpp"
#include "coding/error_feedback.hpp"
#include "coding/packed_partial.hpp"
#include "schemes/registry.hpp"
#include "schemes/up/coded_medium.hpp"

namespace aircomp::runtime {
namespace {

class DigitalMedium final : public CodedMedium {
public:
    DigitalMedium(const MediumSetup& setup, std::unique_ptr<UplinkAccess> access)
        : CodedMedium(RadioCell(setup.config, setup.power_w), std::move(access)),
          rotation_(rotation_of(setup.config, setup.length)),
          transforms_(setup.calibration.shape.transforms) {}

private:
    std::vector<double> add(const SumRequest& request, std::int64_t v,
                            gsl::span<float> out) override {
        add_quantised(request, v, out);
        std::vector<double> bits(request.partials.size(), 0);
        for (std::size_t n = 0; n < bits.size(); ++n) {
            if (cell().takes_part(n)) bits[n] = code_bits(out.size(), cell().config().digital);
        }
        return bits;
    }

    void add_quantised(const SumRequest& request, std::int64_t v, gsl::span<float> out) {
        std::vector<double> total(out.size(), 0);
        std::vector<float> wanted(out.size()), read(out.size());
        for (std::size_t n = 0; n < request.partials.size(); ++n) {
            const auto partial = request.partial(n, v);
            std::copy(partial.begin(), partial.end(), wanted.begin());
            if (cell().config().digital.error_feedback && cell().takes_part(n))
                feed_back(request, n, v, wanted, read);
            else
                read = as_read(request.site, wanted);
            inference::add(read, total);
        }
        for (std::size_t i = 0; i < out.size(); ++i)
            out[i] = static_cast<float>(total[i]);
    }

    /// Equation (19): what `read` lacks of `wanted` stays with the device.
    void feed_back(const SumRequest& request, std::size_t device, std::int64_t v,
                   std::vector<float>& wanted, std::vector<float>& read) {
        const gsl::span<float> left = feedback_.of(request, device, v);
        inference::add(left, wanted);
        read = as_read(request.site, wanted);
        for (std::size_t i = 0; i < wanted.size(); ++i)
            left[i] = wanted[i] - read[i];
    }

    /// What the server makes of a device's codes.
    std::vector<float> as_read(const Site& site, std::vector<float> vector) const {
        if (!transforms_.empty()) transforms_.at(site.index).apply(vector);
        if (rotation_) rotation_->apply(vector);
        quantise(vector, cell().config().digital);
        if (rotation_) rotation_->undo(vector);
        if (!transforms_.empty()) transforms_.at(site.index).undo(vector);
        return vector;
    }

    std::optional<phy::Rotation> rotation_;
    std::vector<SiteTransform> transforms_;  // by Site::index; empty: none
    ErrorFeedback feedback_;
};

Scheme digital_scheme(std::unique_ptr<UplinkAccess> (*access)()) {
    Scheme scheme;
    scheme.quantises = true;
    scheme.planned = true;
    scheme.make = [access](const MediumSetup& setup) {
        return std::make_unique<DigitalMedium>(setup, access());
    };
    return scheme;
}

}  // namespace

std::vector<Scheme> digital_schemes() {
    Scheme digital = digital_scheme(one_after_another);
    digital.name = "digital";
    digital.is = "codes of digital.bits bits, one device after the other";
    digital.wired = true;
    digital.compared = true;
    Scheme sdma = digital_scheme(space_division);
    sdma.name = "digital-sdma";
    sdma.is = "the same codes at the sum rate of all devices at once, told apart in space";
    sdma.compared = true;
    Scheme linear = digital_scheme(linear_groups);
    linear.name = "zf-sdma";
    linear.is = "the same codes, groups of devices at once behind linear receivers";
    linear.compared = true;
    return {digital, sdma, linear};
}

}  // namespace aircomp::runtime
