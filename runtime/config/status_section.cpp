// SPDX-License-Identifier: GPL-3.0-or-later
// Keys of the section status.
#include "config/status_section.hpp"

#include "config/address.hpp"
#include "config/keys.hpp"

namespace aircomp::runtime {

const Keys<StatusConfig>& status_keys() {
    using S = StatusConfig;
    static const Keys<S> keys = {
        text("page", &S::page,
             "Where a coordinator serves the page that shows its run (docs/serve.md); port 0: any "
             "that is free; none: nowhere.",
             {"none or HOST:PORT", is_address_or_none}),
        path("token_file", &S::token_file,
             "File, relative to this one, whose first line whoever opens the page has to send; "
             "needed for addresses that other machines reach; none: no token.",
             "none"),
    };
    return keys;
}

}  // namespace aircomp::runtime
