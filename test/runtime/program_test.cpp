// SPDX-License-Identifier: GPL-3.0-or-later
// The aircomp program as a shell sees it: results as JSON, errors as one line and exit code 2.
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <tuple>

#include "program.hpp"
#include "support/catch.hpp"

namespace {

using aircomp::test::aircomp;
using aircomp::test::run;

const std::string model = std::string(AIRCOMP_SOURCE_DIR) + "/inference/models/demo";
const std::string text = model + "/evaluation.txt";

TEST_CASE("perplexity over the exact medium is the unsplit model's to four digits") {
    const auto run = [](const std::string& options) {
        const auto result = aircomp("perplexity --model " + model + " --text " + text +
                                    " --limit-tokens 600 --json - " + options);
        REQUIRE(result.code == 0);
        return nlohmann::json::parse(result.output);
    };
    const auto whole = run("--scheme centralized");
    const auto split = run("--scheme exact --shares 0.4,0.3,0.2,0.1");
    for (const char* key : {"perplexity", "bits_per_byte", "tokens", "nmse", "scheme", "seed"}) {
        CHECK(whole.contains(key));
    }
    CHECK(whole["tokens"] == 600);
    CHECK(split["perplexity"].get<double>() ==
          Approx(whole["perplexity"].get<double>()).epsilon(1e-4));
}

TEST_CASE("divergence from the exact sum stands beside perplexity") {
    const auto run = [](const std::string& options, int tokens = 256) {
        const auto result =
            aircomp("perplexity --model " + model + " --text " + text + " --limit-tokens " +
                    std::to_string(tokens) + " --context 64 --json - " + options);
        REQUIRE(result.code == 0);
        return nlohmann::json::parse(result.output);
    };
    const auto noisy = run("--scheme mmse --snr-db 10");
    const auto quiet = run("--scheme mmse --snr-db 30 --reference");
    CHECK(noisy["kl_nats"].get<double>() > 3 * quiet["kl_nats"].get<double>());
    CHECK(quiet["kl_nats"].get<double>() > 0);
    CHECK(noisy["kl_standard_error_nats"].get<double>() > 0);
    CHECK(noisy["top1_agreement"].get<double>() < quiet["top1_agreement"].get<double>());

    // Float32 sums in another order.
    const auto exact = run("--scheme exact --reference");
    CHECK(exact["kl_nats"].get<double>() < 1e-6);
    CHECK(exact["top1_agreement"] == 1);
    const auto one_window = run("--scheme uniform", 20);
    CHECK(one_window["kl_standard_error_nats"].is_null());
    for (const char* options : {"--scheme exact", "--scheme mmse --no-reference"})
        CHECK_FALSE(run(options).contains("kl_nats"));
}

TEST_CASE("a protocol decides what is scored") {
    const auto run = [](const std::string& protocol) {
        const auto result = aircomp("perplexity --model " + model + " --text " + text +
                                    " --scheme exact --limit-tokens 200 --context 64 --json -" +
                                    " --protocol " + protocol);
        REQUIRE(result.code == 0);
        return nlohmann::json::parse(result.output);
    };
    for (const auto& [protocol, tokens, windows] :
         {std::tuple{"windows", 200, 4}, std::tuple{"gptq", 3 * 63, 3},
          std::tuple{"llama.cpp", 6 * 31, 6}}) {
        const auto result = run(protocol);
        CHECK(result["protocol"] == protocol);
        CHECK(result["tokens"] == tokens);
        CHECK(result["windows"] == windows);
    }
}

TEST_CASE("the demo model writes on, over the air, the same for the same seed") {
    const std::string options = "generate --model " + model + " --prompt \"The server\" --tokens 8";
    const auto first = aircomp(options);
    CHECK(first.code == 0);
    CHECK(first.output.rfind("The server", 0) == 0);
    CHECK(first.output.size() > 20);
    CHECK(first.output == aircomp(options).output);
}

TEST_CASE("logits come as JSON, one a vocabulary entry") {
    const auto result = aircomp("logits --model " + model + " --tokens 1,2,3 --json -");
    REQUIRE(result.code == 0);
    CHECK(nlohmann::json::parse(result.output)["logits"].size() == 4096);
}

TEST_CASE("model tells what a model is, what devices would hold, and what cannot be used") {
    const auto whole = aircomp("model " + model + " --shares 0.5,0.3,0.2 --context 64 --json -");
    REQUIRE(whole.code == 0);
    const auto json = nlohmann::json::parse(whole.output);
    CHECK(json["architecture"]["layers"] == 6);
    CHECK(json["architecture"]["sums_per_token"] == 12);
    CHECK(json["weights"]["types"]["BF16"]["weights"] == json["weights"]["weights"]);
    CHECK(json["weights"]["bytes"] == 2 * json["weights"]["weights"].get<std::int64_t>());
    REQUIRE(json["devices"].size() == 3);
    std::int64_t columns = 0;
    for (const auto& device : json["devices"])
        columns += device["FFN columns"].get<std::int64_t>();
    CHECK(columns == json["architecture"]["ffn_size"]);
    CHECK(json["tokenizer"]["bos"] == 4094);
    CHECK(json["chat_template"].is_null());

    const auto folder =
        std::filesystem::temp_directory_path() / ("aircomp-model-" + std::to_string(getpid()));
    std::filesystem::create_directories(folder);
    std::ofstream(folder / "config.json") << R"({"architectures": ["BertModel"]})";
    const auto other = aircomp("model " + folder.string());
    std::filesystem::remove_all(folder);
    CHECK(other.code == 1);
    CHECK(other.output.find("not supported: ") != std::string::npos);
    CHECK(other.output.find("BertModel") != std::string::npos);
    CHECK(other.output.find("expected tokenizer.json or tokenizer.model") != std::string::npos);
}

TEST_CASE("tokens come as ids and pieces, with what begins a text where it is asked for") {
    const std::string command = "tokens --model " + model + " --prompt 'Hi<|end_of_text|> there'";
    const auto result = nlohmann::json::parse(aircomp(command + " --json -").output);
    CHECK(result["tokens"][2] == 4095);
    CHECK(result["pieces"][2] == "<|end_of_text|>");
    CHECK(result["tokens"].size() == result["pieces"].size());
    const auto with_bos = nlohmann::json::parse(aircomp(command + " --bos --json -").output);
    CHECK(with_bos["tokens"].size() == result["tokens"].size() + 1);
    CHECK(with_bos["pieces"][0] == "<|begin_of_text|>");
    CHECK(aircomp(command).output.find("<|end_of_text|>\n") != std::string::npos);
}

TEST_CASE("tokens takes a model of the local caches by its name") {
    const auto folder = std::filesystem::absolute(model).parent_path().string();
    const auto named = run("AIRCOMP_MODELS=" + folder + " " + AIRCOMP_PROGRAM +
                           " tokens --model demo --prompt Hello --json -");
    REQUIRE(named.code == 0);
    CHECK(named.output == aircomp("tokens --model " + model + " --prompt Hello --json -").output);
}

TEST_CASE("the first run makes the model's calibration and keeps it") {
    const auto cache =
        std::filesystem::temp_directory_path() / ("aircomp-cache-" + std::to_string(getpid()));
    const auto perplexity = [&](const std::string& calibration) {
        return run("XDG_CACHE_HOME=" + cache.string() + " " + AIRCOMP_PROGRAM +
                       " perplexity --config " + AIRCOMP_SOURCE_DIR +
                       "/configs/loopback-symbol.yaml --limit-tokens 128 --text " + model +
                       "/evaluation.txt" + calibration,
                   true);
    };
    const std::string announced = "calibrating the model, once";
    const auto first = perplexity("");
    REQUIRE(first.code == 0);
    CHECK(first.output.rfind(announced, 0) == 0);
    std::filesystem::path file;
    for (const auto& entry :
         std::filesystem::directory_iterator(cache / "aircomp" / "calibrations"))
        file = entry.path();
    CHECK(file.extension() == ".aircomp-calibration");
    const auto second = perplexity("");
    CHECK(second.output == first.output.substr(first.output.find('\n') + 1));
    CHECK(perplexity(" --calibration " + file.string()).output == second.output);
    const auto none = perplexity(" --calibration none");
    CHECK(none.code == 2);
    CHECK(none.output.find("accuracy.max_uplink_loss_nats") != std::string::npos);
    std::filesystem::remove_all(cache);
}

TEST_CASE("a plan is printed and written, and its scheme runs") {
    const auto plan = aircomp("plan " AIRCOMP_SOURCE_DIR
                              "/configs/headline.yaml --devices 2 --max-loss 0.02 --json -");
    REQUIRE(plan.code == 0);
    const auto json = nlohmann::json::parse(plan.output);
    const auto& choices = json["choices"];
    REQUIRE(choices.size() == 1 + 5 + 6);
    for (const auto& choice : choices) {
        for (const char* key :
             {"devices", "streams", "bits_up", "bits_down", "air_s", "compute_s", "loss"})
            CHECK(choice[key].is_number());
        CHECK(choice["valid"].is_boolean());
    }
    CHECK(choices[json["chosen"].get<std::size_t>()]["valid"] == true);
    const auto run_it =
        aircomp("perplexity --scheme auto --calibration none --limit-tokens 64 --model " +
                    std::string(model) + " --text " + model + "/evaluation.txt",
                true);
    CHECK(run_it.code == 0);
    CHECK(run_it.output.find("The fastest that is expected to lose at most 0.01 nats") !=
          std::string::npos);
    CHECK(aircomp("plan --dimensions llama-9", true).code == 2);
}

TEST_CASE("tokens need the vocabulary alone, logits the weights alone") {
    const auto folder =
        std::filesystem::temp_directory_path() / ("aircomp-tokens-" + std::to_string(getpid()));
    std::filesystem::create_directories(folder);
    const std::filesystem::path whole = model;
    std::filesystem::copy(whole / "tokenizer.json", folder / "tokenizer.json");
    std::ofstream(folder / "text") << "Hello";
    const auto result = aircomp("tokens --model " + folder.string() + " --json - --text " +
                                (folder / "text").string());
    CHECK(nlohmann::json::parse(result.output)["tokens"] == std::vector<int>{72, 1006, 111});
    std::ofstream(folder / "tokenizer.json") << "not JSON";
    std::filesystem::copy(whole / "config.json", folder / "config.json");
    std::filesystem::copy(whole / "model.safetensors", folder / "model.safetensors");
    CHECK(aircomp("logits --model " + folder.string() + " --tokens 1 --json -").code == 0);
    CHECK(aircomp("tokens --model " + folder.string() + " --prompt Hi").code == 2);
    std::filesystem::remove_all(folder);
}

TEST_CASE("config prints keys as YAML and JSON, either of which is a configuration again") {
    const auto folder =
        std::filesystem::temp_directory_path() / ("aircomp-config-" + std::to_string(getpid()));
    std::filesystem::create_directories(folder);
    const auto file = (folder / "lab.yaml").string();
    std::ofstream(file) << "radio: {snr_db: 7}\nmodel: {folder: here}\nshares: [0.4, 0.6, 0, 0]\n";
    const auto printed = aircomp("config --file " + file);
    REQUIRE(printed.code == 0);
    CHECK(printed.output.find("default 20]\n  snr_db: 7\n") != std::string::npos);
    const auto described = nlohmann::json::parse(aircomp("config --json - --file " + file).output);
    const auto again = (folder / "again.yaml").string();
    for (const std::string& yaml : {printed.output, described["configuration"].dump()}) {
        std::ofstream(again) << yaml;
        CHECK(nlohmann::json::parse(aircomp("config --json - --file " + again).output) ==
              described);
    }
    std::filesystem::remove_all(folder);
    CHECK(described["configuration"]["model"]["folder"] == "here");
    const auto& key = described["keys"]["radio.bandwidth_hz"];
    CHECK(key["unit"] == "Hz");
    CHECK(key["minimum"] == 1);
    CHECK(key["default"] == 10e6);
    CHECK(described["keys"]["devices[].antennas"]["maximum"] == 1024);
    CHECK(described["keys"]["radio.fading"]["choices"][1] == "rician");
    const auto section = aircomp("config radio");
    CHECK(section.output.find("\nradio:\n") != std::string::npos);
    CHECK(section.output.find("waveform:") == std::string::npos);
    const auto unknown = aircomp("config raido", true);
    CHECK(unknown.code == 2);
    CHECK(unknown.output.rfind("aircomp: config: expected one of model, ", 0) == 0);
    CHECK(aircomp("config --markdown radio").code == 2);
}

TEST_CASE("transceiver reads a problem and prints a design") {
    const auto file = std::filesystem::temp_directory_path() /
                      ("aircomp-problem-" + std::to_string(getpid()) + ".json");
    std::ofstream(file) << R"({"streams": 1, "noise_power_w": 0.25, "devices": [
        {"power_w": 1, "second_moment": 1, "channel": {"re": [[1]], "im": [[0]]}}]})";
    const auto result = aircomp("transceiver --problem " + file.string() + " --scheme mmse");
    for (const std::string scheme : {"alternating", "inversion", "sdr", "uniform"}) {
        const auto other =
            aircomp("transceiver --problem " + file.string() + " --scheme " + scheme);
        CAPTURE(scheme);
        REQUIRE(other.code == 0);
        CHECK(nlohmann::json::parse(other.output)["mse"].get<double>() > 0.2 * (1 - 1e-9));
    }
    std::filesystem::remove(file);
    REQUIRE(result.code == 0);
    const auto json = nlohmann::json::parse(result.output);
    // One antenna, one device: B = 1 at full power, A = 1 / (1 + sigma^2) and so
    // MSE = sigma^2 / (1 + sigma^2).
    CHECK(json["mse"].get<double>() == Approx(0.2));
    CHECK(json["nmse"].get<double>() == Approx(0.2));
    CHECK(json["combiner"]["re"].size() == 1);
    CHECK(json["precoders"].size() == 1);
    CHECK(json.contains("solve_time_s"));
    CHECK(json["multipliers"].size() == 1);
}

