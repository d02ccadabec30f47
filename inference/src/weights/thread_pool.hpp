// SPDX-License-Identifier: GPL-3.0-or-later
// The threads that share one model's work, loop by loop.
//
// Why not OpenMP: a token is some 150 loops of half a millisecond, and OpenMP ends each with a
// barrier at which idle threads spin for milliseconds. Where another process wants the same cores,
// every loop then waits until the scheduler returns to the last thread: decoding fell to a tenth of
// the speed that it has with threads that are not waited for unless they hold a piece of work.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace aircomp::inference {

/// The calling thread and `threads` - 1 workers, which sleep between loops.
class ThreadPool {
public:
    /// Computes indices [begin, end) of a loop. Must not throw, nor use the pool that runs it.
    using Body = std::function<void(std::int64_t begin, std::int64_t end)>;

    /// Throws std::invalid_argument unless `threads` >= 1.
    explicit ThreadPool(int threads);
    ~ThreadPool();
    ThreadPool(const ThreadPool&) = delete;
    ThreadPool& operator=(const ThreadPool&) = delete;

    int threads() const { return static_cast<int>(workers_.size()) + 1; }

    /// Calls `body` for the consecutive pieces of [0, count), each of `grain` >= 1 indices and the
    /// last perhaps shorter, on whichever threads are free; returns when all are done. From one
    /// thread at a time.
    void for_each_piece(std::int64_t count, std::int64_t grain, const Body& body);

private:
    struct Loop {
        std::int64_t count;
        std::int64_t grain;
        const Body& body;
        std::atomic<std::int64_t> next{0};

        void work();
    };

    void run_worker();
    void end_workers();
    void await_loop(std::unique_lock<std::mutex>& lock, std::uint64_t seen);

    std::mutex mutex_;
    std::condition_variable loop_begins_;
    std::condition_variable worker_leaves_;
    Loop* loop_ = nullptr;                 ///< What workers may join; guarded by mutex_.
    std::atomic<int> working_{0};          ///< Workers inside the loop; changed under mutex_.
    bool stopping_ = false;                ///< Guarded by mutex_.
    std::atomic<std::uint64_t> loops_{0};  ///< Loops begun; changed under mutex_.
    std::vector<std::thread> workers_;
};

}  // namespace aircomp::inference
