// SPDX-License-Identifier: GPL-3.0-or-later
// Which of the devices that are there holds what: shares apportioned, memory kept.
#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "aircomp/inference/slice.hpp"
#include "config/config.hpp"

namespace aircomp::runtime::testbed {

/// What a device needs for each query head, KV group and FFN column, in all layers: weights and KV
/// cache. Devices that share a KV group have it each.
struct UnitBytes {
    double head = 0;
    double group = 0;
    double column = 0;
};

/// What the slice needs.
double bytes_of(const inference::ModelConfig& model, const UnitBytes& bytes,
                const inference::Slice& slice);

/// Where a weight of the layers takes so many bytes. `positions`: of all KV caches together.
UnitBytes unit_bytes(const inference::ModelConfig& model, double bytes_per_weight,
                     std::int64_t positions);

/// A device that could take part.
struct Candidate {
    std::string name;
    double weight = 0;  ///< Its share before it is divided by the sum; at least 0.
    double memory_bytes = 0;
    std::optional<UnitBytes> bytes = {};  ///< What it needs, where that is other than the plan's.
};

/// The candidates cannot hold the model between them; says what is missing.
class ModelDoesNotFit : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// A slice for each candidate, in their order. Shares are in proportion to the weights (equal where
/// all are 0), cut back where memory ends, the rest going to the others in proportion; whole units
/// are apportioned from them, and move on from who has no room to who has most. Throws
/// ModelDoesNotFit. `bytes`: what candidates need that do not say otherwise.
std::vector<inference::Slice> plan_slices(const inference::ModelConfig& model,
                                          const UnitBytes& bytes,
                                          const std::vector<Candidate>& candidates);

/// The same where the scheme chooses the shares: those of the long timescale for the candidates,
/// which are `devices` of the configuration. Their memory limits it, and where testbed.shares is
/// measured, their weights are their speeds, FLOP/s. Takes seconds.
std::vector<inference::Slice> choose_slices(const Config& config,
                                            const inference::ModelConfig& model,
                                            double bytes_per_weight, const UnitBytes& bytes,
                                            const std::vector<std::size_t>& devices,
                                            const std::vector<Candidate>& candidates);

}  // namespace aircomp::runtime::testbed
