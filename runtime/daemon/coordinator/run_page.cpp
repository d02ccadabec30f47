// SPDX-License-Identifier: GPL-3.0-or-later
// Figures to pages that are open, some times a second.
#include "daemon/coordinator/run_page.hpp"

#include <utility>

namespace aircomp::runtime::testbed {
namespace {

constexpr double interval_s = 0.25;

/// What requests call the model; where there are none, its folder's name, or its file's.
std::string name_of(const Config& config, const std::optional<serve::ServedModel>& served) {
    if (served) return served->name;
    const auto model = std::filesystem::absolute(config.model.folder).lexically_normal();
    return (model.has_filename() ? model : model.parent_path()).stem().string();
}

std::optional<serve::AnsweringModel> answering(const std::optional<serve::ServedModel>& served) {
    if (!served) return std::nullopt;
    return serve::AnsweringModel{served->name, served->chat_template.has_value()};
}

}  // namespace

RunPage::RunPage(control::Loop& loop, const Config& config, const PageOptions& options,
                 const std::optional<serve::ServedModel>& served, Log& log,
                 std::function<State()> state)
    : loop_(loop),
      opened_s_(loop.now_s()),
      state_(std::move(state)),
      figures_(config, name_of(config, served), served.has_value()),
      front_(loop, options.front, options.key, answering(served), [this] { show(); }) {
    loop.every(interval_s, [this] {
        if (is_watched()) show();
    });
    // The radios' thread has something to tell, too.
    log.observe([this](LogLevel level, const std::string& line) {
        loop_.post([this, level, line] { figures_.note({age_s(), level > LogLevel::info, line}); });
    });
    log.info("serving", {{"address", front_.url()}});
    front_.tell_address(options.file);
}

void RunPage::show() {
    const State state = state_();
    auto figures = figures_.take(state.status, state.busy_s, state.view, age_s());
    figures.waiting = front_.queue().waiting();
    figures.text = state.text;
    front_.feed().publish(figures);
}

void RunPage::close() {
    if (is_watched()) show();
    front_.close();
}

}  // namespace aircomp::runtime::testbed
