// SPDX-License-Identifier: GPL-3.0-or-later
// Slices from the numbers of query heads and FFN columns that devices hold.
#include "aircomp/inference/slice.hpp"

#include <stdexcept>
#include <string>

namespace aircomp::inference {

namespace {

/// Consecutive ranges of the given sizes, which must cover [0, total).
std::vector<Range> consecutive(const std::vector<std::int64_t>& sizes, std::int64_t total,
                               const char* what) {
    std::vector<Range> ranges;
    std::int64_t begin = 0;
    for (const std::int64_t size : sizes) {
        // Sizes beyond what is left are refused at once, so that the sum cannot overflow.
        if (size < 0 || size > total - begin) {
            throw std::invalid_argument("slice of device " + std::to_string(ranges.size()) +
                                        ": expected 0 to " + std::to_string(total - begin) + " " +
                                        what + ", as many as are left of the model's " +
                                        std::to_string(total) + ", found " + std::to_string(size));
        }
        ranges.push_back({begin, begin + size});
        begin += size;
    }
    if (begin != total) {
        throw std::invalid_argument("slices: expected " + std::to_string(total) + " " + what +
                                    " over all devices, found " + std::to_string(begin));
    }
    return ranges;
}

}  // namespace

Range columns_of_slice(const ModelConfig& config, const Slice& slice, std::int64_t all) {
    const Range own = slice.ffn_columns;
    return {own.begin * all / config.ffn_size, own.end * all / config.ffn_size};
}

Range kv_groups_of(const ModelConfig& config, const Slice& slice) {
    const std::int64_t per_group = config.heads_per_group();
    const std::int64_t begin = slice.heads.begin / per_group;
    if (slice.heads.empty()) return {begin, begin};
    return {begin, (slice.heads.end + per_group - 1) / per_group};
}

Slice Unit::first(std::int64_t held) const {
    Slice slice;
    slice.*range = {0, held};
    return slice;
}

std::vector<Unit> units_of(const ModelConfig& config) {
    return {{"query heads", config.heads, &Slice::heads},
            {"FFN columns", config.ffn_size, &Slice::ffn_columns}};
}

std::vector<Slice> make_slices(const ModelConfig& config, const UnitCounts& counts) {
    const auto units = units_of(config);
    if (counts.size() != units.size()) {
        throw std::invalid_argument("slices: expected counts of " + std::to_string(units.size()) +
                                    " kinds of units, found " + std::to_string(counts.size()));
    }
    std::vector<Slice> slices(counts.front().size());
    for (std::size_t k = 0; k < units.size(); ++k) {
        if (counts[k].size() != slices.size()) {
            throw std::invalid_argument(std::string("slices: expected as many devices with ") +
                                        units.front().name + " as with " + units[k].name +
                                        ", found " + std::to_string(slices.size()) + " and " +
                                        std::to_string(counts[k].size()));
        }
        const auto ranges = consecutive(counts[k], units[k].count, units[k].name);
        for (std::size_t n = 0; n < slices.size(); ++n)
            slices[n].*units[k].range = ranges[n];
    }
    return slices;
}

Slice whole_model(const ModelConfig& config) {
    return {{0, config.heads}, {0, config.ffn_size}};
}

}  // namespace aircomp::inference
