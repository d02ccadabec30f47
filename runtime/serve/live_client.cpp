// SPDX-License-Identifier: GPL-3.0-or-later
// Reading server-sent events, on Boost.Beast.
#include "serve/live_client.hpp"

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string_view>

namespace aircomp::runtime::serve {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;

constexpr std::size_t most_event_bytes = 1024 * 1024;
constexpr std::string_view data = "data: ", event_end = "\n\n";

class LiveClient {
public:
    LiveClient(const control::Address& address, const std::string& token)
        : name_(address.host + ":" + std::to_string(address.port)) {
        const std::string port = std::to_string(address.port);
        stream_.connect(asio::ip::tcp::resolver(context_).resolve(address.host, port));
        http::request<http::empty_body> request(http::verb::get, "/live", 11);
        request.set(http::field::host, name_);
        if (!token.empty()) request.set(http::field::authorization, "Bearer " + token);
        http::write(stream_, request);
        // Figures have no end; Boost 1.74 takes "none" for a limit of nothing.
        parser_.body_limit(std::numeric_limits<std::uint64_t>::max());
        http::read_header(stream_, buffer_, parser_);
    }

    unsigned status() const { return parser_.get().result_int(); }

    /// What comes next of the body; nothing at its end.
    std::string_view next() {
        while (!parser_.is_done()) {
            parser_.get().body().data = piece_.data();
            parser_.get().body().size = piece_.size();
            boost::system::error_code error;
            http::read_some(stream_, buffer_, parser_, error);
            if (error && error != http::error::need_buffer)
                throw boost::system::system_error(error);
            const std::size_t size = piece_.size() - parser_.get().body().size;
            if (size > 0) return {piece_.data(), size};
        }
        return {};
    }

private:
    std::string name_;
    asio::io_context context_;
    beast::tcp_stream stream_{context_};
    beast::flat_buffer buffer_;
    http::response_parser<http::buffer_body> parser_;
    std::array<char, 4096> piece_{};
};

/// All of a short body.
std::string rest_of(LiveClient& client) {
    std::string text;
    for (auto piece = client.next(); !piece.empty() && text.size() < 4096; piece = client.next())
        text += piece;
    return text;
}

}  // namespace

void read_live(const control::Address& address, const std::string& token,
               const std::function<bool(const std::string& event)>& take) {
    const std::string name = address.host + ":" + std::to_string(address.port);
    try {
        LiveClient client(address, token);
        if (client.status() != 200) {
            throw std::runtime_error("expected figures, found status " +
                                     std::to_string(client.status()) + ": " + rest_of(client));
        }
        std::string held;
        for (auto piece = client.next(); !piece.empty(); piece = client.next()) {
            held += piece;
            for (std::size_t end; (end = held.find(event_end)) != std::string::npos;) {
                const std::string event = held.substr(0, end);
                held.erase(0, end + event_end.size());
                if (event.rfind(data, 0) == 0 && !take(event.substr(data.size()))) return;
            }
            if (held.size() > most_event_bytes)
                throw std::runtime_error("expected figures, found an event without an end");
        }
    } catch (const boost::system::system_error& error) {
        throw std::runtime_error(name + ": " + error.code().message());
    } catch (const std::runtime_error& error) {
        throw std::runtime_error(name + ": " + error.what());
    }
}

}  // namespace aircomp::runtime::serve
