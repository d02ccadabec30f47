// SPDX-License-Identifier: GPL-3.0-or-later
// First come, first served.
#include "serve/text_queue.hpp"

#include <algorithm>
#include <utility>

namespace aircomp::runtime::serve {
namespace {

ApiError ending() {
    return {503, "the server is ending", "", "server_ending"};
}

}  // namespace

void TextQueue::push(std::shared_ptr<TextJob> job) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (is_closed_) throw ending();
    // One more is on its way to the model, where that is free.
    if (waiting_.size() >= most_waiting_ + (current_ ? 0 : 1)) {
        throw ApiError(429,
                       "one request is being answered and " + std::to_string(waiting_.size()) +
                           " are waiting, which is all that this server takes; try again later",
                       "", "queue_full");
    }
    waiting_.push_back(std::move(job));
    has_changed_.notify_one();
}

std::shared_ptr<TextJob> TextQueue::next() {
    std::unique_lock<std::mutex> lock(mutex_);
    current_ = nullptr;
    has_changed_.wait(lock, [this] { return is_closed_ || !waiting_.empty(); });
    return take_first();
}

std::shared_ptr<TextJob> TextQueue::next_if_any() {
    const std::lock_guard<std::mutex> lock(mutex_);
    current_ = nullptr;
    return take_first();
}

std::shared_ptr<TextJob> TextQueue::take_first() {
    if (is_closed_ || waiting_.empty()) return nullptr;
    current_ = std::move(waiting_.front());
    waiting_.pop_front();
    return current_;
}

void TextQueue::cancel(const std::shared_ptr<TextJob>& job) {
    const std::lock_guard<std::mutex> lock(mutex_);
    job->is_cancelled = true;
    waiting_.erase(std::remove(waiting_.begin(), waiting_.end(), job), waiting_.end());
}

void TextQueue::close() {
    std::deque<std::shared_ptr<TextJob>> left;
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        is_closed_ = true;
        left.swap(waiting_);
        if (current_) current_->is_cancelled = true;
        has_changed_.notify_all();
    }
    for (const auto& job : left) {
        TextEnd end;
        end.error = ending();
        job->end(std::move(end));
    }
}

std::size_t TextQueue::waiting() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return waiting_.size();
}

}  // namespace aircomp::runtime::serve
