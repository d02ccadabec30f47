// SPDX-License-Identifier: GPL-3.0-or-later
// Schemes `digital`, `digital-sdma` and `zf-sdma`: what the air replaces. Every device sends its quantised
// partial without bit errors, at the rate that its channel carries.
#include "coding/packed_partial.hpp"
#include "coding/partial_coder.hpp"
#include "schemes/registry.hpp"
#include "schemes/up/coded_medium.hpp"

namespace aircomp::runtime {
namespace {

class DigitalMedium final : public CodedMedium {
public:
    DigitalMedium(const MediumSetup& setup, std::unique_ptr<UplinkAccess> access)
        : CodedMedium(RadioCell(setup.config, setup.power_w), std::move(access)),
          coder_(setup.config, setup.length, setup.calibration.shape.transforms),
          codes_(coder_.bytes()) {}

private:
    std::vector<double> add(const SumRequest& request, std::int64_t v,
                            gsl::span<float> out) override {
        std::vector<double> bits(request.partials.size(), 0);
        std::vector<double> total(out.size(), 0);
        for (std::size_t n = 0; n < bits.size(); ++n) {
            if (!cell().takes_part(n)) continue;
            coder_.write(request, n, v, codes_);
            coder_.add(codes_, total);
            bits[n] = code_bits(out.size(), cell().config().digital);
        }
        coder_.finish(request.site, total, out);
        return bits;
    }

    PartialCoder coder_;
    std::vector<std::uint8_t> codes_;  // of one device at a time
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
