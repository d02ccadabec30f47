// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/partial_hooks.hpp"

namespace aircomp::inference {

void PartialHooks::finish(const Site& site, bool foretellable, std::int64_t position, Activations h,
                          Activations a, gsl::span<const float> partial,
                          const std::function<void()>& write) const {
    if (input_coder) {
        if (uncoded) {
            write();
            uncoded(partial);
        }
        for (std::int64_t t = 0; t < a.tokens; ++t)
            input_coder(site, a.token(t));
    }
    write();
    if (!observer || !foretellable) return;
    const auto all = [](Activations x) {
        return gsl::span<const float>(x.data, static_cast<std::size_t>(x.tokens * x.size));
    };
    observer({site, position, a.tokens, all(h), all(a), partial});
}

}  // namespace aircomp::inference
