// SPDX-License-Identifier: GPL-3.0-or-later
// A coordinator and its devices as processes of the aircomp program, in a folder of their own.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "daemon/link/certificates.hpp"
#include "daemon/testbed.hpp"
#include "support/catch.hpp"
#include "support/process.hpp"
#include "support/temporary_folder.hpp"
#include "testbed/daemon_processes.hpp"

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

class Laboratory : public DaemonProcesses {
public:
    static constexpr const char* prompt = "When a message arrives, the";
    static constexpr int tokens = 230;

    /// `testbed`: more keys of that section; `rest`: more sections; `words`: the prompt.
    explicit Laboratory(const std::string& testbed = "", const std::string& rest = "",
                        std::string words = prompt)
        : words_(std::move(words)) {
        config_ = file("lab.yaml");
        std::ofstream(config_) << "model: {folder: " AIRCOMP_SOURCE_DIR
                                  "/inference/models/demo}\nscheme: exact\n"
                                  "shares: [0.4, 0.3, 0.2, 0.1]\nthreads: 1\n" +
                                      rest + "testbed:\n  heartbeat_s: 2\n" + testbed;
        // Made now, or a run could be over before it is first compared with it.
        undisturbed(words_);
    }

    std::filesystem::path path(const std::string& name) const { return file(name); }

    void start_coordinator(const std::vector<std::string>& more = {},
                           const std::vector<std::string>& prefix = {}) {
        launch_coordinator(config_.string(), words_, tokens, more, prefix);
    }

    void issue_certificates() const { test::issue_certificates(path("pki")); }

    /// The folder of one of them.
    std::string certificates(const std::string& name) const { return path("pki/" + name).string(); }

    /// Where the coordinator serves metrics, as its log has it.
    std::uint16_t metrics_port() {
        const std::string log = coordinator().log(), mark = "http://127.0.0.1:";
        return static_cast<std::uint16_t>(std::stoi(log.substr(log.find(mark) + mark.size())));
    }

    /// Device `number` from 1, at the coordinator or another address.
    void start_device(std::size_t number, const std::vector<std::string>& more = {},
                      const std::string& address = "",
                      const std::vector<std::string>& prefix = {}) {
        launch_device(number, AIRCOMP_SOURCE_DIR "/inference/models/demo", address, more, prefix);
    }

    void start_devices() {
        for (std::size_t n = 1; n <= 4; ++n)
            start_device(n);
    }

    /// Tokens that are made so far.
    int made() const { return made_after(prompt_tokens()); }

    /// Waits until so many tokens are made.
    bool reaches(int count) const {
        return eventually([&] { return made() >= count; });
    }

    /// The result of a run that ended well.
    nlohmann::json result() { return result_within(1); }

    /// What one process makes of a prompt, with more options where given: no test may get another
    /// text.
    static const std::vector<int>& undisturbed(const std::string& words = prompt,
                                               const std::vector<std::string>& more = {}) {
        static std::map<std::pair<std::string, std::vector<std::string>>, std::vector<int>> texts;
        const auto [entry, is_new] = texts.try_emplace({words, more});
        if (is_new) {
            const TemporaryFolder folder;
            std::vector<std::string> arguments = {"generate",
                                                  "--model",
                                                  AIRCOMP_SOURCE_DIR "/inference/models/demo",
                                                  "--scheme",
                                                  "exact",
                                                  "--shares",
                                                  "0.4,0.3,0.2,0.1",
                                                  "--prompt",
                                                  words,
                                                  "--tokens",
                                                  std::to_string(tokens),
                                                  "--json",
                                                  (folder.path() / "result.json").string()};
            arguments.insert(arguments.end(), more.begin(), more.end());
            Process alone(arguments, folder.path() / "log");
            REQUIRE(alone.wait() == 0);
            entry->second = nlohmann::json::parse(contents(folder.path() / "result.json"))["tokens"]
                                .get<std::vector<int>>();
        }
        return entry->second;
    }

private:
    int prompt_tokens() const { return static_cast<int>(undisturbed(words_).size()) - tokens; }

    std::string words_;
    std::filesystem::path config_;
};

}  // namespace aircomp::test
