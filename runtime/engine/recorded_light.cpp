// SPDX-License-Identifier: GPL-3.0-or-later
// First light with a recorder around its radios, or a recording in their place.
#include "engine/recorded_light.hpp"

#include <stdexcept>

#include "config/annotated_yaml.hpp"
#include "radio/recorder.hpp"
#include "radio/replayed_radio.hpp"
#include "round/round_clock.hpp"
#include "schemes/registry.hpp"

namespace aircomp::runtime {
namespace {

/// Only sessions of this process are recorded.
void require_kernels(const Config& config) {
    const auto check = [](const std::string& name, const RadioEndConfig& radio) {
        if (radio.chain == RadioChain::kernels) return;
        throw std::runtime_error("radios: '" + name +
                                 "': expected chain kernels, whose samples are recorded, found "
                                 "another");
    };
    check("server", config.radios.server);
    for (std::size_t n = 0; n < config.radios.devices.size(); ++n)
        check(config.devices[n].name, config.radios.devices[n]);
}

}  // namespace

FirstLightReport record_first_light(const Config& config, FirstLightOptions options,
                                    const std::filesystem::path& base,
                                    const std::function<void(const FirstLightRound&)>& progress) {
    require_kernels(config);
    Recorder recorder(base);
    Recording recording;
    const Config run = with_devices(config, options.devices);
    recording.configuration = annotated_yaml(entries_of(run));
    recording.length = options.length;
    options.devices.clear();
    options.open = recorder.opener(options.open);
    options.before_round = [&](const RoundOrder& order) {
        recorder.begin_round(order.number, order.sounding, inference::name_of(order.site));
    };
    auto report = first_light(run, options, [&](const FirstLightRound& round) {
        recording.sums.push_back({round.number, round.nmse, round.sum_sha256});
        if (progress) progress(round);
    });
    recorder.finish(std::move(recording));
    return report;
}

std::vector<ReplayedSum> replay_first_light(const std::filesystem::path& base) {
    const Recording recording = read_recording(base);
    const std::string origin = base.string() + ".sigmf-collection: configuration";
    const Config config = parse_config(recording.configuration, origin, {});
    validate(config, origin, check_scheme);
    FirstLightOptions options;
    options.rounds = static_cast<std::int64_t>(recording.sums.size());
    options.length = recording.length;
    options.open =
        replay_opener(base, recording, ticks_of(config.radios.lead_s, config.radio.bandwidth_hz));
    std::vector<ReplayedSum> sums;
    first_light(config, options, [&](const FirstLightRound& round) {
        const RecordedSum& recorded = recording.sums[sums.size()];
        sums.push_back({round, recorded,
                        round.number == recorded.round && round.sum_sha256 == recorded.sha256});
    });
    return sums;
}

}  // namespace aircomp::runtime
