// SPDX-License-Identifier: GPL-3.0-or-later
// Tables of plans.
#include "planning.hpp"

#include <algorithm>
#include <iostream>

#include "output.hpp"

namespace aircomp::app {
namespace {

/// `timed`: with the time of a prompt's first token.
std::vector<std::string> row(const runtime::PlanChoice& choice, bool chosen, bool timed) {
    const bool tried = choice.cost.total_s() > 0;
    const auto count = [](int value) { return value > 0 ? std::to_string(value) : "-"; };
    const auto bits = [](double value) { return value > 0 ? number("%g", value) : "-"; };
    const auto seconds = [&](double value) { return tried ? duration(value) : "-"; };
    std::vector<std::string> cells = {(chosen ? "> " : "  ") + choice.config.scheme,
                                      std::to_string(choice.devices),
                                      (choice.by_block ? "<= " : "") + count(choice.streams),
                                      bits(choice.bits_up),
                                      bits(choice.bits_down),
                                      seconds(choice.compute_s()),
                                      seconds(choice.air_s()),
                                      seconds(choice.cost.total_s()),
                                      number("%.4f", choice.loss_nats)};
    if (timed) cells.push_back(choice.first_token_s > 0 ? duration(choice.first_token_s) : "-");
    cells.push_back(choice.reason);
    return cells;
}

}  // namespace

void print_plan(std::ostream& out, const runtime::Config& config, const runtime::Plan& plan) {
    const bool timed = std::any_of(plan.choices.begin(), plan.choices.end(),
                                   [](const auto& choice) { return choice.first_token_s > 0; });
    std::vector<std::vector<std::string>> rows = {{"  scheme", "devices", "streams", "bits up",
                                                   "bits down", "compute", "air", "token",
                                                   "KL, nats"}};
    if (timed) rows.front().push_back("first token");
    rows.front().push_back("not valid");
    for (std::size_t i = 0; i < plan.choices.size(); ++i)
        rows.push_back(row(plan.choices[i], plan.chosen == i, timed));
    out << table(rows) << "\n";
    const std::string limit = " expected to lose at most " +
                              number("%g", config.accuracy.max_loss_nats) + " nats a token";
    if (plan.chosen) {
        const runtime::PlanChoice& best = plan.choices[*plan.chosen];
        out << "The fastest that is" << limit << ": " << best.config.scheme << " over "
            << best.devices << (best.devices == 1 ? " device, " : " devices, ")
            << duration(best.cost.total_s()) << " a token.\n";
    } else {
        out << "No way is" << limit << ".\n";
    }
    out << "Times are simulated, losses estimated; " << number("%g", config.radio.snr_db)
        << " dB, seed " << config.seed << ".\n";
}

void choose_scheme(runtime::Config& config, const runtime::Model& model) {
    const auto show = [&](const runtime::Plan& plan) { print_plan(std::cerr, config, plan); };
    runtime::choose_scheme(config, model, /*progress=*/nullptr, show);
}

}  // namespace aircomp::app
