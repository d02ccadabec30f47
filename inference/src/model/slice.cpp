// SPDX-License-Identifier: GPL-3.0-or-later
// Slices from the numbers of KV groups and FFN columns that devices hold.
#include "aircomp/inference/slice.hpp"

#include <stdexcept>
#include <string>

namespace aircomp::inference {

namespace {

/// Consecutive ranges of the given sizes, which must cover [0, total).
std::vector<Range> consecutive(gsl::span<const std::int64_t> sizes, std::int64_t total,
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

std::vector<Slice> make_slices(const ModelConfig& config, gsl::span<const std::int64_t> kv_groups,
                               gsl::span<const std::int64_t> ffn_columns) {
    if (kv_groups.size() != ffn_columns.size()) {
        throw std::invalid_argument(
            "slices: expected as many devices with KV groups as with FFN "
            "columns, found " +
            std::to_string(kv_groups.size()) + " and " + std::to_string(ffn_columns.size()));
    }
    const auto groups = consecutive(kv_groups, config.kv_heads, "KV groups");
    const auto columns = consecutive(ffn_columns, config.ffn_size, "FFN columns");
    std::vector<Slice> slices;
    for (std::size_t n = 0; n < groups.size(); ++n)
        slices.push_back({groups[n], columns[n]});
    return slices;
}

Slice whole_model(const ModelConfig& config) {
    return {{0, config.kv_heads}, {0, config.ffn_size}};
}

}  // namespace aircomp::inference
