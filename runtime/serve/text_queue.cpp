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
    forget_ended();
    // Some more are on their way to the model, where that has room.
    if (current_.size() + waiting_.size() >= most_at_once_ + most_waiting_) {
        throw ApiError(429,
                       "the queue is full: " + std::to_string(current_.size()) +
                           " being answered, " + std::to_string(waiting_.size()) +
                           " waiting; try again later",
                       "", "queue_full");
    }
    waiting_.push_back(std::move(job));
    has_changed_.notify_one();
}

std::shared_ptr<TextJob> TextQueue::next() {
    std::unique_lock<std::mutex> lock(mutex_);
    has_changed_.wait(lock, [this] { return is_closed_ || !waiting_.empty(); });
    return take_first();
}

std::shared_ptr<TextJob> TextQueue::next_if_any() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return take_first();
}

std::shared_ptr<TextJob> TextQueue::take_first() {
    if (is_closed_ || waiting_.empty()) return nullptr;
    forget_ended();
    current_.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
    return current_.back();
}

void TextQueue::forget_ended() {
    current_.erase(std::remove_if(current_.begin(), current_.end(),
                                  [](const auto& job) { return job->is_over.load(); }),
                   current_.end());
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
        for (const auto& job : current_)
            job->is_cancelled = true;
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
