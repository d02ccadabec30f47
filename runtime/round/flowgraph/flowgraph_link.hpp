// SPDX-License-Identifier: GPL-3.0-or-later
// The local socket between a radio of this process and its flowgraph: messages of GNU Radio, framed
// by their length.
#pragma once

#include <pmt/pmt.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>

namespace aircomp::runtime {

/// A file descriptor that is closed with its owner.
class Descriptor {
public:
    explicit Descriptor(int value = -1) : value_(value) {}
    ~Descriptor();
    Descriptor(Descriptor&& other) noexcept : value_(other.value_) { other.value_ = -1; }
    Descriptor& operator=(Descriptor&& other) noexcept;
    int get() const { return value_; }

private:
    int value_;
};

/// A message of a flowgraph, and the port of its Round Link that it came to.
struct FlowgraphMessage {
    std::string port;
    pmt::pmt_t value;
};

/// A dictionary's entry; the null object where there is none.
pmt::pmt_t entry(const pmt::pmt_t& dictionary, const char* key);
/// With `value` under `key` as well.
pmt::pmt_t with(const pmt::pmt_t& dictionary, const char* key, const pmt::pmt_t& value);

class FlowgraphLink {
public:
    /// Listens at the socket `path`, in place of what was there. Throws std::runtime_error that
    /// begins with `owner`, as everything below does.
    FlowgraphLink(std::filesystem::path path, std::string owner);
    ~FlowgraphLink();
    FlowgraphLink(const FlowgraphLink&) = delete;
    FlowgraphLink& operator=(const FlowgraphLink&) = delete;

    /// Waits for a flowgraph for so long; returns whether one is there now.
    bool accept(std::chrono::milliseconds limit);

    /// Whether it was found to have ended, or to speak another language.
    bool ended() const { return ended_; }

    /// Throws where the flowgraph has ended.
    void send(const char* port, const pmt::pmt_t& value);

    /// The next message, where one comes in time. Throws where the flowgraph has ended, or sends
    /// what is no message or one of more than most_bytes.
    std::optional<FlowgraphMessage> receive(std::chrono::milliseconds limit);

    static constexpr std::size_t most_bytes = std::size_t{1} << 26;

private:
    [[noreturn]] void fail(const std::string& why);
    void read(char* data, std::size_t count);

    std::filesystem::path path_;
    std::string owner_;
    Descriptor listener_, connection_;
    bool ended_ = false;
};

}  // namespace aircomp::runtime
