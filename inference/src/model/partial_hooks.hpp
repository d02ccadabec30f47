// SPDX-License-Identifier: GPL-3.0-or-later
// What a device's user wants of its partials besides themselves; the same for every backend.
#pragma once

#include <functional>
#include <gsl/span>
#include <memory>

#include "aircomp/inference/decoder.hpp"
#include "weights/product.hpp"

namespace aircomp::inference {

struct PartialHooks {
    std::shared_ptr<const SitePredictions> predictions;
    SiteObserver observer;
    InputCoder input_coder;
    PartialObserver uncoded;

    /// Whether anybody looks at what last projections are applied to, or changes it.
    bool see_inputs() const { return observer || input_coder; }

    /// Has `write` make `partial` of `a`, which lacks what is foretold already: of the coded one
    /// where there is a coder. Shows what there is to be seen. `foretellable`: whether the site has
    /// an input_width().
    void finish(const Site& site, bool foretellable, std::int64_t position, Activations h,
                Activations a, gsl::span<const float> partial,
                const std::function<void()>& write) const;
};

}  // namespace aircomp::inference
