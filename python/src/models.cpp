// SPDX-License-Identifier: GPL-3.0-or-later
// A whole model in this process, through the loop that runs it over devices.
#include <pybind11/functional.h>
#include <pybind11/stl.h>

#include <functional>
#include <mutex>
#include <optional>

#include "aircomp/inference/sampler.hpp"
#include "arrays.hpp"
#include "bindings.hpp"
#include "engine/simulation.hpp"
#include "experiment/prompt.hpp"
#include "model_path.hpp"
#include "poll.hpp"

namespace aircomp::python {
namespace {

using inference::Token;

/// One device that holds all.
runtime::Config one_device(const std::string& folder, int threads) {
    runtime::Config config = runtime::default_config(1);
    config.scheme = runtime::unsplit_scheme().name;
    config.model.folder = folder;
    config.threads = threads;
    runtime::validate(config, "model", runtime::check_scheme);
    return config;
}

/// What Python's Model holds. Calls from several threads wait for each other, without Python's lock.
class PythonModel {
public:
    PythonModel(const std::string& name, int threads)
        : config_(one_device(model_path(name), threads)),
          model_(runtime::open_model(config_, /*needs_tokenizer=*/false)),
          simulation_(config_, model_.checkpoint, nullptr, SignalPoll()) {}

    const inference::ModelConfig& sizes() const { return model_.checkpoint.config(); }
    std::string path() const { return model_.checkpoint.folder().string(); }

    /// It may serve many threads.
    const inference::Tokenizer& tokenizer() {
        const std::lock_guard lock(mutex_);
        return opened_tokenizer();
    }

    /// Logits [tokens - first, vocabulary] behind the tokens from `first` on.
    std::vector<float> logits(const std::vector<Token>& tokens, std::int64_t first) {
        const std::lock_guard lock(mutex_);
        const auto count = static_cast<std::int64_t>(tokens.size());
        simulation_.model().reserve(std::max<std::int64_t>(1, count));
        const auto row_logits = simulation_.forward()(tokens);
        std::vector<float> logits(
            static_cast<std::size_t>((count - first) * sizes().vocabulary_size));
        row_logits(first, logits);
        return logits;
    }

    std::vector<Token> prompt_tokens(const std::string& prompt) {
        const std::lock_guard lock(mutex_);
        opened_tokenizer();
        return runtime::prompt_tokens(model_, prompt);
    }

    /// Prompt and continuation.
    std::vector<Token> generate(std::vector<Token> prompt, std::int64_t max_tokens,
                                const inference::SamplingOptions& sampling,
                                const std::function<void(Token)>& emit) {
        const std::lock_guard lock(mutex_);
        inference::ContinuationOptions options;
        options.sampled_vocabulary = opened_tokenizer().size();
        options.tokens = max_tokens;
        options.stop_tokens = runtime::stop_tokens(model_);
        runtime::require_context(config_, model_, {prompt.size(), "prompt"}, max_tokens,
                                 "max_tokens");
        simulation_.model().reserve(static_cast<std::int64_t>(prompt.size()) + max_tokens);
        inference::Sampler sampler(sampling);
        return inference::continue_text(simulation_.next_logits(), sampler, std::move(prompt),
                                        options, emit);
    }

private:
    const inference::Tokenizer& opened_tokenizer() {
        if (!model_.tokenizer) {
            model_.tokenizer = inference::load_tokenizer(config_.model.folder);
            inference::require_same_vocabulary(*model_.tokenizer, sizes());
        }
        return *model_.tokenizer;
    }

