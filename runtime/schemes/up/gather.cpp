// SPDX-License-Identifier: GPL-3.0-or-later
// Schemes `gather`, `gather-sdma` and `gather-zf`: the server holds the last projection of every site and devices
// send what it is applied to, which is as long in total for many devices as for one
// (docs/system-model.md section 10).
#include <algorithm>
#include <stdexcept>

#include "aircomp/inference/add.hpp"
#include "coding/analog_codec.hpp"
#include "coding/exact_sum.hpp"
#include "coding/packed_partial.hpp"
#include "schemes/registry.hpp"
#include "schemes/up/coded_medium.hpp"

namespace aircomp::runtime {
namespace {

/// Partials come projected from codes: see input_coder().
class GatherMedium final : public CodedMedium {
public:
    using CodedMedium::CodedMedium;

private:
    std::vector<double> add(const SumRequest& request, std::int64_t v,
                            gsl::span<float> out) override {
        if (request.input_widths.size() != request.partials.size()) {
            throw std::invalid_argument("all-reduce at " + to_string(request.site) +
                                        ": expected the width of each device's inputs");
        }
        std::vector<double> bits(request.partials.size(), 0), total(out.size(), 0);
        for (std::size_t n = 0; n < bits.size(); ++n) {
            const auto partial = request.partial(n, v);
            inference::add(partial, total);
            bits[n] = code_bits(static_cast<std::size_t>(request.input_widths[n]),
                                cell().config().digital);
        }
        std::copy(total.begin(), total.end(), out.begin());
        return bits;
    }
};

/// Codes of the configuration's quantiser, over each device's inputs as a whole.
inference::InputCoder input_coder(const Config& config) {
    return [config, rotation = std::optional<phy::Rotation>(), length = std::size_t{0}](
               const Site&, gsl::span<float> inputs) mutable {
        if (inputs.size() != length) {
            length = inputs.size();
            rotation = rotation_of(config, static_cast<std::int64_t>(length));
        }
        if (rotation) rotation->apply(inputs);
        quantise(inputs, config.digital);
        if (rotation) rotation->undo(inputs);
    };
}

Scheme gather_scheme(std::unique_ptr<UplinkAccess> (*access)()) {
    Scheme scheme;
    scheme.quantises = true;
    scheme.planned = true;
    scheme.input_coder = input_coder;
    scheme.make = [access](const MediumSetup& setup) {
        return std::make_unique<GatherMedium>(RadioCell(setup.config, setup.power_w), access());
    };
    return scheme;
}

}  // namespace

std::vector<Scheme> gather_schemes() {
    Scheme gather = gather_scheme(one_after_another);
    gather.name = "gather";
    gather.is =
        "codes of what the last projections are applied to, which the server holds; one "
        "device after the other";
    Scheme sdma = gather_scheme(space_division);
    sdma.name = "gather-sdma";
    sdma.is = "the same codes at the sum rate of all devices at once, told apart in space";
    Scheme linear = gather_scheme(linear_groups);
    linear.name = "gather-zf";
    linear.is = "the same codes, groups of devices at once behind linear receivers";
    return {gather, sdma, linear};
}

}  // namespace aircomp::runtime
