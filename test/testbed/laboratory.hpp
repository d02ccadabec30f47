// SPDX-License-Identifier: GPL-3.0-or-later
// A coordinator and its devices as processes of the aircomp program, in a folder of their own.
#pragma once

#include <algorithm>
#include <array>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "aircomp/runtime/testbed.hpp"
#include "inference/temporary_folder.hpp"
#include "support/catch.hpp"
#include "support/process.hpp"

namespace aircomp::test {

/// Four devices of which any three cannot hold the model: a run waits for each of them.
inline std::string small_devices() {
    std::string devices = "devices:\n";
    for (int n = 1; n <= 4; ++n) {
        devices += "  - {name: device-" + std::to_string(n) +
                   ", compute_flops_per_s: 1e9, energy_j_per_flop: 0, max_power_w: 0.1, "
                   "memory_bytes: 2.6e6, antennas: 2}\n";
    }
    return devices;
}

/// Makes an authority, and certificates for a coordinator and four devices.
inline void issue_certificates(const std::filesystem::path& folder) {
    using runtime::testbed::CertificateRole;
    runtime::testbed::make_authority(folder, "laboratory", 30);
    issue_certificate(folder, "coordinator", CertificateRole::coordinator, 30);
    for (int n = 1; n <= 4; ++n)
        issue_certificate(folder, "device-" + std::to_string(n), CertificateRole::device, 30);
}

class Laboratory {
public:
    static constexpr const char* prompt = "When a message arrives, the";
    static constexpr int tokens = 230;

    /// `testbed`: more keys of that section; `rest`: more sections; `words`: the prompt.
    explicit Laboratory(const std::string& testbed = "", const std::string& rest = "",
                        std::string words = prompt)
        : words_(std::move(words)) {
        config_ = folder_.write("lab.yaml", "model: {folder: " AIRCOMP_SOURCE_DIR
                                            "/inference/models/demo}\nscheme: exact\n"
                                            "shares: [0.4, 0.3, 0.2, 0.1]\nthreads: 1\n" +
                                                rest + "testbed:\n  heartbeat_s: 2\n" + testbed);
        // Made now, or a run could be over before it is first compared with it.
        undisturbed(words_);
    }

    std::filesystem::path path(const std::string& name) const { return folder_.path() / name; }

    void start_coordinator(std::vector<std::string> more = {},
                           const std::vector<std::string>& prefix = {}) {
        std::filesystem::remove(path("address"));
        std::vector<std::string> arguments = {
            "coordinator", config_.string(),        "--prompt",    words_,
            "--tokens",    std::to_string(tokens),  "--port-file", path("address").string(),
            "--resume",    path("tokens").string(), "--json",      path("result.json").string()};
        arguments.insert(arguments.end(), more.begin(), more.end());
        coordinator_.emplace(arguments, path("coordinator.log"), prefix);
        REQUIRE(eventually([&] { return std::filesystem::exists(path("address")); }));
        address_ = contents(path("address"));
        address_.pop_back();
    }

    Process& coordinator() { return *coordinator_; }
    const std::string& address() const { return address_; }
    std::uint16_t port() const {
        return static_cast<std::uint16_t>(std::stoi(address_.substr(address_.rfind(':') + 1)));
    }

    void issue_certificates() const { test::issue_certificates(path("pki")); }

    /// The folder of one of them.
    std::string certificates(const std::string& name) const { return path("pki/" + name).string(); }

    /// Where the coordinator serves metrics, as its log has it.
    std::uint16_t metrics_port() const {
        const std::string log = coordinator_->log(), mark = "http://127.0.0.1:";
        return static_cast<std::uint16_t>(std::stoi(log.substr(log.find(mark) + mark.size())));
    }

    /// Device `number` from 1, at the coordinator or another address.
    void start_device(std::size_t number, std::vector<std::string> more = {},
                      const std::string& address = "",
                      const std::vector<std::string>& prefix = {}) {
        const std::string name = "device-" + std::to_string(number);
        std::vector<std::string> arguments = {"device",
                                              "--name",
                                              name,
                                              "--coordinator",
                                              address.empty() ? address_ : address,
                                              "--model",
                                              AIRCOMP_SOURCE_DIR "/inference/models/demo",
                                              "--threads",
                                              "1",
                                              "--once"};
        arguments.insert(arguments.end(), more.begin(), more.end());
        devices_.at(number - 1).emplace(arguments, path(name + ".log"), prefix);
    }

    void start_devices() {
        for (std::size_t n = 1; n <= 4; ++n)
            start_device(n);
    }

    Process& device(std::size_t number) { return *devices_.at(number - 1); }

    /// Tokens that are made so far.
    int made() const {
        const std::string log = contents(path("tokens"));
        return static_cast<int>(std::count(log.begin(), log.end(), '\n')) - 1 - prompt_tokens();
    }

    /// Waits until so many tokens are made.
    bool reaches(int count) const {
        return eventually([&] { return made() >= count; });
    }

    /// The result of a run that ended well.
    nlohmann::json result() {
        const int code = coordinator_->wait();
        CAPTURE(coordinator_->log());
        REQUIRE(code == 0);
        return nlohmann::json::parse(contents(path("result.json")));
    }

    /// What one process makes of a prompt: no test may get another text.
    static const std::vector<int>& undisturbed(const std::string& words = prompt) {
        static std::map<std::string, std::vector<int>> texts;
        const auto [entry, is_new] = texts.try_emplace(words);
        if (is_new) {
            const TemporaryFolder folder;
            Process alone(
                {"generate", "--model", AIRCOMP_SOURCE_DIR "/inference/models/demo", "--scheme",
                 "exact", "--shares", "0.4,0.3,0.2,0.1", "--prompt", words, "--tokens",
                 std::to_string(tokens), "--json", (folder.path() / "result.json").string()},
                folder.path() / "log");
            REQUIRE(alone.wait() == 0);
            entry->second = nlohmann::json::parse(contents(folder.path() / "result.json"))["tokens"]
                                .get<std::vector<int>>();
        }
        return entry->second;
    }

private:
    int prompt_tokens() const { return static_cast<int>(undisturbed(words_).size()) - tokens; }

    std::string words_;
    TemporaryFolder folder_;
    std::filesystem::path config_;
    std::string address_;
    std::optional<Process> coordinator_;
    std::array<std::optional<Process>, 4> devices_;
};

}  // namespace aircomp::test
