// SPDX-License-Identifier: GPL-3.0-or-later
// HTTP for whoever watches or uses a process, on Boost.Beast: one request a connection, answered at
// once or piece by piece; over TLS 1.3 with certificates on both sides where there are any.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "daemon/link/net.hpp"
#include "serve/http_access.hpp"

namespace aircomp::runtime::control {

struct HttpAnswer {
    unsigned status = 200;
    std::string content_type;
    std::string body;
    std::vector<std::pair<std::string, std::string>> headers;  ///< Besides those of every answer.
};

/// The way back to one client. In the loop's thread; what is said to one that has gone is lost.
class HttpReply {
public:
    virtual ~HttpReply() = default;

    /// The whole answer.
    virtual void send(const HttpAnswer& answer) = 0;

    /// An answer that comes in pieces, and its end. A client that leaves 1 MiB unread is hung up on.
    virtual void begin(const std::string& content_type) = 0;
    virtual void write(const std::string& piece) = 0;
    virtual void end() = 0;

    /// Calls `action`, once, should the client go before the answer's end.
    virtual void on_gone(std::function<void()> action) = 0;
};

/// What a path stands for.
struct HttpRoute {
    /// In the loop's thread. May answer later, and is then to hold the reply weakly: it lives as
    /// long as its connection.
    using Handler = std::function<void(const std::string& body, const std::shared_ptr<HttpReply>&)>;

    std::string method;  ///< GET, which answers HEAD as well, or POST.
    Handler handle;
    std::size_t most_body_bytes = 0;  ///< Of POST.
    std::string body_type = {};       ///< What Content-Type a body has to have.
    bool needs_token = true;
};

/// A route to what `body` makes, anew for every request.
HttpRoute page(const std::string& content_type, std::function<std::string()> body);

struct HttpRules {
    const TlsIdentity* identity = nullptr;  ///< Null: without TLS.
    std::optional<HttpAccess> access = {};  ///< Nothing: whoever reaches the socket.
    int most_clients = 16;
    /// What a refusal looks like; plain text where there is none.
    std::function<HttpAnswer(unsigned status, const std::string& reason)> refuse = {};
};

/// Serves in the loop's thread, between its other events. A client costs at most 8 KiB of header,
/// the body that its route allows, 5 s each for handshake, header and every piece that it is to
/// read, and 20 s for the body; clients beyond `most_clients` are hung up on. Bodies, and what clients
/// leave unread, take at most 64 MiB of all of them together: a body beyond is refused, a client that
/// is to read more is hung up on. What a client does ends its own connection at most.
class HttpServer {
public:
    using Routes = std::map<std::string, HttpRoute>;  ///< By path, as "/metrics".

    /// Throws std::runtime_error, naming the address, where it cannot be listened on. Must not
    /// outlive loop or identity.
    HttpServer(Loop& loop, const Address& address, Routes routes, HttpRules rules);
    ~HttpServer();

    /// As http://127.0.0.1:9100, with the port that was found free.
    std::string url() const;

    /// Takes no more clients.
    void close();
    /// How many there are.
    int clients() const;

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace aircomp::runtime::control
