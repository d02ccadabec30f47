// SPDX-License-Identifier: GPL-3.0-or-later
// Where the flowgraphs of this process's radios come from: started without a screen, all in one
// process, so that radios which share an emulated air in a process still do; or opened in
// Companion.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "config/config.hpp"
#include "round/flowgraph/flowgraph_link.hpp"

namespace aircomp::runtime {

/// Which flowgraph a radio needs.
struct FlowgraphKind {
    std::string file;  ///< In flowgraphs/, without its ending.
    std::size_t antennas = 1;
};

class FlowgraphHost {
public:
    FlowgraphHost() = default;
    ~FlowgraphHost();
    FlowgraphHost(const FlowgraphHost&) = delete;
    FlowgraphHost& operator=(const FlowgraphHost&) = delete;

    /// Has the flowgraph of `radio` started, or says that it is waited for, for as long as that
    /// takes or for `companion_patience`, and returns the link to it once it has taken `setup` and
    /// runs. Throws std::runtime_error "radio 'NAME': ..." that says why where it does not.
    std::unique_ptr<FlowgraphLink> open(
        const std::string& radio, RadioChain chain, const FlowgraphKind& kind,
        const pmt::pmt_t& setup, std::optional<std::chrono::seconds> companion_patience = {});

    /// What the flowgraphs started here said last; empty where they said nothing.
    std::string last_words() const;

private:
    const std::filesystem::path& folder();
    void start();
    bool running() const;
    void await_start(const std::string& radio, FlowgraphLink& link) const;
    std::optional<FlowgraphMessage> first_answer(FlowgraphLink& link, RadioChain chain) const;

    std::filesystem::path folder_;
    int process_ = -1;
    Descriptor orders_;
};

}  // namespace aircomp::runtime
