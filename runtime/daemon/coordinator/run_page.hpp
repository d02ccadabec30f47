// SPDX-License-Identifier: GPL-3.0-or-later
// The page of a coordinator's run, with the endpoint where requests are answered.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "daemon/coordinator/run_figures.hpp"
#include "daemon/testbed.hpp"
#include "serve/text_front.hpp"

namespace aircomp::runtime::testbed {

/// In the loop's thread but where it says otherwise.
class RunPage {
public:
    /// The run as it is now.
    struct State {
        RunStatus status;
        const AirView* view = nullptr;  ///< As RunFigures has it; valid during the call.
        double busy_s = 0;              ///< As RunFigures has it.
        std::string text;               ///< Of the prompt that is continued.
    };

    /// Serves from here on, and hears what the log is told. `served`: nothing where one prompt is
    /// continued. `state` is called only while somebody looks. Everything given must outlive the
    /// object. Throws as serve::TextFront does.
    RunPage(control::Loop& loop, const Config& config, const PageOptions& options,
            const std::optional<serve::ServedModel>& served, Log& log,
            std::function<State()> state);

    /// Whether somebody looks. From any thread.
    bool is_watched() const { return front_.feed().is_watched(); }

    serve::TextQueue& queue() { return front_.queue(); }

    /// As serve::TextFront has them. What is known last is shown before the end.
    void close();
    bool is_empty() const { return front_.is_empty(); }

private:
    void show();
    double age_s() const { return loop_.now_s() - opened_s_; }

    control::Loop& loop_;
    double opened_s_;
    std::function<State()> state_;
    RunFigures figures_;
    serve::TextFront front_;
};

}  // namespace aircomp::runtime::testbed
