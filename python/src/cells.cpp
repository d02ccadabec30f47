// SPDX-License-Identifier: GPL-3.0-or-later
// A simulated cell, measured by the code of the program's commands; results are the commands' JSON.
#include <pybind11/functional.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <mutex>
#include <optional>

#include "aircomp/inference/thread_count.hpp"
#include "bindings.hpp"
#include "config/config_entry.hpp"
#include "config/registry.hpp"
#include "engine/default_calibration.hpp"
#include "experiment/comparison.hpp"
#include "experiment/config_json.hpp"
#include "experiment/config_overrides.hpp"
#include "experiment/model_plan.hpp"
#include "experiment/open_model.hpp"
#include "files/places.hpp"
#include "model_path.hpp"
#include "poll.hpp"

namespace aircomp::python {
namespace {

namespace py = pybind11;

using runtime::Config;

/// Told what is measured, and of how many tokens so many are done.
using Progress =
    std::function<void(const std::string& label, std::int64_t done, std::int64_t total)>;

struct Measurement {
    std::string protocol;
    std::int64_t context = 0;
    std::int64_t limit_tokens = 0;
    bool reference = false;
    bool sites = false;
    std::optional<Progress> progress;
};

runtime::EvaluationOptions options_of(const Measurement& measurement) {
    if (measurement.context < 0 || measurement.context == 1) {
        throw std::invalid_argument("context: expected 0 or at least 2, found " +
                                    std::to_string(measurement.context));
    }
    if (measurement.limit_tokens < 0) {
        throw std::invalid_argument("limit_tokens: expected at least 0, found " +
                                    std::to_string(measurement.limit_tokens));
    }
    runtime::EvaluationOptions options;
    options.protocol = inference::protocol_of(measurement.protocol);
    options.context = measurement.context;
    options.limit_tokens = measurement.limit_tokens;
    options.reference = measurement.reference;
    options.sites = measurement.sites;
    options.poll = SignalPoll();
    if (measurement.progress) {
        options.progress = [tell = *measurement.progress](const std::string& label) {
            return [=](std::int64_t done, std::int64_t total) { tell(label, done, total); };
        };
    }
    return options;
}

/// What Python's Cell holds. Its model is opened by the first call that needs it; calls from several
/// threads then run at once, each with a simulation of its own.
class PythonCell {
public:
    explicit PythonCell(Config config) : config_(std::move(config)) {}

    std::string config() {
        const std::lock_guard lock(mutex_);
        return runtime::configuration_json(runtime::entries_of(config_)).dump();
    }

    std::string perplexity(const std::string& text, const Measurement& measurement) {
        const auto options = options_of(measurement);
        open();
        calibrate({config_.scheme});
        return runtime::evaluate(config_, *model_, runtime::tokens_of_text(text, "text", *model_),
                                 options)
            .dump();
    }

    std::string compare(const std::string& text, const std::vector<std::string>& schemes,
                        const Measurement& measurement) {
        const auto options = options_of(measurement);
        open();
        calibrate(schemes);
        return runtime::compare(config_, *model_, runtime::tokens_of_text(text, "text", *model_),
                                schemes, options)
            .dump();
    }

private:
    /// The configuration does not change after it.
    void open() {
        const std::lock_guard lock(mutex_);
        if (model_) return;
        if (config_.model.folder.empty()) {
            throw std::invalid_argument(
                "no model: expected the argument model, or model.folder in the configuration");
        }
        auto model = runtime::open_model(config_, /*needs_tokenizer=*/true);
        runtime::choose_scheme(config_, model, polling(), /*seen=*/nullptr);
        model_.emplace(std::move(model));
    }

