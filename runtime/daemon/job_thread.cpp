// SPDX-License-Identifier: GPL-3.0-or-later
// A queue of jobs and the thread that empties it.
#include "daemon/job_thread.hpp"

#include <exception>
#include <utility>

namespace aircomp::runtime::testbed {

JobThread::JobThread(std::function<void(const std::string& reason)> failed)
    : failed_(std::move(failed)), thread_([this] { run(); }) {}

JobThread::~JobThread() {
    end();
    thread_.join();
}

void JobThread::end() {
    {
        const std::lock_guard lock(mutex_);
        ending_ = true;
    }
    arrival_.notify_one();
}

bool JobThread::has_ended() const {
    const std::lock_guard lock(mutex_);
    return ending_ && !busy_;
}

void JobThread::submit(std::function<void()> job) {
    {
        const std::lock_guard lock(mutex_);
        if (ending_) return;
        jobs_.push_back(std::move(job));
    }
    arrival_.notify_one();
}

std::size_t JobThread::waiting() const {
    const std::lock_guard lock(mutex_);
    return jobs_.size();
}

void JobThread::run() {
    for (;;) {
        std::function<void()> job;
        {
            std::unique_lock lock(mutex_);
            busy_ = false;
            arrival_.wait(lock, [this] { return ending_ || !jobs_.empty(); });
            if (ending_) return;
            job = std::move(jobs_.front());
            jobs_.pop_front();
            busy_ = true;
        }
        try {
            job();
        } catch (const std::exception& error) {
            failed_(error.what());
        }
    }
}

}  // namespace aircomp::runtime::testbed
