// SPDX-License-Identifier: GPL-3.0-or-later
// Schemes by name.
#include "schemes/registry.hpp"

#include <algorithm>

#include "config/registry.hpp"
#include "schemes/down/registry.hpp"

namespace aircomp::runtime {

// What the files of up/ offer.
using SchemesOfFile = std::vector<Scheme>();
SchemesOfFile exact_schemes, digital_schemes, gather_schemes, fdma_schemes, designed_schemes,
    hierarchical_schemes;

namespace {

std::vector<Scheme> all_schemes() {
    std::vector<Scheme> all;
    for (SchemesOfFile* const file : {exact_schemes, digital_schemes, gather_schemes, fdma_schemes,
                                      designed_schemes, hierarchical_schemes}) {
        for (Scheme& scheme : file())
            all.push_back(std::move(scheme));
    }
    return all;
}

}  // namespace

const std::vector<Scheme>& schemes() {
    static const std::vector<Scheme> all = all_schemes();
    return all;
}

const Scheme& find_scheme(const std::string& name) {
    return find_row(schemes(), "scheme", name);
}

std::vector<LedgerEntry> entries_per_token() {
    std::vector<LedgerEntry> shown;
    const auto show = [&](const std::vector<LedgerEntry>& entries) {
        for (const LedgerEntry& entry : entries) {
            const bool is_new = std::none_of(shown.begin(), shown.end(), [&](const auto& other) {
                return other.key == entry.key;
            });
            if (entry.per_token && is_new) shown.push_back(entry);
        }
    };
    for (const Scheme& scheme : schemes())
        show(scheme.entries);
    for (const Downlink& way : downlinks())
        show(way.entries);
    return shown;
}

const Scheme& unsplit_scheme() {
    return *std::find_if(schemes().begin(), schemes().end(),
                         [](const Scheme& scheme) { return scheme.one_device; });
}

const Scheme& wired_scheme(bool quantises) {
    return *std::find_if(schemes().begin(), schemes().end(), [=](const Scheme& scheme) {
        return scheme.wired && scheme.quantises == quantises;
    });
}

namespace {

void check_distributed(const Config& config, const Scheme& scheme, const Checker& check) {
    if (config.radio.design != PrecoderDesign::distributed || scheme.design.empty()) return;
    check.require(scheme.answers_combiner, "radio.design",
                  "centralized with the scheme " + scheme.name +
                      ", whose precoders are not the best ones for its combiner",
                  "distributed");
    check.require(config.medium == AirMedium::symbol, "radio.design",
                  "centralized with a medium other than symbol, for its server sends no pilots "
                  "through the combiner",
                  "distributed");
}

void check_frame(const Config& config, const Checker& check) {
    if (config.medium == AirMedium::symbol) return;
    check.require(config.frame.max_vectors == 1, "frame.max_vectors",
                  "1 with a medium other than symbol, whose bursts hold one vector",
                  std::to_string(config.frame.max_vectors));
}

void check_accuracy(const Config& config, const Scheme& scheme, const Checker& check) {
    if (config.accuracy.max_uplink_loss_nats == 0 || scheme.design.empty()) return;
    const auto expect_no_target = [&](bool fits, const std::string& where) {
        check.require(fits, "accuracy.max_uplink_loss_nats", "0 " + where,
                      to_text(config.accuracy.max_uplink_loss_nats));
    };
    expect_no_target(config.medium == AirMedium::symbol, "with a medium other than symbol");
    for (const DeviceConfig& device : config.devices) {
        expect_no_target(!device.energy_j_per_token, "with energy_j_per_token of device " +
                                                         device.name +
                                                         ", which repetitions would exceed");
    }
}

}  // namespace

void check_scheme(const Config& config, const Checker& check) {
    check_downlink(config, check);
    check_frame(config, check);
    if (config.scheme == automatic_scheme) return;
    const Scheme* const scheme = row_of(schemes(), config.scheme);
    check.require(scheme != nullptr, "scheme", "one of " + names_of(schemes()),
                  "'" + config.scheme + "'" + hint_of(schemes(), config.scheme));
    check.require(config.shares.empty() || !scheme->assigns_shares, "shares",
                  "none, for the scheme " + config.scheme + " chooses them",
                  std::to_string(config.shares.size()) + " numbers");
    check_distributed(config, *scheme, check);
    check_accuracy(config, *scheme, check);
    if (!scheme->uses_relays) return;
    check.require(config.relays.antennas >= config.radio.streams, "relays.antennas",
                  "at least radio.streams, " + to_text(config.radio.streams),
                  config.relays.antennas);
}

std::unique_ptr<Medium> make_medium(const Config& config, std::int64_t length,
                                    const std::vector<double>& power_w,
                                    const Calibration& calibration) {
    return find_scheme(config.scheme).make({config, length, power_w, calibration});
}

}  // namespace aircomp::runtime