TEST_CASE("assign chooses feasible shares that beat equal ones, and tells how it came to them") {
    const auto result =
        aircomp("assign " AIRCOMP_SOURCE_DIR "/configs/batteries.yaml --steps 300 --json -");
    REQUIRE(result.code == 0);
    const auto json = nlohmann::json::parse(result.output);
    double shares = 0;
    int heads = 0, columns = 0;
    for (const auto& device : json["devices"]) {
        CAPTURE(device);
        shares += device["share"].get<double>();
        heads += device["heads"].get<int>();
        columns += device["ffn_columns"].get<int>();
        CHECK(device["share"] <= device["largest_share"]);
    }
    CHECK(shares == Approx(1));
    CHECK(heads == 8);
    CHECK(columns == 512);
    CHECK(json["devices"][1]["energy_j_per_token"].get<double>() <= 0.4e-3 * (1 + 1e-9));
    CHECK(json["devices"][1]["power_w"].get<double>() >= 0.01 * (1 - 1e-9));
    CHECK(json["devices"][3]["limited_by"] == "compute time");
    CHECK(json["nmse"]["mean"] < json["alternatives"]["equal"]["mean"]);
    CHECK(json["units"]["nmse"] <= json["units"]["rounded_nmse"]);
    const auto& trace = json["trace"];
    CHECK(trace.size() <= 300);
    CHECK(trace.back()["stationarity"] < 0.2 * trace.front()["stationarity"].get<double>());
    CHECK(trace.back()["shares"].size() == 4);
}

