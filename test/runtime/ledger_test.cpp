// SPDX-License-Identifier: GPL-3.0-or-later
// The ledger: typed entries, entries of a medium's own, and what results show of both.
#include "air/ledger.hpp"

#include "engine/simulation.hpp"
#include "experiment/cost_json.hpp"
#include "schemes/entries.hpp"
#include "support/catch.hpp"

namespace aircomp::runtime {
namespace {

const LedgerEntry drops{"drops", "", "what fell"};

TEST_CASE("a ledger adds entries up by their keys") {
    Ledger ledger(3);
    CHECK(ledger.transmit_energy_j == std::vector<double>(3, 0));
    CHECK(ledger.of(drops) == 0);
    CHECK(ledger.own().empty());
    ledger.add(drops, 2);
    ledger.add(repeated_rounds, 5);
    ledger.add(drops, 0.5);
    CHECK(ledger.of(drops) == 2.5);
    CHECK(ledger.own() == std::map<std::string, double>{{"drops", 2.5}, {"repeated_rounds", 5}});
    ledger.uplink_s = 1;
    ledger.downlink_s = 2;
    ledger.sounding_s = 4;
    ledger.control_s = 8;
    ledger.frame_s = 16;
    CHECK(ledger.total_s() == 31);
}

TEST_CASE("units of entries stand at the end of their keys") {
    for (const Scheme& scheme : schemes()) {
        for (const LedgerEntry& entry : scheme.entries) {
            CAPTURE(scheme.name, entry.key);
            CHECK_FALSE(entry.is.empty());
            const std::string ending = entry.unit == "rad^2" ? "_rad2" : "";
            CHECK(entry.key.size() > ending.size());
            CHECK(entry.key.substr(entry.key.size() - ending.size()) == ending);
        }
    }
}

TEST_CASE("the cost of a token has the documented keys, and means of what was entered") {
    Ledger ledger(2);
    ledger.uplink_s = 8;
    ledger.uplink_channel_uses = 12;
    ledger.transmit_energy_j = {4, 6};
    ledger.standby_energy_j = {0, 4};
    ledger.relay_energy_j = 2;
    ledger.server_energy_j = 4;
    ledger.add(repeated_rounds, 6);
    ledger.add(clipped_reals, 100);  // which a result shows as a fraction
    ComputeUsage compute;
    compute.seconds = 2;
    compute.device_energy_j = {0, 2};
    const Json cost = to_json(token_cost(compute, ledger, 4));
    std::vector<std::string> keys;
    for (const auto& [key, value] : cost.items())
        keys.push_back(key);
    CHECK(keys == std::vector<std::string>{
                      "compute_s", "uplink_s", "downlink_s", "sounding_s", "control_s", "frame_s",
                      "total_s", "uplink_channel_uses", "limited_vectors", "vectors_over_target",
                      "repeated_rounds", "downlink_bits", "resynchronised_copies",
                      "device_energy_j", "server_energy_j", "relay_energy_j", "total_energy_j"});
    CHECK(cost["total_s"] == 2.5);
    CHECK(cost["uplink_channel_uses"] == 3);
    CHECK(cost["repeated_rounds"] == 1.5);
    CHECK(cost["device_energy_j"] == Json({1, 3}));
    CHECK(cost["server_energy_j"] == 1);
    CHECK(cost["relay_energy_j"] == 0.5);
    CHECK(cost["total_energy_j"] == 5.5);
    // A scheme that enters nothing stands in the same columns.
    CHECK(to_json(token_cost(compute, Ledger(2), 4))["repeated_rounds"] == 0);
}

}  // namespace
}  // namespace aircomp::runtime
