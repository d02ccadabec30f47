// SPDX-License-Identifier: GPL-3.0-or-later
// Measure `perplexity`: a text through a scheme.
#include "experiment/measures.hpp"
#include "experiment/measures/of_point.hpp"

namespace aircomp::runtime {
namespace {

Json measure_perplexity(const ExperimentPoint& point) {
    const Model model = open_model(point.config, /*needs_tokenizer=*/true);
    const Json result = evaluate(point.config, model, evaluation_of(point.setup));
    Json row;
    for (const char* key : {"nmse", "perplexity", "bits_per_byte", "tokens", "clipped_fraction"})
        row[key] = result[key];
    for (const char* key : {"kl_nats", "kl_standard_error_nats", "top1_agreement"})
        if (result.contains(key) && result[key].is_number()) row[key] = result[key];
    row.update(token_columns(point, result["time_per_token"]));
    return row;
}

}  // namespace

Measure perplexity_measure() {
    return {"perplexity",
            "how well the model predicts a text, and what a token of it costs",
            {"text"},
            measure_perplexity};
}

}  // namespace aircomp::runtime
