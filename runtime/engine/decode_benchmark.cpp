// SPDX-License-Identifier: GPL-3.0-or-later
// Times tokens and plain reads of memory in turn.
#include "engine/decode_benchmark.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "aircomp/inference/machine_speed.hpp"
#include "engine/forward.hpp"

namespace aircomp::runtime {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

double median(std::vector<double> values) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

/// The whole model on one device: its partials are the sums.
class WholeModel final : public Partials, public AllReduce {
public:
    WholeModel(const inference::Checkpoint& checkpoint, int threads, std::int64_t capacity,
               const inference::Compute& compute)
        : config_(checkpoint.config()),
          limits_{capacity, 1, /*last_only=*/true},
          coordinator_(checkpoint, threads),
          residual_(checkpoint),
          device_(checkpoint, inference::whole_model(config_), threads, compute),
          cache_(config_, inference::whole_model(config_), capacity) {}

    /// Returns the most likely token after `token`.
    inference::Token step(inference::Token token) {
        const auto run_chunk = [this](std::int64_t position, TwoCopies& x) {
            return run_sites(config_, residual_, position, x, *this, *this);
        };
        const auto logits =
            forward(coordinator_, config_, limits_, {&token, 1}, position_++, run_chunk).logits;
        return static_cast<inference::Token>(std::max_element(logits.begin(), logits.end()) -
                                             logits.begin());
    }

    /// Decodes another token, the most likely one; how long that takes, s.
    double timed_step() {
        const auto start = Clock::now();
        token_ = step(token_);
        return seconds_since(start);
    }

    std::size_t weight_bytes() const {
        return coordinator_.weight_bytes() + device_.weight_bytes();
    }

    std::optional<PassFailure> compute(const SiteCall& call, gsl::span<const float> x) override {
        partial_.resize(x.size());
        device_.partial(call.site, x, call.position, cache_, partial_);
        return std::nullopt;
    }

    std::optional<PassFailure> sum(const SiteCall&, const TwoCopies&, SiteSum& sum) override {
        sum.server = partial_;
        sum.devices = partial_;
        return std::nullopt;
    }

private:
    inference::ModelConfig config_;
    PassLimits limits_;
    inference::CoordinatorModel coordinator_;
    inference::Residual residual_;
    inference::DeviceModel device_;
    inference::KvCache cache_;
    std::int64_t position_ = 0;
    inference::Token token_ = 0;
    std::vector<float> partial_;
};

}  // namespace

DecodeSpeed measure_decode_speed(const inference::Checkpoint& checkpoint, int threads, int tokens,
                                 const std::optional<inference::Compute>& torch) {
    if (tokens < 1) {
        throw std::invalid_argument("decode benchmark: expected at least 1 token, found " +
                                    std::to_string(tokens));
    }
    inference::ReadProbe memory(threads);
    WholeModel decoder(checkpoint, threads, tokens + 1, {});
    std::optional<WholeModel> other;
    if (torch) other.emplace(checkpoint, threads, tokens + 1, *torch);
    const auto bytes = static_cast<double>(decoder.weight_bytes());

    std::vector<double> seconds, bandwidths, fractions, other_seconds, ratios;
    // Not counted: they make pages and threads ready.
    decoder.timed_step();
    if (other) other->timed_step();
    double before = memory.bytes_per_s();
    for (int i = 0; i < tokens; ++i) {
        seconds.push_back(decoder.timed_step());
        const double after = memory.bytes_per_s();
        bandwidths.push_back(after);
        fractions.push_back(bytes / seconds.back() / ((before + after) / 2));
        before = after;
        if (!other) continue;
        other_seconds.push_back(other->timed_step());
        ratios.push_back(seconds.back() / other_seconds.back());
        memory.bytes_per_s();  // Meanwhile threads of its BLAS stop waiting for work.
        before = memory.bytes_per_s();
    }
    DecodeSpeed speed = {1 / median(seconds), bytes, median(bandwidths), median(fractions)};
    if (!other) return speed;
    speed.torch_tokens_per_s = 1 / median(other_seconds);
    speed.torch_over_kernels = median(ratios);
    return speed;
}

}  // namespace aircomp::runtime
