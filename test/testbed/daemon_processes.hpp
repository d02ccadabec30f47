// SPDX-License-Identifier: GPL-3.0-or-later
// A coordinator and four devices as processes of the aircomp program, in a folder of their own:
// what laboratories of tests have in common.
#pragma once

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/process.hpp"
#include "support/temporary_folder.hpp"

namespace aircomp::test {

class DaemonProcesses {
public:
    Process& coordinator() { return *coordinator_; }
    /// Numbers are from 1.
    Process& device(std::size_t number) { return *devices_.at(number - 1); }

    /// Where the coordinator listens.
    const std::string& address() const { return address_; }
    std::uint16_t port() const {
        return static_cast<std::uint16_t>(std::stoi(address_.substr(address_.rfind(':') + 1)));
    }

protected:
    std::filesystem::path file(const std::string& name) const { return folder_.path() / name; }

    /// Until it listens. `prefix`: as Process has it.
    void launch_coordinator(const std::string& config, const std::string& prompt, int tokens,
                            const std::vector<std::string>& more,
                            const std::vector<std::string>& prefix) {
        std::filesystem::remove(file("address"));
        std::vector<std::string> arguments = {"coordinator", config,
                                              "--prompt",    prompt,
                                              "--tokens",    std::to_string(tokens),
                                              "--port-file", file("address").string(),
                                              "--resume",    file("tokens").string(),
                                              "--json",      file("result.json").string()};
        arguments.insert(arguments.end(), more.begin(), more.end());
        coordinator_.emplace(arguments, file("coordinator.log"), prefix);
        REQUIRE(eventually([&] { return std::filesystem::exists(file("address")); }));
        address_ = contents(file("address"));
        address_.pop_back();
    }

    /// At the coordinator, or at another address that leads to it.
    void launch_device(std::size_t number, const std::string& model, const std::string& address,
                       const std::vector<std::string>& more,
                       const std::vector<std::string>& prefix) {
        const std::string name = "device-" + std::to_string(number);
        std::vector<std::string> arguments = {"device",
                                              "--name",
                                              name,
                                              "--coordinator",
                                              address.empty() ? address_ : address,
                                              "--model",
                                              model,
                                              "--threads",
                                              "1",
                                              "--once"};
        arguments.insert(arguments.end(), more.begin(), more.end());
        devices_.at(number - 1).emplace(arguments, file(name + ".log"), prefix);
    }

    /// Tokens that are made so far, after a prompt of so many.
    int made_after(int prompt_tokens) const {
        const std::string log = contents(file("tokens"));
        // A line before them.
        return static_cast<int>(std::count(log.begin(), log.end(), '\n')) - 1 - prompt_tokens;
    }

    /// The result of a run that ended well, within so many times the patience of a process.
    nlohmann::json result_within(int patiences) {
        int code = coordinator_->wait();
        for (int more = 1; code < 0 && more < patiences; ++more)
            code = coordinator_->wait();
        CAPTURE(coordinator_->log());
        REQUIRE(code == 0);
        return nlohmann::json::parse(contents(file("result.json")));
    }

private:
    TemporaryFolder folder_;
    std::string address_;
    std::optional<Process> coordinator_;
    std::array<std::optional<Process>, 4> devices_;
};

}  // namespace aircomp::test
