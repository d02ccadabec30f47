// SPDX-License-Identifier: GPL-3.0-or-later
// Embedding, sites, head.
#include "engine/forward.hpp"

#include <algorithm>
#include <stdexcept>

#include "aircomp/inference/add.hpp"
#include "engine/energy_history.hpp"

namespace aircomp::runtime {
namespace {

void check(gsl::span<const inference::Token> tokens, std::int64_t position,
           const PassLimits& limits) {
    if (tokens.empty()) throw std::invalid_argument("forward needs at least one token");
    const std::int64_t needed = position + static_cast<std::int64_t>(tokens.size());
    if (needed <= limits.context) return;
    throw std::length_error("the sequence needs " + std::to_string(needed) +
                            " tokens, the context holds " + std::to_string(limits.context));
}

/// copy += x, where there is a copy: who is no server has none of the server's.
void add_to_copy(gsl::span<const float> x, gsl::span<float> copy) {
    if (!copy.empty()) inference::add(x, copy);
}

}  // namespace

std::optional<PassFailure> run_sites(const inference::ModelConfig& model,
                                     const inference::Residual& residual, std::int64_t position,
                                     TwoCopies& x, Partials& partials, AllReduce& all_reduce,
                                     const inference::ReferenceStream* reference) {
    SiteSum sum;
    sum.server.resize(x.server.size());
    sum.devices.resize(x.devices.size());
    std::vector<float> foretold(reference == nullptr ? 0 : x.devices.size());
    SiteCall call;
    call.position = position;
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
    for (std::int64_t index = 0; index < model.sites(); ++index) {
        call.site = model.site(index);
        sum.finished = false;
        if (auto failure = partials.compute(call, x.devices)) return failure;
        if (reference != nullptr) {
            std::fill(foretold.begin(), foretold.end(), 0.0F);
            reference->complete(call.site, x.devices, position, foretold);
            call.foretold = foretold;
            call.features = history.features(x.devices, foretold);
        }
        if (auto failure = all_reduce.sum(call, x, sum)) return failure;
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
    check(tokens, position, limits);
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