    std::mutex mutex_;
    runtime::Config config_;
    runtime::Model model_;
    runtime::Simulation simulation_;
};

py::dict sizes_of(const PythonModel& model) {
    const auto& sizes = model.sizes();
    py::dict result;
    result["architecture"] = sizes.architecture;
    result["layers"] = sizes.layers;
    result["hidden_size"] = sizes.hidden_size;
    result["ffn_size"] = sizes.ffn_size;
    result["heads"] = sizes.heads;
    result["kv_heads"] = sizes.kv_heads;
    result["head_dim"] = sizes.head_dim;
    result["vocabulary_size"] = sizes.vocabulary_size;
    result["context"] = sizes.context;
    result["sums_per_token"] = sizes.sites();
    return result;
}

void require_token(Token token, std::int64_t size) {
    if (token < size) return;
    throw std::invalid_argument("ids: expected token ids from 0 to " + std::to_string(size - 1) +
                                ", found " + std::to_string(token));
}

py::array_t<float> logits(PythonModel& model, const py::object& ids, std::int64_t first) {
    const auto tokens = tokens_of(ids, "ids");
    const auto count = static_cast<std::int64_t>(tokens.size());
    const std::int64_t vocabulary = model.sizes().vocabulary_size;
    for (const Token token : tokens)
        require_token(token, vocabulary);
    if (count == 0) throw std::invalid_argument("ids: expected at least one token id, found none");
    const std::int64_t begin = first < 0 ? count + first : first;
    if (begin < 0 || begin >= count) {
        throw std::invalid_argument("first: expected from " + std::to_string(-count) + " to " +
                                    std::to_string(count - 1) + " for so many ids, found " +
                                    std::to_string(first));
    }
    std::vector<float> result;
    {
        const py::gil_scoped_release release;
        result = model.logits(tokens, begin);
    }
    return array_of(std::move(result), {count - begin, vocabulary});
}

py::array_t<Token> tokens(PythonModel& model, const std::string& text, bool bos) {
    std::vector<Token> result;
    {
        const py::gil_scoped_release release;
        const auto& tokenizer = model.tokenizer();
        result = tokenizer.encode(text);
        if (bos && tokenizer.bos()) result.insert(result.begin(), *tokenizer.bos());
    }
    return array_of(std::move(result));
}

py::bytes text(PythonModel& model, const py::object& ids) {
    const auto tokens = tokens_of(ids, "ids");
    std::string result;
    {
        const py::gil_scoped_release release;
        const auto& tokenizer = model.tokenizer();
        for (const Token token : tokens)
            require_token(token, tokenizer.size());
        result = tokenizer.decode_text(tokens);
    }
    return result;
}

/// `prompt` is a text or token ids.
py::tuple generate(PythonModel& model, const py::object& prompt, std::int64_t max_tokens,
                   double temperature, std::int64_t top_k, double top_p, double repetition_penalty,
                   std::uint64_t seed, const std::optional<std::function<void(Token)>>& on_token) {
    const bool is_text = py::isinstance<py::str>(prompt);
    const std::string begin = is_text ? prompt.cast<std::string>() : "";
    auto tokens = is_text ? std::vector<Token>() : tokens_of(prompt, "prompt");
    for (const Token token : tokens)
        require_token(token, model.sizes().vocabulary_size);
    if (!is_text && tokens.empty())
        throw std::invalid_argument("prompt: expected at least one token id, found none");
    if (max_tokens < 1) {
        throw std::invalid_argument("max_tokens: expected at least 1, found " +
                                    std::to_string(max_tokens));
    }
    const inference::SamplingOptions sampling{temperature, top_k, top_p, repetition_penalty, seed};
    const auto emit = [&](Token token) {
        if (on_token) (*on_token)(token);
    };
    std::string whole;
    std::size_t made = 0;
    {
        const py::gil_scoped_release release;
        if (is_text) tokens = model.prompt_tokens(begin);
        const std::size_t prompt_size = tokens.size();
        tokens = model.generate(std::move(tokens), max_tokens, sampling, emit);
        made = tokens.size() - prompt_size;
        whole = model.tokenizer().decode_text(tokens);
    }
    return py::make_tuple(py::bytes(whole), array_of(std::move(tokens)), made);
}

}  // namespace

void add_models(py::module_& core) {
    py::class_<PythonModel>(core, "Model")
        .def(py::init<const std::string&, int>(), py::arg("path"), py::arg("threads"),
             py::call_guard<py::gil_scoped_release>())
        .def_property_readonly("path", &PythonModel::path)
        .def_property_readonly("sizes", &sizes_of)
        .def_property_readonly("bos",
                               [](PythonModel& model) {
                                   const py::gil_scoped_release release;
                                   return model.tokenizer().bos();
                               })
        .def_property_readonly("eos",
                               [](PythonModel& model) {
                                   const py::gil_scoped_release release;
                                   return model.tokenizer().eos();
                               })
        .def("tokens", &tokens, py::arg("text"), py::arg("bos"))
        .def("text", &text, py::arg("ids"))
        .def("logits", &logits, py::arg("ids"), py::arg("first"))
        .def("generate", &generate, py::arg("prompt"), py::arg("max_tokens"), py::kw_only(),
             py::arg("temperature"), py::arg("top_k"), py::arg("top_p"),
             py::arg("repetition_penalty"), py::arg("seed"), py::arg("on_token"));
}

}  // namespace aircomp::python