    /// Makes the model's calibration where one of the schemes needs it and it is still to be made.
    void calibrate(const std::vector<std::string>& schemes) {
        const std::lock_guard lock(mutex_);
        const bool needed = std::any_of(schemes.begin(), schemes.end(), [](const auto& name) {
            const runtime::Scheme& scheme = runtime::find_scheme(name);
            return scheme.analog || scheme.quantises;
        });
        if (!needed || config_.calibration.file != runtime::automatic_calibration) return;
        runtime::CalibrateOptions options = runtime::calibrate_options(
            model_->checkpoint, *model_->tokenizer, inference::thread_count(config_.threads));
        options.progress = [](const std::string&) { return polling(); };
        runtime::ensure_default_calibration(model_->checkpoint, *model_->tokenizer, options);
    }

    static std::function<void(std::int64_t, std::int64_t)> polling() {
        return [poll = SignalPoll()](std::int64_t, std::int64_t) mutable { poll(); };
    }

    std::mutex mutex_;
    Config config_;
    std::optional<runtime::Model> model_;
};

/// `file` is where the configuration stands, or would.
std::unique_ptr<PythonCell> make_cell(Config config, const std::filesystem::path& file,
                                      const std::string& origin,
                                      runtime::ConfigOverrides overrides) {
    if (!overrides.model_folder.empty())
        overrides.model_folder = model_path(overrides.model_folder);
    runtime::apply(overrides, config);
    runtime::look_into_caches(config, file);
    runtime::validate(config, origin, runtime::check_scheme);
    return std::make_unique<PythonCell>(std::move(config));
}

std::unique_ptr<PythonCell> cell_of_file(const std::string& file,
                                         const runtime::ConfigOverrides& overrides) {
    const std::string found = runtime::here_or_shipped(file).string();
    return make_cell(runtime::read_config(found, runtime::check_scheme), found, found, overrides);
}

std::unique_ptr<PythonCell> cell_of_text(const std::string& yaml, const std::string& folder,
                                         const runtime::ConfigOverrides& overrides) {
    return make_cell(runtime::parse_config(yaml, "configuration", folder),
                     std::filesystem::path(folder) / "configuration", "configuration", overrides);
}

void add_options(py::module_& core) {
    using runtime::ConfigOverrides;
    py::class_<ConfigOverrides>(core, "ConfigOverrides")
        .def(py::init<>())
        .def_readwrite("model", &ConfigOverrides::model_folder)
        .def_readwrite("devices", &ConfigOverrides::devices)
        .def_readwrite("scheme", &ConfigOverrides::scheme)
        .def_readwrite("snr_db", &ConfigOverrides::snr_db)
        .def_readwrite("shares", &ConfigOverrides::shares)
        .def_readwrite("seed", &ConfigOverrides::seed)
        .def_readwrite("threads", &ConfigOverrides::threads)
        .def_readwrite("digital_bits", &ConfigOverrides::digital_bits)
        .def_readwrite("calibration", &ConfigOverrides::calibration)
        .def_readwrite("csi", &ConfigOverrides::csi)
        .def_readwrite("medium", &ConfigOverrides::medium);
    py::class_<Measurement>(core, "Measurement")
        .def(py::init<std::string, std::int64_t, std::int64_t, bool, bool,
                      std::optional<Progress>>(),
             py::arg("protocol"), py::arg("context"), py::arg("limit_tokens"), py::arg("reference"),
             py::arg("sites"), py::arg("progress"));
}

}  // namespace

void add_cells(py::module_& core) {
    add_options(core);
    const auto released = py::call_guard<py::gil_scoped_release>();
    py::class_<PythonCell>(core, "Cell")
        .def_static("of_file", &cell_of_file, py::arg("file"), py::arg("overrides"), released)
        .def_static("of_text", &cell_of_text, py::arg("yaml"), py::arg("folder"),
                    py::arg("overrides"), released)
        .def_property_readonly("config", py::cpp_function(&PythonCell::config, released))
        .def("perplexity", &PythonCell::perplexity, py::arg("text"), py::arg("measurement"),
             released)
        .def("compare", &PythonCell::compare, py::arg("text"), py::arg("schemes"),
             py::arg("measurement"), released);
    core.def("schemes", [] { return runtime::name_list(runtime::schemes()); });
    core.def("compared_schemes", &runtime::compared_schemes);
}

}  // namespace aircomp::python
