// SPDX-License-Identifier: GPL-3.0-or-later
// Pages over HTTP for whoever watches a daemon, on Boost.Beast: GET and HEAD, one request a
// connection, over TLS 1.3 with certificates on both sides where there are any.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "daemon/link/net.hpp"

namespace aircomp::runtime::control {

struct HttpPage {
    std::string content_type;
    /// Made anew for every request, in the loop's thread.
    std::function<std::string()> body;
};

/// Serves in the loop's thread, between its other events. A client costs at most 8 KiB of request
/// and 5 s each for handshake and request, and for the answer; 16 are served at a time, and those
/// beyond are hung up on. What a client does ends its own connection at most.
class HttpServer {
public:
    using Pages = std::map<std::string, HttpPage>;  ///< By path, as "/metrics".

    /// `identity` null: without TLS. Throws std::runtime_error, naming the address, where it cannot
    /// be listened on. Must not outlive loop or identity.
    HttpServer(Loop& loop, const Address& address, const TlsIdentity* identity, Pages pages);
    ~HttpServer();

    /// As http://127.0.0.1:9100, with the port that was found free.
    std::string url() const;

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace aircomp::runtime::control