TEST_CASE("assign draws what it wrote, and gives the same for the same seed") {
    const auto folder =
        std::filesystem::temp_directory_path() / ("aircomp-assign-" + std::to_string(getpid()));
    const auto json = folder / "assign.json", picture = folder / "assign.png";
    const std::string command = "assign " AIRCOMP_SOURCE_DIR "/configs/batteries.yaml --steps 20";
    const auto drawn =
        aircomp(command + " --seed 5 --json " + json.string() + " --plot " + picture.string());
    CHECK(drawn.code == 0);
    CHECK(drawn.output.find("sensor") != std::string::npos);
    CHECK(std::filesystem::file_size(picture) > 1000);
    std::ifstream file(json);
    CHECK(nlohmann::json::parse(file) ==
          nlohmann::json::parse(aircomp(command + " --seed 5 --json -").output));
    std::filesystem::remove_all(folder);
    CHECK(aircomp(command + " --plot " + picture.string(), true).code == 2);
}

TEST_CASE("assign says which constraint makes shares infeasible, for whom and by how much") {
    const auto file = std::filesystem::temp_directory_path() /
                      ("aircomp-infeasible-" + std::to_string(getpid()) + ".yaml");
    const std::string device =
        "compute_flops_per_s: 5e9, energy_j_per_flop: 1e-10, max_power_w: 0.1, antennas: 2";
    std::ofstream(file) << "model: {folder: " << model << "}\ndevices:\n  - {name: board, "
                        << device << ", memory_bytes: 2e6}\n  - {name: phone, " << device
                        << ", memory_bytes: 1e9, energy_j_per_token: 0.1e-3}\n";
    const auto result = aircomp("assign " + file.string(), /*errors=*/true);
    std::filesystem::remove(file);
    CAPTURE(result.output);
    CHECK(result.code == 2);
    CHECK(std::count(result.output.begin(), result.output.end(), '\n') == 1);
    for (const char* words :
         {"short by 0.", "board at most 0.2", "(memory)", "phone at most 0.1", "(energy)"}) {
        CHECK(result.output.find(words) != std::string::npos);
    }
}

