// SPDX-License-Identifier: GPL-3.0-or-later
// Embedding, sites, head.
#include "engine/forward.hpp"

#include <algorithm>
#include <stdexcept>

#include "aircomp/inference/add.hpp"
#include "engine/energy_history.hpp"

namespace aircomp::runtime {
namespace {

/// copy += x, where there is a copy: who is no server has none of the server's.
void add_to_copy(gsl::span<const float> x, gsl::span<float> copy) {
    if (!copy.empty()) inference::add(x, copy);
}

/// What partials of the site lack of the sum, stretch by stretch: who travels beside a token changes
/// nothing about it.
void foretell(const inference::ReferenceStream& reference, const SiteCall& call,
              gsl::span<const float> x, gsl::span<float> foretold) {
    std::fill(foretold.begin(), foretold.end(), 0.0F);
    std::size_t begin = 0;
    for (const Stretch& stretch : call.stretches) {
        const auto size = static_cast<std::size_t>(stretch.vectors * call.length);
        reference.complete(call.site, x.subspan(begin, size), stretch.position,
                           foretold.subspan(begin, size));
        begin += size;
    }
}

}  // namespace

void check_tokens(gsl::span<const inference::Token> tokens, std::int64_t position,
                  std::int64_t context) {
    if (tokens.empty()) throw std::invalid_argument("forward needs at least one token");
    const std::int64_t needed = position + static_cast<std::int64_t>(tokens.size());
    if (needed <= context) return;
    throw std::length_error("the sequence needs " + std::to_string(needed) +
                            " tokens, the context holds " + std::to_string(context));
}

std::optional<PassFailure> run_sites(const inference::ModelConfig& model,
                                     const inference::Residual& residual, std::int64_t position,
                                     TwoCopies& x, Partials& partials, AllReduce& all_reduce,
                                     const inference::ReferenceStream* reference) {
    const Stretch all = {position, static_cast<std::int64_t>(x.devices.size()) / model.hidden_size};
    return run_sites(model, residual, {&all, 1}, x, partials, all_reduce, reference);
}

std::optional<PassFailure> run_sites(const inference::ModelConfig& model,
                                     const inference::Residual& residual,
                                     gsl::span<const Stretch> stretches, TwoCopies& x,
                                     Partials& partials, AllReduce& all_reduce,
                                     const inference::ReferenceStream* reference) {
    return run_some_sites(model, residual, {0, model.sites()}, stretches, x, partials, all_reduce,
                          reference);
}

std::optional<PassFailure> run_some_sites(const inference::ModelConfig& model,
                                          const inference::Residual& residual,
                                          inference::Range sites,
                                          gsl::span<const Stretch> stretches, TwoCopies& x,
                                          Partials& partials, AllReduce& all_reduce,
                                          const inference::ReferenceStream* reference) {
    SiteSum sum;
    sum.server.resize(x.server.size());
    sum.devices.resize(x.devices.size());
    std::vector<float> foretold(reference == nullptr ? 0 : x.devices.size());
    SiteCall call;
    call.stretches = stretches;
    call.position = stretches[0].position;
    call.length = model.hidden_size;
    call.vectors = static_cast<std::int64_t>(x.devices.size()) / call.length;
    EnergyHistory history(call.vectors, call.length);
    std::vector<float> received(x.devices.size()), whole(x.devices.size());
    if (model.design.norm_after) {
        call.finish = [&](std::int64_t v, gsl::span<float> one) {
            const std::size_t begin = static_cast<std::size_t>(v) * one.size();
            std::copy(one.begin(), one.end(),
                      received.begin() + static_cast<std::ptrdiff_t>(begin));
            if (reference != nullptr)
                inference::add(gsl::span<const float>(foretold).subspan(begin, one.size()), one);
            std::copy(one.begin(), one.end(), whole.begin() + static_cast<std::ptrdiff_t>(begin));
            residual.norm(call.site, one);
        };
    }
    const bool is_whole = sites.begin == 0 && sites.end == model.sites();
    for (std::int64_t index = sites.begin; index < sites.end; ++index) {
        call.site = model.site(index);
        sum.finished = false;
        sum.copy.clear();
        if (auto failure = partials.compute(call, x.devices)) return failure;
        if (reference != nullptr) {
            foretell(*reference, call, x.devices, foretold);
            call.foretold = foretold;
            if (is_whole) call.features = history.features(x.devices, foretold);
        }
        if (auto failure = all_reduce.sum(call, x, sum)) return failure;
        if (!sum.copy.empty()) x.devices = sum.copy;
        if (!sum.finished) {
            if (reference != nullptr) {
                received = sum.devices;
                add_to_copy(foretold, sum.server);
                add_to_copy(foretold, sum.devices);
                whole = sum.devices;
            }
            residual.norm(call.site, sum.server);
            residual.norm(call.site, sum.devices);
        }
        if (reference != nullptr) history.add(received, whole);
        add_to_copy(sum.server, x.server);
        add_to_copy(sum.devices, x.devices);
    }
    return std::nullopt;
}

StreamResult forward_stream(const inference::CoordinatorModel& coordinator,
                            const inference::ModelConfig& model, const PassLimits& limits,
                            gsl::span<const inference::Token> tokens, std::int64_t position,
                            const RunChunk& run_chunk) {
    check_tokens(tokens, position, limits.context);
    const auto length = static_cast<std::size_t>(model.hidden_size);
    const auto most = static_cast<std::size_t>(limits.prefill_chunk);
    StreamResult result;
    for (std::size_t begin = 0; begin < tokens.size(); begin += most) {
        const auto chunk = tokens.subspan(begin, std::min(most, tokens.size() - begin));
        TwoCopies x;
        x.server.resize(chunk.size() * length);
        coordinator.embed(chunk, x.server);
        x.devices = x.server;
        if (auto failure = run_chunk(position + static_cast<std::int64_t>(begin), x))
            return {{}, std::move(failure)};
        if (limits.last_only) result.stream.clear();
        const std::size_t kept = limits.last_only ? length : x.server.size();
        result.stream.insert(result.stream.end(),
                             x.server.end() - static_cast<std::ptrdiff_t>(kept), x.server.end());
    }
    return result;
}

PassResult forward(const inference::CoordinatorModel& coordinator,
                   const inference::ModelConfig& model, const PassLimits& limits,
                   gsl::span<const inference::Token> tokens, std::int64_t position,
                   const RunChunk& run_chunk) {
    auto ends = forward_stream(coordinator, model, limits, tokens, position, run_chunk);
    if (ends.failure) return {{}, std::move(ends.failure)};
    PassResult result;
    result.logits.resize(ends.stream.size() / static_cast<std::size_t>(model.hidden_size) *
                         static_cast<std::size_t>(model.vocabulary_size));
    coordinator.logits(ends.stream, result.logits);
    return result;
}

}  // namespace aircomp::runtime
