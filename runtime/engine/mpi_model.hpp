// SPDX-License-Identifier: GPL-3.0-or-later
// The wired engine: one model over the ranks of an MPI job, rank 0 the coordinator, every other one
// a device with its slice. What the air replaces, measured instead of modelled.
#pragma once

#include <cstdint>
#include <functional>
#include <gsl/span>
#include <memory>
#include <string>
#include <vector>

#include "aircomp/inference/checkpoint.hpp"
#include "aircomp/inference/tokenizer.hpp"
#include "config/config.hpp"

namespace aircomp::runtime {

/// The MPI job that this process was started in. One per process, for its whole life.
class MpiJob {
public:
    /// Throws std::runtime_error where aircomp was built without MPI.
    MpiJob();
    ~MpiJob();
    MpiJob(const MpiJob&) = delete;
    MpiJob& operator=(const MpiJob&) = delete;

    int rank() const { return rank_; }
    int size() const { return size_; }
    /// Ranks of this job on this host.
    int ranks_here() const { return ranks_here_; }

    /// Called by all ranks: true where `setup` has returned on all of them. Otherwise rank 0 throws
    /// std::runtime_error with the first rank's error, the others return false.
    bool prepare(const std::function<void()>& setup) const;

    /// Called by all ranks: returns what rank 0 has called it with.
    std::string of_coordinator(std::string text) const;

    /// Runs `task`, in which ranks wait for each other: one that fails alone writes its error to
    /// standard error and ends the whole job.
    void work(const std::function<void()>& task) const;

    /// The communicator of all ranks but 0, on each of them, as MPI_Comm_f2c() takes it.
    int devices() const { return devices_; }

private:
    int rank_ = 0, size_ = 1, ranks_here_ = 1;
    int devices_ = 0;
};

/// Where the configuration uses a calibration file: throws std::runtime_error, naming rank and file,
/// unless the file is there and has the SHA-256 `expected`, in hexadecimal digits, of rank 0's.
void require_calibration(const Config& config, int rank, const std::string& expected);

/// What travelled between the devices, as seen by one of them.
struct MpiUsage {
    std::int64_t all_reduces = 0;
    std::int64_t sent_bytes = 0;  ///< Of partials, per device.
    double all_reduce_s = 0;      ///< Waiting for the slowest device included.
};

/// The same slices as in one process. Partials travel as float32 through MPI's all-reduce where the
/// scheme quantises nothing; else as the codes of the section digital, which every device adds in
/// float64; then devices leave out what a calibration file foretells, and transform the rest. What
/// ranks send and what sum they make of it is that of the scheme in one process, bit for bit.
class MpiModel {
public:
    /// Called by all ranks with the same arguments; rank r is device r - 1. The checkpoint must
    /// outlive the object. Throws std::invalid_argument where there are not as many ranks as
    /// devices and one more, or for another scheme; for a calibration file as ModelCoding does.
    MpiModel(const MpiJob& job, const inference::Checkpoint& checkpoint, const Config& config);
    ~MpiModel();
    MpiModel(const MpiModel&) = delete;
    MpiModel& operator=(const MpiModel&) = delete;

    /// On a device: computes for the coordinator until stop().
    void serve();

    /// On the coordinator: logits after the last of `tokens` at positions `position`, ... Throws
    /// std::length_error, naming the limit, beyond the context.
    std::vector<float> forward(gsl::span<const inference::Token> tokens, std::int64_t position);

    /// On the coordinator, once: ends serve() on all devices. Returns what device 0 has seen.
    MpiUsage stop();

    /// Shares as they are, equal where the configuration has none.
    const Config& config() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace aircomp::runtime
