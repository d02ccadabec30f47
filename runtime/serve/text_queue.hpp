// SPDX-License-Identifier: GPL-3.0-or-later
// Jobs in the order in which they came: some have the model, others wait for it. May be called from
// any thread.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <vector>

#include "serve/text_job.hpp"

namespace aircomp::runtime::serve {

class TextQueue {
public:
    /// `most_at_once`: jobs that the model works on at a time, at least 1.
    TextQueue(std::size_t most_waiting, std::size_t most_at_once)
        : most_waiting_(most_waiting), most_at_once_(most_at_once) {}

    /// Throws ApiError: 429 where as many as may are waiting, 503 after close().
    void push(std::shared_ptr<TextJob> job);

    /// The next job, for a model that has room for it; waits for one. Null after close().
    std::shared_ptr<TextJob> next();
    /// The same without waiting: null where none is there.
    std::shared_ptr<TextJob> next_if_any();

    /// Nobody waits for `job` any more.
    void cancel(const std::shared_ptr<TextJob>& job);

    /// Ends what waits with 503, and cancels what is being made.
    void close();

    std::size_t waiting() const;

private:
    std::shared_ptr<TextJob> take_first();
    void forget_ended();

    const std::size_t most_waiting_;
    const std::size_t most_at_once_;
    mutable std::mutex mutex_;
    std::condition_variable has_changed_;
    std::deque<std::shared_ptr<TextJob>> waiting_;
    std::vector<std::shared_ptr<TextJob>> current_;  ///< Those with the model, as far as is known.
    bool is_closed_ = false;
};

}  // namespace aircomp::runtime::serve
