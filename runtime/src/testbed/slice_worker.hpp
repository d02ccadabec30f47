// SPDX-License-Identifier: GPL-3.0-or-later
// A device's slice, its KV cache and the thread that computes with them, so that the thread of the
// sockets is always there for heartbeats.
//
//     loop's thread:   load, start, add, repeat, command  --queue of jobs-->
//     worker's thread: the job; partials go to the carrier, news to WorkerEvents
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "aircomp/inference/decoder.hpp"
#include "testbed/carrier.hpp"

namespace aircomp::runtime::testbed {

/// Called by the worker's thread.
struct WorkerEvents {
    std::function<void(std::uint32_t epoch, std::uint64_t weight_bytes)> loaded;
    /// A job threw: the slice is not to be trusted any more.
    std::function<void(const std::string& reason)> failed;
};

class SliceWorker {
public:
    /// Checkpoint and carrier must outlive the worker.
    SliceWorker(const inference::Checkpoint& checkpoint, int threads, PartialCarrier& carrier,
                WorkerEvents events);
    /// Waits for the job at hand; those after it are dropped.
    ~SliceWorker();
    SliceWorker(const SliceWorker&) = delete;
    SliceWorker& operator=(const SliceWorker&) = delete;

    /// Takes another slice, with an empty cache.
    void load(const control::Assignment& assignment);
    /// Computes the partial of a forward pass's first round from `x`, and carries it.
    void start(const Round& round, bool one_at_a_time, std::vector<float> x);
    /// Adds the last round's sum to x, and goes on with `round`.
    void add(const Round& round, std::vector<float> sum);
    /// Carries the last partial again.
    void repeat(const Round& round);
    /// Does something else between two jobs.
    void submit(std::function<void()> job);

private:
    void run();
    void compute(const Round& round);
    void attention(const Round& round);

    const inference::Checkpoint& checkpoint_;
    int threads_;
    PartialCarrier& carrier_;
    WorkerEvents events_;

    // The worker's thread's alone.
    std::optional<inference::DeviceModel> model_;
    std::optional<inference::KvCache> cache_;
    std::vector<float> x_;
    std::vector<float> partial_;
    bool one_at_a_time_ = false;

    std::mutex mutex_;
    std::condition_variable arrival_;
    std::deque<std::function<void()>> jobs_;
    bool ending_ = false;
    std::thread thread_;
};

/// Floating-point operations per second of this machine in an MLP of one token, measured within
/// some 50 ms.
double measure_compute_rate(int threads);

}  // namespace aircomp::runtime::testbed
