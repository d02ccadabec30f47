// SPDX-License-Identifier: GPL-3.0-or-later
// Makes the texts of jobs with one model: several at a time, a token of each in turn.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "serve/sequence_places.hpp"
#include "serve/served_model.hpp"
#include "serve/text_job.hpp"
#include "serve/text_queue.hpp"
#include "serve/text_run.hpp"

namespace aircomp::runtime::serve {

/// In one thread.
class TextMaker {
public:
    explicit TextMaker(ServedModel model);
    TextMaker(const TextMaker&) = delete;
    TextMaker& operator=(const TextMaker&) = delete;

    /// Whether another text may begin.
    bool has_room() const;
    /// Whether there is none.
    bool is_idle() const { return runs_.empty() && !next_; }

    /// Takes a job, of which there is room. Ends it at once where it cannot be answered; makes it wait
    /// where memory does not hold it beside the others. What a place in the caches has of the
    /// prompt is not computed again.
    void begin(const std::shared_ptr<TextJob>& job);

    /// Computes a chunk of the oldest prompt, then a token of every text in one pass. Texts that are
    /// over or fail end their jobs.
    void turn();

    /// Takes what the queue has as long as there is room.
    void begin_from(TextQueue& queue);

    /// Makes one text, from its beginning to its end.
    void make(const std::shared_ptr<TextJob>& job);

private:
    using Runs = std::vector<TextRun*>;

    void end_cancelled();
    void place_next();
    void pass(const Runs& runs);
    void go_on(TextRun& run, const inference::FreshTokens& fresh, std::vector<float> logits);
    void end(TextRun& run);
    void fail(TextRun& run, const ApiError& error);
    void forget(std::size_t place);

    ServedModel model_;
    SequencePlaces places_;
    std::vector<std::unique_ptr<TextRun>> runs_;  ///< The oldest first.
    std::unique_ptr<TextRun> next_;               ///< Waits for memory.
    std::uint64_t texts_ = 0;
};

}  // namespace aircomp::runtime::serve
