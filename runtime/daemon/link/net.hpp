// SPDX-License-Identifier: GPL-3.0-or-later
// Sockets for the daemons: links that carry whole frames, over TLS 1.3 where there are
// certificates. Boost.Asio stays behind it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <gsl/span>
#include <memory>
#include <string>

#include "daemon/link/codec.hpp"
#include "daemon/link/loop.hpp"

namespace aircomp::runtime::control {

/// HOST:PORT taken apart; an IPv6 address stands in brackets.
struct Address {
    std::string host;
    std::uint16_t port = 0;
};

/// Throws std::invalid_argument that names `what` unless `text` is HOST:PORT.
Address parse_address(const std::string& text, const std::string& what);

/// Whether HOST of HOST:PORT is this machine's loopback interface, whatever its name resolves to.
/// Throws as parse_address() does, and std::runtime_error that names `what` where HOST does not
/// resolve.
bool is_loopback(const std::string& text, const std::string& what);

enum class Role { coordinator, device };

/// What authenticates a daemon: its certificate and key, and the authority that it trusts, as files
/// of one folder (see certificates.hpp).
class TlsIdentity {
public:
    /// Throws std::runtime_error, naming the file, where one is missing or does not fit.
    TlsIdentity(const std::filesystem::path& folder, Role role);
    ~TlsIdentity();

    struct State;
    State& state() const { return *state_; }

private:
    std::unique_ptr<State> state_;
};

/// What the owner of a link is told; at most one `closed`, after which comes nothing.
struct LinkEvents {
    /// The link is up, certificates are checked.
    std::function<void()> opened;
    /// Longest frame, length included, that may come next: asked before memory is taken for it.
    std::function<std::size_t()> most_frame_bytes;
    /// A whole frame; it is gone afterwards. What it throws closes the link, with the message as
    /// reason.
    std::function<void(gsl::span<const std::byte> frame)> frame;
    std::function<void(const std::string& reason)> closed;
};

/// One connection. Frames wait in a queue where the peer does not take them at once.
class Link {
public:
    virtual ~Link() = default;

    /// Begins to exchange frames. The link lives as long as it is open or held.
    virtual void start(LinkEvents events) = 0;

    virtual void send(Frame frame) = 0;

    /// Sends what waits, then ends; nothing is told any more.
    virtual void finish() = 0;

    /// Ends at once; nothing is told any more.
    virtual void close() = 0;

    /// The name in the peer's certificate, empty without TLS or before opened().
    virtual std::string peer_name() const = 0;
    virtual std::string peer_address() const = 0;

    virtual std::uint64_t bytes_sent() const = 0;
    virtual std::uint64_t bytes_received() const = 0;
};

using LinkPointer = std::shared_ptr<Link>;

/// Accepts connections. Must not outlive the loop.
class Listener {
public:
    /// `identity` null: without TLS. Throws std::runtime_error, naming the address, where it
    /// cannot be listened on.
    Listener(Loop& loop, const Address& address, const TlsIdentity* identity,
             std::function<void(LinkPointer)> accepted);
    ~Listener();

    /// Where it listens; the port that was found free.
    std::string address() const;
    std::uint16_t port() const;

private:
    struct State;
    std::shared_ptr<State> state_;
};

/// A link that looks the address up and connects when it is started; its events tell how that
/// went. Without TLS it ends where that leads off the loopback interface.
LinkPointer connect(Loop& loop, const Address& address, const TlsIdentity* identity);

}  // namespace aircomp::runtime::control
