// SPDX-License-Identifier: GPL-3.0-or-later
// A run's status as a page shows it.
#include "daemon/coordinator/run_figures.hpp"

#include <utility>

namespace aircomp::runtime::testbed {
namespace {

constexpr std::size_t most_events = 30;

}  // namespace

RunFigures::RunFigures(const Config& config, const std::string& model, bool answers)
    : config_(config) {
    figures_.model = model;
    figures_.scheme = config.scheme;
    figures_.answers = answers;
    figures_.is_simulated = false;
}

void RunFigures::note(serve::LiveEvent event) {
    events_.push_back(std::move(event));
    if (events_.size() > most_events) events_.pop_front();
}

/// The log does not tell of them: there may be a hundred a second.
void RunFigures::note_soundings(const AirSummary& air, double at_s) {
    const std::uint64_t fresh = air.soundings - soundings_;
    if (fresh == 0) return;
    soundings_ = air.soundings;
    note({at_s, false,
          "channel sounded" + (fresh > 1 ? ", " + std::to_string(fresh) + " times" : "")});
}

serve::LiveFigures RunFigures::take(const RunStatus& status, double busy_s, const AirView* view,
                                    double at_s) {
    const CoordinatorSummary& totals = status.totals;
    if (totals.new_tokens > tokens_) {
        const auto tokens = static_cast<double>(totals.new_tokens - tokens_);
        const double passes_s = busy_s - busy_s_, rounds_s = totals.reduce_s - reduce_s_;
        figures_.tokens = totals.new_tokens;
        figures_.tokens_per_s = tokens / passes_s;
        figures_.parts = {{"rounds", rounds_s / tokens},
                          {"coordinator", (passes_s - rounds_s) / tokens}};
        tokens_ = totals.new_tokens;
        busy_s_ = busy_s;
        reduce_s_ = totals.reduce_s;
    }
    figures_.phase = status.phase;
    if (totals.air) {
        figures_.nmse = totals.air->nmse.value_or(totals.air->nmse_estimate);
        note_soundings(*totals.air, at_s);
        if (view != nullptr) {
            figures_.site_nmse = view->site_nmse;
            figures_.air = serve::LiveAir{*totals.air, *view};
        }
    }
    figures_.events.assign(events_.begin(), events_.end());
    add_devices(status);
    return figures_;
}

void RunFigures::add_devices(const RunStatus& status) {
    figures_.devices.clear();
    for (std::size_t n = 0; n < status.devices.size(); ++n) {
        serve::LiveDevice device;
        device.name = config_.devices[n].name;
        device.share = status.totals.devices[n].share;
        device.max_power_w = config_.devices[n].max_power_w;
        device.losses = status.totals.devices[n].losses;
        if (status.totals.air) {
            device.radio = status.totals.air->devices[n];
            device.power_w = device.radio->power_w;
        }
        device.state = control::name_of(status.devices[n].state);
        device.is_there = status.devices[n].state != control::PeerState::closed;
        figures_.devices.push_back(device);
    }
}

}  // namespace aircomp::runtime::testbed
