// SPDX-License-Identifier: GPL-3.0-or-later
// Schemes over the air, one for each transceiver design of the optimizer: all devices send at once,
// and the channel sums. A scheme NAME+sca also chooses the shares of the model.
#include "aircomp/optimizer/design.hpp"
#include "schemes/entries.hpp"
#include "schemes/registry.hpp"
#include "schemes/up/media.hpp"

namespace aircomp::runtime {
namespace {

std::unique_ptr<Medium> make_designed(const std::string& design, const MediumSetup& setup) {
    RadioCell cell(setup.config, setup.power_w);
    AnalogCodec codec(setup.config, setup.length, setup.calibration);
    switch (setup.config.medium) {
        case AirMedium::waveform:
            return make_waveform_medium(std::move(cell), std::move(codec), design);
        case AirMedium::radio:
            return make_radio_medium(std::move(cell), std::move(codec), design);
        case AirMedium::symbol:
            break;
    }
    return make_symbol_medium(std::move(cell), std::move(codec), design);
}

Scheme designed(const std::string& design) {
    Scheme scheme;
    scheme.name = design;
    scheme.is = "all devices at once, the channel sums; transceivers by the design " + design;
    scheme.analog = true;
    scheme.design = design;
    scheme.answers_combiner = design == "mmse" || design == "alternating";
    scheme.kinked_objective = design != "mmse";
    scheme.entries = {clipped_reals,   limited_vectors,     missed_targets,
                      repeated_rounds, residual_phase_rad2, residual_phase_nmse};
    scheme.planned = design == "mmse";
    scheme.compared = design == "mmse" || design == "inversion";
    scheme.make = [design](const MediumSetup& setup) { return make_designed(design, setup); };
    return scheme;
}

}  // namespace

std::vector<Scheme> designed_schemes() {
    std::vector<Scheme> schemes;
    for (const std::string& design : optimizer::designer_names())
        schemes.push_back(designed(design));
    for (const char* design : {"mmse", "sdr"}) {
        Scheme scheme = designed(design);
        scheme.name += "+sca";
        scheme.is += "; chooses the shares as well";
        scheme.assigns_shares = true;
        scheme.planned = false;
        scheme.compared = false;
        schemes.push_back(scheme);
    }
    return schemes;
}

}  // namespace aircomp::runtime
