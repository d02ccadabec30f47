// SPDX-License-Identifier: GPL-3.0-or-later
// Keys and checks of the section testbed.
#include "config/testbed_section.hpp"

#include "config/address.hpp"
#include "config/keys.hpp"

namespace aircomp::runtime {
const Keys<TestbedConfig>& testbed_keys() {
    using T = TestbedConfig;
    static const Keys<T> keys = {
        text("listen", &T::listen,
             "Where the coordinator listens for devices; port 0: any that is free.",
             {"HOST:PORT", is_address}),
        text("metrics_listen", &T::metrics_listen,
             "Where it serves /metrics (Prometheus) and /status (JSON); with certificates over "
             "TLS, to whoever has one of the laboratory's.",
             {"none or HOST:PORT", is_address_or_none}),
        path("certificates", &T::certificates,
             "Folder of the coordinator's certificate, relative to the file, as aircomp pki issue "
             "writes it; none: no encryption, and the loopback interface only.",
             "none"),
        // Below, a busy machine's scheduler looks like a lost peer; above, nobody calls it
        // noticing.
        number("heartbeat_s", &T::heartbeat_s, "s", within(0.05, 60),
               "A device or a coordinator that is silent for so long is lost."),
        number("hello_timeout_s", &T::hello_timeout_s, "s", within(0.05, 60),
               "From a connection to its hello; what takes longer is cut off."),
        number("round_timeout_s", &T::round_timeout_s, "s", within(0.05, 3600),
               "A device that lives but does not answer a round is asked again after this, and "
               "after as long again counts as lost."),
        number("join_timeout_s", &T::join_timeout_s, "s", within(0, 86400),
               "How long a run waits for devices that it cannot start or go on without."),
        number("min_devices", &T::min_devices, "", with_others("0 to the devices there are"),
               "Devices that have to be there at the start; 0: all.")
            .formerly("minimum_devices"),
        choice("shares", &T::shares,
               {{"configured", ShareSource::configured}, {"measured", ShareSource::measured}},
               "Whether shares are those of the key shares, or in proportion to the devices' "
               "measured speed."),
        flag("measure", &T::measure,
             "Where sums go over the air, partials also go over the control link, so that the "
             "sums' error is measured instead of estimated, at the price of what the air saves."),
    };
    return keys;
}

void check_testbed(const TestbedConfig& testbed, std::size_t devices, const Checker& check) {
    check.within("min_devices", testbed.min_devices, 0, static_cast<int>(devices));
}

}  // namespace aircomp::runtime
