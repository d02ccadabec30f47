// SPDX-License-Identifier: GPL-3.0-or-later
// aircomp coordinator: continues a prompt over device processes.
#include <algorithm>
#include <cmath>
#include <iostream>

#include "commands.hpp"
#include "daemon/testbed.hpp"
#include "engine/default_calibration.hpp"
#include "engine/model_coding.hpp"
#include "engine/simulation.hpp"
#include "experiment_options.hpp"
#include "generation.hpp"
#include "model_option.hpp"
#include "open_files.hpp"
#include "schemes/registry.hpp"
#include "serving_options.hpp"
#include "validators.hpp"

namespace aircomp::app {
namespace {

struct CoordinatorOptions {
    std::string config_file;
    std::string model_folder;
    std::string prompt;
    std::string text_file;
    ChatOptions turn;
    ServingOptions serving;
    std::string listen;
    std::string metrics_listen;
    std::string page;
    std::filesystem::path page_file;
    std::string certificates;
    std::string scheme;
    std::optional<std::string> calibration;
    std::optional<std::uint64_t> seed;
    std::string json;
    runtime::testbed::CoordinatorOptions run;
};

runtime::Config config_of(const CoordinatorOptions& options) {
    runtime::Config config = runtime::read_config(options.config_file, runtime::check_scheme);
    if (!options.model_folder.empty()) config.model.folder = options.model_folder;
    if (!options.listen.empty()) config.testbed.listen = options.listen;
    if (!options.metrics_listen.empty()) config.testbed.metrics_listen = options.metrics_listen;
    if (!options.page.empty()) config.status.page = options.page;
    if (!options.certificates.empty()) config.testbed.certificates = options.certificates;
    if (!options.scheme.empty()) config.scheme = options.scheme;
    if (options.calibration)
        config.calibration.file = *options.calibration == "none" ? "" : *options.calibration;
    runtime::look_into_caches(config, options.config_file);
    runtime::validate(config, "command line", runtime::check_scheme);
    return config;
}

Json to_json(const runtime::testbed::CoordinatorSummary& summary,
             const inference::Tokenizer& tokenizer) {
    Json json = {{"text", tokenizer.decode_text(summary.tokens)}, {"tokens", summary.tokens}};
    json.update(Json::parse(runtime::testbed::summary_json(summary)));
    return json;
}

double db(double ratio) {
    return 10 * std::log10(std::max(1e-20, ratio));
}

/// Where sums came down by air.
std::string messages_of(const runtime::testbed::AirSummary& air) {
    if (air.messages == 0) return "";
    return "; " + std::to_string(air.messages) + " sums by air, " +
           std::to_string(air.repeated_messages) + " sent again";
}

/// What the sums' way over the air was like; nothing where they went over the control link.
std::string air_report(const runtime::testbed::CoordinatorSummary& summary) {
    if (!summary.air) return "";
    const auto& air = *summary.air;
    std::vector<std::vector<std::string>> rows = {{"radio", "EVM, %", "phase, deg", "power, W",
                                                   "margin, dB", "offset, Hz", "header, dB",
                                                   "bursts", "late/under/broken/silent/refused"}};
    for (std::size_t n = 0; n < air.devices.size(); ++n) {
        const auto& device = air.devices[n];
        std::string troubled;
        for (const std::uint64_t count : {device.late, device.underflows, device.sequence_errors,
                                          device.unacknowledged, device.refused})
            troubled += (troubled.empty() ? "" : "/") + std::to_string(count);
        constexpr double degrees = 57.29577951308232;
        rows.push_back({summary.devices[n].name, number("%.1f", 100 * device.evm),
                        number("%.1f", degrees * device.phase_rad), number("%.2f", device.power_w),
                        number("%.1f", device.power_margin_db), number("%.1f", device.offset_hz),
                        number("%.1f", device.header_snr_db), std::to_string(device.bursts),
                        troubled});
    }
    const std::string expected = number("%.2f dB", db(air.nmse_estimate));
    return table(rows) + "sums over the air: NMSE " +
           (air.nmse ? number("%.2f dB", db(*air.nmse)) + ", expected " + expected
                     : expected + " expected") +
           "; " + std::to_string(air.soundings) + " soundings, " +
           std::to_string(air.repeated_rounds) + " rounds repeated" + messages_of(air) + "\n";
}

void print_summary(const runtime::testbed::CoordinatorSummary& summary) {
    std::vector<std::vector<std::string>> rows = {
        {"device", "heads", "FFN columns", "rounds", "lost", "compute", "wait", "MB out", "MB in"}};
    for (const auto& device : summary.devices) {
        rows.push_back({device.name, std::to_string(device.heads),
                        std::to_string(device.ffn_columns), std::to_string(device.rounds),
                        std::to_string(device.losses), number("%.2f s", device.compute_s),
                        number("%.2f s", device.wait_s),
                        number("%.2f", static_cast<double>(device.bytes_sent) / 1e6),
                        number("%.2f", static_cast<double>(device.bytes_received) / 1e6)});
    }
    const auto made = static_cast<double>(summary.new_tokens);
    std::cerr << "\n"
              << (summary.interrupted ? "interrupted after " : "") << summary.new_tokens
              << " tokens in " << number("%.2f s", summary.generating_s) << " ("
              << number("%.1f", summary.generating_s > 0 ? made / summary.generating_s : 0)
              << " a second), " << number("%.2f s", summary.reduce_s) << " of it in "
              << summary.rounds << " rounds, " << number("%.2f s", summary.recovering_s)
              << " in recovering; " << summary.epochs << " assignments, " << summary.repeated_rounds
              << " rounds repeated\n"
              << table(rows) << air_report(summary);
}

/// Where the page is, if there is one: where requests come to, or where the configuration says.
std::optional<runtime::testbed::PageOptions> page_of(CoordinatorOptions& options) {
    const auto& status = options.run.config.status;
    auto& front = options.serving.front();
    const bool answers = !front.listen.empty();
    if (!answers && status.page == "none") {
        options.serving.refuse_token_file(
            "expected --serve or a status.page with it, found neither");
        return std::nullopt;
    }
    if (!answers) front.listen = status.page;
    return runtime::testbed::PageOptions{options.serving.whole_front(status.token_file),
                                         answers ? "--serve" : "status.page", options.page_file};
}

/// Answers clients until it is interrupted.
void serve(CoordinatorOptions& options, const Model& model) {
    const bool has_prompt = !options.prompt.empty() || !options.text_file.empty();
    if (has_prompt || !options.run.resume.empty()) {
        throw std::invalid_argument(
            "--serve: expected none of --prompt, --text-file and --resume with it");
    }
    options.run.served = options.serving.model(options.run.config, model);
    options.run.served->seed = options.seed.value_or(options.run.served->seed);
    const auto summary = runtime::testbed::run_coordinator(options.run);
    if (options.run.log.format == runtime::testbed::LogFormat::text) print_summary(summary);
    write_json(Json::parse(runtime::testbed::summary_json(summary)), options.json);
}

void run(CoordinatorOptions options) {
    runtime::Config config = config_of(options);
    const Model model = open_model(config, /*needs_tokenizer=*/true);
    if (runtime::uses_calibration(config)) {
        ensure_calibration(config, model);
        runtime::settle_calibration_file(config, model.checkpoint, model.tokenizer.get());
    }
    auto& own = options.run;
    own.config = config;
    own.calibration =
        runtime::calibration_tokens(config, model.checkpoint.config(), model.tokenizer.get());
    const bool answers = !options.serving.front().listen.empty();
    own.page = page_of(options);
    if (own.page) allow_many_files();
    own.tokenizer = model.tokenizer.get();
    if (answers) return serve(options, model);
    if (options.prompt.empty() == options.text_file.empty()) {
        throw std::invalid_argument("expected one of --prompt, --text-file and --serve");
    }
    const bool is_file = options.prompt.empty();
    const std::string text = is_file ? read_text(options.text_file) : options.prompt;
    own.prompt = options.turn.encode(model, text);
    runtime::require_context(config, model,
                             {own.prompt.size(), is_file ? options.text_file : "--prompt"},
                             own.tokens, "--tokens");
    own.sampling.seed = options.seed.value_or(config.seed);
    own.stop_tokens = options.turn.stop_tokens(model);
    own.sampled_vocabulary = model.tokenizer->size();
    std::ostream& out = options.json == "-" ? std::cerr : std::cout;
    TextStream stream(*model.tokenizer, out);
    bool begun = false;
    own.emit = [&](inference::Token token) {
        if (!begun && !options.turn.chat) out << text << std::flush;
        begun = true;
        stream(token);
    };
    const auto summary = runtime::testbed::run_coordinator(own);
    if (begun) out << "\n" << std::flush;
    if (own.log.format == runtime::testbed::LogFormat::text) print_summary(summary);
    write_json(to_json(summary, *model.tokenizer), options.json);
}

}  // namespace

void add_coordinator(CLI::App& program) {
    auto options = std::make_shared<CoordinatorOptions>();
    CLI::App* command =
        program.add_subcommand("coordinator", "Continue a prompt over device processes");
    command->add_option("config", options->config_file, "YAML configuration; see configs/")
        ->transform(shipped_file())
        ->required();
    options->serving.front().listen.clear();
    command->add_option("--serve", options->serving.front().listen,
                        "HOST:PORT for OpenAI's clients and the page, in place of a prompt and of "
                        "status.page");
    command->add_option("--page", options->page,
                        "HOST:PORT of the page that shows the run, in place of the "
                        "configuration's");
    command->add_option("--page-file", options->page_file,
                        "Gets the page's address, once it is served");
    options->serving.add_to(*command);
    add_model_option(*command, options->model_folder, "; in place of the configuration's");
    command->add_option("--prompt", options->prompt, "Text to continue");
    command->add_option("--text-file", options->text_file, "File with the text to continue")
        ->transform(shipped_file());
    command->add_option("--tokens", options->run.tokens, "Largest number of tokens to generate")
        ->check(above_zero())
        ->capture_default_str();
    options->turn.add_to(*command);
    add_sampling(*command, options->run.sampling);
    command->add_option("--scheme", options->scheme, "In place of the configuration's");
    command->add_option("--calibration", options->calibration,
                        "For sums over the air: a file of aircomp calibrate, auto, or none");
    command->add_option("--seed", options->seed, "Seed of sampling");
    command->add_option("--listen", options->listen,
                        "HOST:PORT for devices, in place of the configuration's");
    command->add_option("--metrics-listen", options->metrics_listen,
                        "HOST:PORT of /metrics and /status, in place of the configuration's");
    command->add_option("--certificates", options->certificates,
                        "Folder of the coordinator's certificate, in place of the configuration's");
    command->add_option("--port-file", options->run.port_file,
                        "File for the coordinator's address, written when it listens");
    command->add_option("--resume", options->run.resume,
                        "File for the tokens; if it exists, the run continues from its tokens");
    add_log(*command, options->run.log);
    command->add_option("--json", options->json,
                        "Write the result as JSON to FILE, - for standard output");
    command->footer(
        "Examples:\n"
        "  aircomp coordinator configs/laboratory-exact.yaml --prompt \"The server\"\n"
        "  aircomp coordinator lab.yaml --listen 10.0.0.1:5810 --certificates lab/coordinator "
        "--prompt \"Once\" --resume tokens.log\n"
        "  aircomp coordinator configs/laboratory-exact.yaml --page 127.0.0.1:8080 --prompt Once\n"
        "  aircomp coordinator configs/laboratory-exact.yaml --serve 127.0.0.1:8080");
    command->callback([options] { run(*options); });
}

}  // namespace aircomp::app
