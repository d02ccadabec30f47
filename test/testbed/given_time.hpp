// SPDX-License-Identifier: GPL-3.0-or-later
// A loop whose time passes as a test says, and the end of a link that a test has in its hands. The
// sockets are real: what is on its way over them arrives while time stands still.
#pragma once

#include <deque>
#include <vector>

#include "daemon/link/net.hpp"
#include "support/process.hpp"

namespace aircomp::test {

class GivenTime {
public:
    runtime::control::Loop& loop() { return loop_; }
    double now_s() const { return now_s_; }

    /// Whether `holds` comes true while time stands still.
    bool comes(const std::function<bool()>& holds) {
        return eventually([&] {
            loop_.poll();
            return holds();
        });
    }

    /// Whether `holds` comes true as time passes, however long it takes.
    bool comes_with_time(const std::function<bool()>& holds) {
        return eventually([&] {
            pass(16 * step_s);
            return holds();
        });
    }

    /// Time passes as it does for a process that has nothing else to do.
    void pass(double seconds) {
        for (const double end_s = now_s_ + seconds; now_s_ < end_s;)
            leap(step_s);
    }

    /// Time passes as it does for a process that is stopped meanwhile.
    void leap(double seconds) {
        now_s_ += seconds;
        loop_.poll();
    }

private:
    static constexpr double step_s = 0x1p-7;  ///< A power of two: sums of it are exact.

    double now_s_ = 0;
    runtime::control::Loop loop_{[this] { return now_s_; }};
};

/// What a device of that name says first.
inline runtime::control::Hello hello_of(const std::string& name) {
    runtime::control::Hello hello;
    hello.name = name;
    hello.memory_bytes = hello.compute_flops_per_s = 1e9;
    return hello;
}

/// Keeps all that it hears.
class LinkEnd {
public:
    explicit LinkEnd(runtime::control::LinkPointer link) : link_(std::move(link)) {
        link_->start({[this] { is_open_ = true; }, [] { return most_frame_bytes; },
                      [this](gsl::span<const std::byte> frame) {
                          frames_.emplace_back(frame.begin(), frame.end());
                      },
                      [this](const std::string&) { is_closed_ = true; }});
    }
    ~LinkEnd() { link_->close(); }
    LinkEnd(const LinkEnd&) = delete;
    LinkEnd& operator=(const LinkEnd&) = delete;

    void send(const runtime::control::Message& message) {
        link_->send(runtime::control::encode(message));
    }

    /// All messages of a kind, in the order in which they came. Their spans are valid as long as
    /// the end.
    template <typename Kind>
    std::vector<Kind> heard() const {
        std::vector<Kind> messages;
        for (const auto& frame : frames_) {
            const auto message = runtime::control::decode(frame);
            if (const auto* kind = std::get_if<Kind>(&message)) messages.push_back(*kind);
        }
        return messages;
    }

    bool is_open() const { return is_open_; }
    bool is_closed() const { return is_closed_; }

private:
    static constexpr std::size_t most_frame_bytes = 1 << 20;

    runtime::control::LinkPointer link_;
    std::deque<std::vector<std::byte>> frames_;
    bool is_open_ = false;
    bool is_closed_ = false;
};

}  // namespace aircomp::test
