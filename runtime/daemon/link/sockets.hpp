// SPDX-License-Identifier: GPL-3.0-or-later
// Loop, identities and listening sockets as Boost.Asio has them, for the few files that speak to
// Asio themselves.
#pragma once

#include <boost/asio.hpp>
#include <boost/asio/ssl.hpp>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>

#include "daemon/link/net.hpp"

namespace aircomp::runtime::control {

struct Ticker {
    double due_s;
    double interval_s;
    std::function<void()> action;
};

struct Loop::State {
    boost::asio::io_context io{1};  // One thread runs it.
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work{
        io.get_executor()};
    std::optional<boost::asio::signal_set> signals;
    std::list<Ticker> tickers;  // An action may add one.
};

struct TlsIdentity::State {
    boost::asio::ssl::context context{boost::asio::ssl::context::tls};
};

/// HOST:PORT, an IPv6 address in brackets.
std::string text_of(const boost::asio::ip::tcp::endpoint& endpoint);

/// A listening socket that hands over what it accepts until it is closed.
class Acceptor : public std::enable_shared_from_this<Acceptor> {
public:
    using Take = std::function<void(boost::asio::ip::tcp::socket)>;

    /// Throws std::runtime_error, naming the address, where it cannot be listened on.
    static std::shared_ptr<Acceptor> open(Loop& loop, const Address& address, Take take);

    void close();
    boost::asio::ip::tcp::endpoint endpoint() const { return acceptor_.local_endpoint(); }

private:
    Acceptor(boost::asio::io_context& io, Take take);
    void accept();

    boost::asio::ip::tcp::acceptor acceptor_;
    boost::asio::steady_timer pause_;
    Take take_;
};

}  // namespace aircomp::runtime::control