TEST_CASE("bad input is one clear line and exit code 2") {
    const std::string perplexity = "perplexity --model " + model + " --text " + text;
    const std::vector<std::pair<std::string, std::string>> cases = {
        {perplexity + " --shares 0.5,0.3,0.1,0.05", "0.95"},
        {perplexity + " --shares 0.5,0.5", "shares"},
        {perplexity + " --shares=-0.5,0.5,0.5,0.5", "shares"},
        {perplexity + " --shares nan,0.5,0.3,0.2", "shares"},
        {perplexity + " --scheme magic", "magic"},
        {perplexity + " --snr-db nan", "snr"},
        {"perplexity --model " + model + " --text /nowhere", "/nowhere"},
        {"perplexity --model /nowhere --text " + text, "/nowhere"},
        {"perplexity --text " + text, "--model"},
        {"perplexity --model " + model + " --text /dev/null", "/dev/null"},
        {"perplexity --model " + model + " --text " + model, "is a folder, expected a file"},
        {perplexity + " --context 257", "at most 256"},
        {perplexity + " --protocol gtpq", "expected one of windows, gptq, llama.cpp"},
        {perplexity + " --protocol gptq --context 64 --limit-tokens 62", "at least 63, found 62"},
        {perplexity + " --reference --no-reference", "--no-reference"},
        {"generate --model " + model + " --prompt hi --tokens 256", "at most 254"},
        {"logits --model " + model + " --tokens 1,4096", "4096"},
        {"logits --model " + model + " --tokens=-1", "-1"},
        {"tokens --model /nowhere --prompt hi", "model '/nowhere': no such folder or file"},
        {"tokens --model " + model, "--prompt"},
        {"tokens --model " + model + " --text /nowhere", "/nowhere: cannot be read"},
        {"transceiver --problem /nowhere", "/nowhere"},
        {"transceiver --problem /dev/null", "/dev/null"},
        {"assign /nowhere.yaml", "/nowhere.yaml"},
        {"assign", "config"},
        {"--config x", "aircomp"},
        {"nonsense", "'nonsense' is no command; known are demo, generate, chat, serve, perplexity"},
        {"generate --prompt", "aircomp generate --help"},
        {"generate --model " + model + " --prompt hi --tokens -3",
         "expected a number above 0, found -3"},
        {perplexity + " --limit-tokens -1", "expected a number of 0 or more, found -1"},
    };
    for (const auto& [arguments, expected] : cases) {
        CAPTURE(arguments);
        const auto result = aircomp(arguments, /*errors=*/true);
        CAPTURE(result.output);
        CHECK(result.code == 2);
        CHECK(result.output.find(expected) != std::string::npos);
        CHECK(std::count(result.output.begin(), result.output.end(), '\n') == 1);
    }
}

TEST_CASE("every command explains itself with an example") {
    for (const char* command : {"generate", "perplexity", "logits", "tokens", "assign",
                                "transceiver", "compare", "bench"}) {
        const auto help = aircomp(std::string(command) + " --help");
        CHECK(help.code == 0);
        CHECK(help.output.find("Example") != std::string::npos);
    }
}

TEST_CASE("a sum over radios needs radios, and is refused in one line without") {
    const std::string configs = std::string(AIRCOMP_SOURCE_DIR) + "/configs/";
    const auto none = aircomp("sum " + configs + "loopback-symbol.yaml", true);
    CHECK(none.code == 2);
    CHECK(none.output == "aircomp: radios: expected a section that names the radios, found none\n");
    const auto off = aircomp("sum " + configs + "b210-x310.yaml", true);
    CHECK(off.code == 2);
    CHECK(off.output ==
          "aircomp: radios.transmit: expected true, for a sum is sent, found false\n");
    const auto unknown = aircomp("sum " + configs + "b210-x310.yaml --devices nobody", true);
    CHECK(unknown.code == 2);
    CHECK(unknown.output ==
          "aircomp: --devices: expected names of the configuration's devices, found 'nobody'\n");
}

}  // namespace
