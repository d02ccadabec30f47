// SPDX-License-Identifier: GPL-3.0-or-later
// Turns: who begins, whose tokens go through the model together, who ends.
#include "serve/text_maker.hpp"

#include <algorithm>
#include <utility>

namespace aircomp::runtime::serve {
namespace {

/// What a job ends with that nobody waits for: only the server's end is seen by somebody.
ApiError cancelled() {
    return {503, "the server is ending"};
}

ApiError as_api_error(const std::exception& error) {
    if (const auto* own = dynamic_cast<const ApiError*>(&error)) return *own;
    if (dynamic_cast<const inference::Interrupted*>(&error) != nullptr) return cancelled();
    return {500, error.what()};
}

}  // namespace

TextMaker::TextMaker(ServedModel model) : model_(std::move(model)), places_(model_.conversations) {}

bool TextMaker::has_room() const {
    return !next_ && runs_.size() < model_.conversations;
}

void TextMaker::begin(const std::shared_ptr<TextJob>& job) {
    try {
        next_ = std::make_unique<TextRun>(model_, job, model_.seed + texts_);
        ++texts_;
    } catch (const std::exception& error) {
        TextEnd end;
        end.error = as_api_error(error);
        job->is_over = true;
        job->end(std::move(end));
        return;
    }
    place_next();
}

void TextMaker::begin_from(TextQueue& queue) {
    while (has_room()) {
        const auto job = queue.next_if_any();
        if (!job) return;
        begin(job);
    }
}

void TextMaker::make(const std::shared_ptr<TextJob>& job) {
    begin(job);
    while (!is_idle())
        turn();
}

void TextMaker::turn() {
    end_cancelled();
    place_next();
    for (const auto& run : runs_) {
        if (!run->reads_prompt()) continue;
        pass({run.get()});
        break;
    }
    Runs writing;
    for (const auto& run : runs_) {
        if (!run->reads_prompt()) writing.push_back(run.get());
    }
    if (!writing.empty()) pass(writing);
}

void TextMaker::end_cancelled() {
    if (next_ && next_->job().is_cancelled) {
        next_->end_with(cancelled());
        next_ = nullptr;
    }
    Runs gone;
    for (const auto& run : runs_) {
        if (run->job().is_cancelled) gone.push_back(run.get());
    }
    for (TextRun* run : gone)
        end(*run);
}

/// Alone, a text begins whatever it asks for: it may end before memory does.
void TextMaker::place_next() {
    if (!next_) return;
    const auto choice = places_.choose(next_->prompt());
    if (!choice) return;
    const std::size_t place = choice->place;
    const auto fits = [&] {
        return !model_.holds || model_.holds(places_.tokens_with(place, next_->most_tokens()));
    };
    while (!fits()) {
        const auto oldest = places_.oldest(place);
        if (!oldest) break;
        forget(*oldest);
    }
    if (!fits() && !runs_.empty()) return;
    places_.take(place, next_->most_tokens());
    next_->begin(place, choice->held);
    runs_.push_back(std::move(next_));
}

void TextMaker::pass(const Runs& runs) {
    std::vector<inference::FreshTokens> fresh;
    for (const TextRun* run : runs)
        fresh.push_back(run->next());
    const auto poll = [&] {
        const bool has_reader = std::any_of(
            runs.begin(), runs.end(), [](const TextRun* run) { return !run->job().is_cancelled; });
        if (!has_reader) throw inference::Interrupted();
    };
    std::vector<std::vector<float>> logits;
    try {
        logits = model_.next_logits(fresh, poll);
    } catch (const std::exception& error) {
        for (TextRun* run : runs)
            fail(*run, as_api_error(error));
        return;
    }
    auto row = logits.begin();
    for (std::size_t i = 0; i < runs.size(); ++i)
        go_on(*runs[i], fresh[i], fresh[i].wants_logits ? std::move(*row++) : std::vector<float>());
}

void TextMaker::go_on(TextRun& run, const inference::FreshTokens& fresh,
                      std::vector<float> logits) {
    run.passed(fresh);
    if (logits.empty() || run.job().is_cancelled) return;
    try {
        run.take(std::move(logits));
    } catch (const std::exception& error) {
        return fail(run, as_api_error(error));
    }
    if (run.is_over()) end(run);
}

void TextMaker::end(TextRun& run) {
    places_.leave(run.place(), run.held());
    if (run.job().is_cancelled) {
        run.end_with(cancelled());
    } else {
        run.end();
    }
    runs_.erase(std::find_if(runs_.begin(), runs_.end(),
                             [&](const auto& one) { return one.get() == &run; }));
}

void TextMaker::fail(TextRun& run, const ApiError& error) {
    forget(run.place());
    run.end_with(error);
    runs_.erase(std::find_if(runs_.begin(), runs_.end(),
                             [&](const auto& one) { return one.get() == &run; }));
}

void TextMaker::forget(std::size_t place) {
    places_.clear(place);
    if (model_.forget) model_.forget(place);
}

}  // namespace aircomp::runtime::serve
