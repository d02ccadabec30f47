// SPDX-License-Identifier: GPL-3.0-or-later
// A device's slice, its KV caches and the thread that computes with them, so that the thread of the
// sockets is always there for heartbeats.
//
//     loop's thread:   load, start, add, repeat  --queue of jobs-->
//     worker's thread: the job; partials go to the carrier, news to WorkerEvents
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "aircomp/inference/decoder.hpp"
#include "aircomp/inference/residual.hpp"
#include "daemon/carrier.hpp"
#include "daemon/job_thread.hpp"
#include "engine/model_coding.hpp"

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
    SliceWorker(const inference::Checkpoint& checkpoint, int threads,
                const inference::Compute& compute, PartialCarrier& carrier, WorkerEvents events);

    /// Takes another slice, with empty caches. Partials lack what `coding` foretells of them, where
    /// there is one.
    void load(const control::Assignment& assignment,
              const std::shared_ptr<const SharedCoding>& coding);
    /// How the vectors of a forward pass go through the slice.
    struct Pass {
        std::size_t conversation = 0;  ///< Whose cache it is.
        bool one_at_a_time = false;    ///< Each through the kernel for one.
    };
    /// Computes the partial of a forward pass's first round from `x`, and carries it.
    void start(const Round& round, const Pass& pass, std::vector<float> x);
    /// Adds the last round's sum to x, and goes on with `round`. What partials lacked of the sum is in it
    /// only where it is whole.
    void add(const Round& round, std::vector<float> sum, bool is_whole);
    /// Carries the last partial again.
    void repeat(const Round& round);

private:
    void compute(const Round& round);
    /// As it is carried, `foretold` included.
    Round carried(Round round) const;

    const inference::Checkpoint& checkpoint_;
    inference::Residual residual_;
    int threads_;
    inference::Compute compute_;
    PartialCarrier& carrier_;
    WorkerEvents events_;

    // The worker's thread's alone.
    std::optional<inference::DeviceModel> model_;
    std::vector<inference::KvCache> caches_;  ///< One for each conversation.
    std::optional<inference::ReferenceStream> reference_;
    std::vector<float> foretold_;  ///< Of the last partial's sum.
    std::vector<float> x_;
    inference::Site site_;  ///< Of the last partial.
    std::vector<float> partial_;
    Pass pass_;

    JobThread thread_;  // Uses all of the above: ends first.
};

}  // namespace aircomp::runtime::testbed
