// SPDX-License-Identifier: GPL-3.0-or-later
// All slices of a model in one process, their partials summed by a medium.
#pragma once

#include <cstdint>
#include <functional>
#include <gsl/span>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "aircomp/inference/continuation.hpp"
#include "aircomp/inference/decoder.hpp"
#include "aircomp/inference/perplexity.hpp"
#include "aircomp/inference/residual.hpp"
#include "config/config.hpp"
#include "engine/forward.hpp"
#include "engine/layout.hpp"
#include "engine/sum_error.hpp"
#include "schemes/medium.hpp"

namespace aircomp::runtime {

/// Runs sequences over all devices. Devices compute one after the other, each with all threads.
class SlicedModel {
public:
    /// `slices`: one per device of `config`. The checkpoint must outlive the object.
    SlicedModel(const inference::Checkpoint& checkpoint,
                const std::vector<inference::Slice>& slices, const Config& config);

    std::size_t devices() const { return devices_.size(); }
    std::int64_t context() const { return context_; }

    /// Says that a sequence will have at most so many tokens: what memory has to hold, and which
    /// frequencies rotary embeddings have, depend on it. Earlier sequences are gone. Throws
    /// std::invalid_argument that names the first device whose memory does not hold its slice and
    /// the keys and values of so many tokens. Unless it is said, sequences may grow to the context,
    /// and memory is looked at as they grow.
    void reserve(std::int64_t tokens);

    /// Logits behind the last of `tokens` at positions `position`, `position` + 1, ... of sequence 0;
    /// position 0 begins a new one. Prefill goes in chunks. Throws std::length_error, naming the limit,
    /// beyond the context.
    std::vector<float> forward(gsl::span<const inference::Token> tokens, std::int64_t position,
                               Medium& medium);

    /// Takes tokens of several sequences through the model in one pass, so that their vectors may share
    /// frames. Logits [vocabulary] of each that wants them, in order: they are, over exact sums, those
    /// that it would have alone. Throws as above, before anything is computed; std::invalid_argument
    /// too that names the first device whose memory does not hold its slice and the keys and values of
    /// all sequences.
    std::vector<std::vector<float>> forward(gsl::span<const inference::FreshTokens> fresh,
                                            Medium& medium);

    /// Whether all devices' memory holds keys and values of so many tokens, of all sequences
    /// together, beside their slices.
    bool holds(std::int64_t tokens) const { return !lacking_memory(tokens); }

    /// Frees the keys and values of a sequence.
    void forget(std::size_t sequence) { sequences_.erase(sequence); }

    /// Runs a new sequence 0. All its tokens' logits are charged for, whichever the function is asked
    /// for, as long as this object lives. Throws as forward().
    inference::RowLogits run_sequence(gsl::span<const inference::Token> tokens, Medium& medium);

    /// The tokens' embeddings, for run_some_sites(); they begin a new sequence 0. Throws as forward().
    TwoCopies begin_sequence(gsl::span<const inference::Token> tokens);
    /// Takes such tokens through the sites, by Site::index, whatever went through them before; `x` is
    /// the stream before the first of them. Requests have no features.
    void run_some_sites(inference::Range sites, TwoCopies& x, Medium& medium);
    /// Of rows of the stream behind the last site; not charged.
    void logits(gsl::span<const float> stream, gsl::span<float> logits) const {
        coordinator_.logits(stream, logits);
    }

    /// Passes call it before every site and end with what it throws, such as
    /// inference::Interrupted.
    void poll_with(std::function<void()> poll) { poll_ = std::move(poll); }

    /// From now on devices leave out of their partials what is foretold of them, and sums are
    /// completed by it.
    void foretell(const inference::Checkpoint& checkpoint,
                  const std::shared_ptr<const inference::SitePredictions>& predictions);

    /// From now on ways down that need them have these, by Site::index.
    void code_updates(std::shared_ptr<const UpdateCodes> updates) { updates_ = std::move(updates); }

    /// Operations for a vector at a site besides the model's own.
    struct CodingFlops {
        std::function<double(const inference::Slice& slice, const Site& site)> of_device;
        std::function<double(const Site& site)> of_server;
    };
    /// They are charged from now on.
    void charge_coding(CodingFlops flops) { coding_flops_ = std::move(flops); }

    /// From now on every sum is held against the exact one, which costs as much as another sum.
    void measure_errors();
    /// Of all sums since then or since reset_statistics(), by Site::index.
    const std::vector<SumError>& errors() const { return errors_; }
    double nmse() const;
    const ComputeUsage& compute() const { return compute_; }
    std::int64_t tokens() const { return tokens_; }
    void reset_statistics();

private:
    class OverMedium;

    /// The stream behind the last site, of the last token or of all.
    std::vector<float> run(gsl::span<const inference::Token> tokens, std::int64_t position,
                           Medium& medium, bool last_only);
    /// Why memory does not hold that, or nothing.
    std::optional<std::string> lacking_memory(std::int64_t tokens) const;
    void require_memory(std::int64_t tokens) const;

    struct Sequence {
        std::vector<inference::KvCache> caches;  ///< One per device.
        std::int64_t tokens = 0;                 ///< That they have grown to.
    };
    /// The caches of a sequence that is to have so many tokens. Throws where memory does not hold them.
    Sequence& grow(std::size_t sequence, std::int64_t tokens);
    /// The logits of a pass that is over: `streams` are the server's, of all tokens.
    std::vector<std::vector<float>> logits_of(gsl::span<const inference::FreshTokens> fresh,
                                              gsl::span<const float> streams, Medium& medium);
    using PartialsObserver =
        std::function<void(std::size_t device, gsl::span<const float> partial)>;
    /// Has devices make their partials of coded inputs, as a server makes them that gathers these.
    void code_inputs(const PartialsObserver& uncoded);
    Computing computing() const;

    Config config_;
    inference::ModelConfig model_;
    std::int64_t context_;
    std::vector<inference::Slice> slices_;
    inference::CoordinatorModel coordinator_;
    inference::Residual residual_;
    double bytes_per_weight_;
    bool gathers_;  ///< The server computes the last projections.
    bool closes_loop_;
    std::vector<std::vector<float>> norm_weights_;  ///< By Site::index, where sums are normed.
    std::vector<inference::DeviceModel> devices_;
    std::optional<inference::ReferenceStream> reference_;
    std::shared_ptr<const UpdateCodes> updates_;
    std::int64_t capacity_;  ///< Tokens of a sequence's caches.
    std::map<std::size_t, Sequence> sequences_;
    std::vector<std::vector<float>> partials_;
    std::vector<std::vector<float>>
        uncoded_;                    ///< What partials would be; where errors are measured.
    std::size_t uncoded_begin_ = 0;  ///< Of the stretch that is computed, in reals.
    bool measures_errors_ = false;
    std::function<void()> poll_;
    std::vector<SumError> errors_;
    std::optional<CodingFlops> coding_flops_;
    ComputeUsage compute_;
    std::int64_t tokens_ = 0;
};

}  // namespace aircomp::runtime
