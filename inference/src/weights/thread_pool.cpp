// SPDX-License-Identifier: GPL-3.0-or-later
// ThreadPool: pieces are taken from a counter; only workers that hold one are waited for.
#include "weights/thread_pool.hpp"

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <string>
#include <system_error>

namespace aircomp::inference {

namespace {

/// How long a thread watches for another before it sleeps: longer than the gap between two loops
/// of a token, shorter than what another process would miss.
constexpr std::chrono::microseconds watch_time{30};

template <class Condition>
void watch_for(Condition condition) {
    const auto end = std::chrono::steady_clock::now() + watch_time;
    while (!condition() && std::chrono::steady_clock::now() < end) {
    }
}

}  // namespace

void ThreadPool::Loop::work() {
    for (;;) {
        const std::int64_t begin = next.fetch_add(grain, std::memory_order_relaxed);
        if (begin >= count) return;
        body(begin, std::min(begin + grain, count));
    }
}

ThreadPool::ThreadPool(int threads) {
    if (threads < 1) {
        throw std::invalid_argument("threads: expected at least 1, found " +
                                    std::to_string(threads));
    }
    try {
        for (int i = 1; i < threads; ++i)
            workers_.emplace_back(&ThreadPool::run_worker, this);
    } catch (const std::system_error& error) {
        const std::string made = std::to_string(workers_.size() + 1);
        end_workers();
        throw std::runtime_error("threads: expected at most " + made +
                                 ", which is what the system gives, found " +
                                 std::to_string(threads) + " (" + error.code().message() + ")");
    }
}

ThreadPool::~ThreadPool() {
    end_workers();
}

void ThreadPool::end_workers() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
        ++loops_;
    }
    loop_begins_.notify_all();
    for (std::thread& worker : workers_)
        worker.join();
}

void ThreadPool::for_each_piece(std::int64_t count, std::int64_t grain, const Body& body) {
    if (count <= 0) return;
    Loop loop{count, grain, body};
    if (workers_.empty() || count <= grain) return loop.work();
    {
        const std::lock_guard lock(mutex_);
        loop_ = &loop;
        ++loops_;
    }
    loop_begins_.notify_all();
    loop.work();

    const auto is_done = [this] { return working_ == 0; };
    {
        const std::lock_guard lock(mutex_);
        loop_ = nullptr;
    }
    watch_for(is_done);
    std::unique_lock lock(mutex_);
    worker_leaves_.wait(lock, is_done);
}

void ThreadPool::run_worker() {
    std::uint64_t seen = 0;
    std::unique_lock lock(mutex_);
    for (;;) {
        await_loop(lock, seen);
        if (stopping_) return;
        seen = loops_;
        if (loop_ == nullptr) continue;  // others were faster
        Loop& loop = *loop_;
        ++working_;
        lock.unlock();
        loop.work();
        lock.lock();
        if (--working_ == 0) worker_leaves_.notify_one();
    }
}

void ThreadPool::await_loop(std::unique_lock<std::mutex>& lock, std::uint64_t seen) {
    const auto has_begun = [this, seen] { return loops_ != seen; };
    if (has_begun()) return;
    lock.unlock();
    watch_for(has_begun);
    lock.lock();
    loop_begins_.wait(lock, has_begun);
}

}  // namespace aircomp::inference
