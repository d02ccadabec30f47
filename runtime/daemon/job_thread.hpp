// SPDX-License-Identifier: GPL-3.0-or-later
// A thread that does what it is handed, one thing after the other, so that the thread of the
// sockets never waits for models or radios.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

namespace aircomp::runtime::testbed {

class JobThread {
public:
    /// `failed` is called by the thread where a job throws, with what it threw.
    explicit JobThread(std::function<void(const std::string& reason)> failed);
    /// Waits for the job at hand; those after it are dropped.
    ~JobThread();
    JobThread(const JobThread&) = delete;
    JobThread& operator=(const JobThread&) = delete;

    /// From any thread. Does nothing once it ends.
    void submit(std::function<void()> job);

    /// Jobs that are not begun yet. From any thread.
    std::size_t waiting() const;

    /// Begins no further job, and does not wait for the one at hand. From any thread.
    void end();
    /// Whether the last job is over after end(), so that the destructor does not wait.
    bool has_ended() const;

private:
    void run();

    std::function<void(const std::string& reason)> failed_;
    mutable std::mutex mutex_;
    std::condition_variable arrival_;
    std::deque<std::function<void()>> jobs_;
    bool ending_ = false;
    bool busy_ = false;
    std::thread thread_;
};

}  // namespace aircomp::runtime::testbed
