// SPDX-License-Identifier: GPL-3.0-or-later
// The driver: one model cut over devices, its half-steps joined by a medium, in one process.
#pragma once

#include <cstdint>
#include <gsl/span>
#include <vector>

#include "aircomp/inference/decoder.hpp"
#include "config/config.hpp"
#include "engine/layout.hpp"
#include "schemes/medium.hpp"

namespace aircomp::runtime {

/// Accumulated error of one site's sums, for the NMSE of SYSTEM.md section 3.
struct SumError {
    double error = 0;   ///< ||z_hat - z||^2
    double signal = 0;  ///< ||z||^2

    double nmse() const { return signal > 0 ? error / signal : 0; }

    /// Counts a sum as it arrived against the exact one, of the same size.
    void add(gsl::span<const float> sum, gsl::span<const float> exact);
};

/// Runs sequences over all devices. Devices compute one after the other, each with all threads.
class SlicedModel {
public:
    /// `slices`: one per device of `config`. The checkpoint must outlive the object.
    SlicedModel(const inference::Checkpoint& checkpoint,
                const std::vector<inference::Slice>& slices, const Config& config);

    std::size_t devices() const { return devices_.size(); }
    std::int64_t context() const { return context_; }

    /// Logits of `tokens` at positions `position`, `position` + 1, ...; position 0 begins a new
    /// sequence. Prefill goes in chunks. With `last_only` the result is [vocabulary], else
    /// [tokens, vocabulary]. Throws std::length_error, naming the limit, beyond the context.
    std::vector<float> forward(gsl::span<const inference::Token> tokens, std::int64_t position,
                               Medium& medium, bool last_only);

    /// Of all sums since construction or reset_statistics(), by Site::index.
    const std::vector<SumError>& errors() const { return errors_; }
    double nmse() const;
    const ComputeUsage& compute() const { return compute_; }
    std::int64_t tokens() const { return tokens_; }
    void reset_statistics();

private:
    void run_chunk(gsl::span<float> x, std::int64_t position, Medium& medium);
    void reduce(Site site, std::int64_t position, gsl::span<float> x, Medium& medium);

    Config config_;
    inference::ModelConfig model_;
    std::int64_t context_;
    std::vector<inference::Slice> slices_;
    inference::CoordinatorModel coordinator_;
    std::vector<inference::DeviceModel> devices_;
    std::vector<inference::KvCache> caches_;
    std::vector<std::vector<float>> partials_;
    std::vector<SumError> errors_;
    ComputeUsage compute_;
    std::int64_t tokens_ = 0;
};

}  // namespace aircomp::runtime
