// SPDX-License-Identifier: GPL-3.0-or-later
// The one loop over a model: from tokens over all layers and sites to logits. Whoever runs a model
// over devices runs it; what differs is who computes partials and what sums them.
#pragma once

#include <cstdint>
#include <functional>
#include <gsl/span>
#include <optional>
#include <string>
#include <vector>

#include "aircomp/inference/decoder.hpp"
#include "aircomp/inference/reference_stream.hpp"
#include "aircomp/inference/residual.hpp"
#include "coding/energy_forecast.hpp"
#include "engine/stretch.hpp"

namespace aircomp::runtime {

/// A vector of hidden_size for each of a pass's tokens, [vectors, hidden_size], as the
/// server and as the devices have it: x and its copy of docs/system-model.md section 9. Both begin alike; a
/// way down that loses something leaves the devices another copy.
struct TwoCopies {
    std::vector<float> server;
    std::vector<float> devices;
};

/// A site's sum as the server and as the devices have it.
struct SiteSum : TwoCopies {
    /// What the streams get, whole and normed: SiteCall::finish has been called. Otherwise it is what
    /// was sent, and everybody finishes it for himself.
    bool finished = false;
    /// The devices' copy of the stream before the sum, whole, where it had to be put right; otherwise
    /// empty.
    std::vector<float> copy;
};

/// One site on the way of a pass's tokens.
struct SiteCall {
    inference::Site site;
    gsl::span<const Stretch> stretches;  ///< Whose tokens they are, in order.
    std::int64_t position = 0;           ///< Of the first token in its sequence.
    std::int64_t vectors = 1;            ///< Of all stretches.
    std::int64_t length = 0;             ///< Reals of a vector.
    /// With a reference stream: what partials lack of the sum, [vectors, length], and what their
    /// energy is foretold from, [vectors].
    gsl::span<const float> foretold = {};
    gsl::span<const EnergyFeatures> features = {};
    /// In models that norm sums: makes of the server's sum of vector `v` what its stream gets, for ways
    /// down that send this. Empty in others.
    std::function<void(std::int64_t v, gsl::span<float> sum)> finish = {};
};

/// Why a pass ended before its logits.
struct PassFailure {
    std::optional<std::size_t> device;  ///< Whose fault it is, where it is a device's.
    std::string reason;
};

/// Who computes: slices in this process, behind links, or of this rank.
class Partials {
public:
    virtual ~Partials() = default;

    /// Has every device compute its partial of the site from `x`, the devices' copy of the stream.
    virtual std::optional<PassFailure> compute(const SiteCall& call, gsl::span<const float> x) = 0;
};

/// What sums: up to the server and down to the devices.
class AllReduce {
public:
    virtual ~AllReduce() = default;

    /// Brings the sum of the partials that were computed last, as the server and as the devices end
    /// up knowing it. `x` is the stream before it.
    virtual std::optional<PassFailure> sum(const SiteCall& call, const TwoCopies& x,
                                           SiteSum& sum) = 0;
};

/// Takes `x`, the tokens of `stretches` one after the other, through all sites of the model, in order:
/// both copies get their sum added, as `residual` does it, completed by `reference` where partials
/// lack what it foretells.
std::optional<PassFailure> run_sites(const inference::ModelConfig& model,
                                     const inference::Residual& residual,
                                     gsl::span<const Stretch> stretches, TwoCopies& x,
                                     Partials& partials, AllReduce& all_reduce,
                                     const inference::ReferenceStream* reference = nullptr);

/// The same of consecutive tokens of the only sequence.
std::optional<PassFailure> run_sites(const inference::ModelConfig& model,
                                     const inference::Residual& residual, std::int64_t position,
                                     TwoCopies& x, Partials& partials, AllReduce& all_reduce,
                                     const inference::ReferenceStream* reference = nullptr);

/// The same through some sites alone, by Site::index: `x` is the stream before the first of them. Calls
/// have no features, which would be of earlier sites too.
std::optional<PassFailure> run_some_sites(const inference::ModelConfig& model,
                                          const inference::Residual& residual,
                                          inference::Range sites,
                                          gsl::span<const Stretch> stretches, TwoCopies& x,
                                          Partials& partials, AllReduce& all_reduce,
                                          const inference::ReferenceStream* reference = nullptr);

/// The server's stream behind the last site, or why there is none.
struct StreamResult {
    std::vector<float> stream;  ///< [rows, hidden_size]; empty after a failure.
    std::optional<PassFailure> failure;
};

/// Logits, or why there are none.
struct PassResult {
    std::vector<float> logits;  ///< [rows, vocabulary]; empty after a failure.
    std::optional<PassFailure> failure;
};

/// How many tokens a pass may hold at all and at once, and what of it is asked for.
struct PassLimits {
    std::int64_t context = 0;        ///< Tokens of a sequence.
    std::int64_t prefill_chunk = 0;  ///< Vectors of one all-reduce at most.
    bool last_only = true;           ///< Of the last token alone.
};

/// Takes the stream of some consecutive tokens from `position` on through all sites.
using RunChunk = std::function<std::optional<PassFailure>(std::int64_t position, TwoCopies& x)>;

/// Throws std::length_error, naming the limit, where `tokens` at `position` go beyond `context`;
/// std::invalid_argument without a token.
void check_tokens(gsl::span<const inference::Token> tokens, std::int64_t position,
                  std::int64_t context);

/// Embeds `tokens`, which stand at `position`, `position` + 1, ..., and takes them through
/// `run_chunk` chunk by chunk. Throws as check_tokens() does.
StreamResult forward_stream(const inference::CoordinatorModel& coordinator,
                            const inference::ModelConfig& model, const PassLimits& limits,
                            gsl::span<const inference::Token> tokens, std::int64_t position,
                            const RunChunk& run_chunk);

/// The same, and the logits of that stream.
PassResult forward(const inference::CoordinatorModel& coordinator,
                   const inference::ModelConfig& model, const PassLimits& limits,
                   gsl::span<const inference::Token> tokens, std::int64_t position,
                   const RunChunk& run_chunk);

}  // namespace aircomp::runtime
