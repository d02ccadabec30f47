// SPDX-License-Identifier: GPL-3.0-or-later
// Jobs in the order in which they came: one has the model, some wait for it. May be called from any
// thread.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>

#include "serve/text_job.hpp"

namespace aircomp::runtime::serve {

class TextQueue {
public:
    explicit TextQueue(std::size_t most_waiting) : most_waiting_(most_waiting) {}

    /// Throws ApiError: 429 where as many as may are waiting, 503 after close().
    void push(std::shared_ptr<TextJob> job);

    /// The next job, once the one before has ended; null after close().
    std::shared_ptr<TextJob> next();
    /// The same without waiting for one: null where none is there.
    std::shared_ptr<TextJob> next_if_any();

    /// Nobody waits for `job` any more.
    void cancel(const std::shared_ptr<TextJob>& job);

    /// Ends what waits with 503, and cancels what is being made.
    void close();

    std::size_t waiting() const;

private:
    std::shared_ptr<TextJob> take_first();

    const std::size_t most_waiting_;
    mutable std::mutex mutex_;
    std::condition_variable has_changed_;
    std::deque<std::shared_ptr<TextJob>> waiting_;
    std::shared_ptr<TextJob> current_;
    bool is_closed_ = false;
};

}  // namespace aircomp::runtime::serve
