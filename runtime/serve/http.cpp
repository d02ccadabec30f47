// SPDX-License-Identifier: GPL-3.0-or-later
// HTTP sessions on Boost.Beast.
#include "serve/http.hpp"

#include <array>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <chrono>
#include <limits>
#include <optional>
#include <utility>

#include "daemon/link/sockets.hpp"

namespace aircomp::runtime::control {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;
using boost::system::error_code;
using TlsStream = beast::ssl_stream<beast::tcp_stream>;

constexpr int most_clients = 16;
constexpr std::size_t most_request_bytes = 8 * 1024;
constexpr std::size_t most_unread_bytes = 64 * 1024;
constexpr std::chrono::seconds patience{5};

using Response = http::response<http::string_body>;

Response plain(http::status status, const std::string& text) {
    Response response(status, 11);
    response.set(http::field::content_type, "text/plain; charset=utf-8");
    response.body() = text + "\n";
    return response;
}

std::string paths_of(const HttpServer::Pages& pages) {
    std::string paths;
    for (const auto& [path, page] : pages)
        paths += (paths.empty() ? "" : ", ") + path;
    return paths;
}

Response answer(const http::request<http::empty_body>& request, const HttpServer::Pages& pages) {
    const std::string target(request.target());
    const auto page = pages.find(target.substr(0, target.find('?')));
    if (page == pages.end()) {
        return plain(http::status::not_found, "expected one of " + paths_of(pages));
    }
    if (request.method() != http::verb::get && request.method() != http::verb::head) {
        Response response = plain(http::status::method_not_allowed, "expected GET or HEAD");
        response.set(http::field::allow, "GET, HEAD");
        return response;
    }
    Response response(http::status::ok, 11);
    response.set(http::field::content_type, page->second.content_type);
    response.set(http::field::cache_control, "no-store");
    try {
        response.body() = page->second.body();
    } catch (const std::exception& error) {
        return plain(http::status::internal_server_error, error.what());
    }
    return response;
}

/// What to say to a request that cannot be read; nothing where nobody is there to hear it.
std::optional<Response> complaint(error_code error) {
    if (error == http::error::header_limit || error == http::error::buffer_overflow) {
        return plain(
            http::status::request_header_fields_too_large,
            "expected a request of at most " + std::to_string(most_request_bytes) + " bytes");
    }
    const bool is_malformed =
        error.category() == make_error_code(http::error::bad_method).category();
    const bool has_left =
        error == http::error::end_of_stream || error == http::error::partial_message;
    if (!is_malformed || has_left) return std::nullopt;
    return plain(http::status::bad_request, error.message());
}

}  // namespace

struct HttpServer::State {
    Pages pages;
    std::shared_ptr<Acceptor> acceptor;
    bool has_tls = false;
    int clients = 0;
};

namespace {

/// One connection: handshake, request, answer, end.
template <typename Stream, typename Server>
class Session : public std::enable_shared_from_this<Session<Stream, Server>> {
public:
    template <typename... Arguments>
    explicit Session(std::weak_ptr<Server> server, Arguments&&... arguments)
        : server_(std::move(server)), stream_(std::forward<Arguments>(arguments)...) {
        if (const auto owner = server_.lock()) ++owner->clients;
    }
    ~Session() {
        if (const auto owner = server_.lock()) --owner->clients;
    }
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    void start() {
        transport().expires_after(patience);
        if constexpr (std::is_same_v<Stream, TlsStream>) {
            stream_.async_handshake(asio::ssl::stream_base::server,
                                    [self = this->shared_from_this()](error_code error) {
                                        if (!error) self->read();
                                    });
        } else {
            read();
        }
    }

private:
    beast::tcp_stream& transport() { return beast::get_lowest_layer(stream_); }

    void read() {
        parser_.header_limit(most_request_bytes);
        parser_.body_limit(std::numeric_limits<std::uint64_t>::max());  // Bodies are not read.
        http::async_read_header(stream_, buffer_, parser_,
                                [self = this->shared_from_this()](error_code error, std::size_t) {
                                    self->respond(error);
                                });
    }

    void respond(error_code error) {
        const auto owner = server_.lock();
        if (!owner) return;
        if (error) {
            auto words = complaint(error);
            if (!words) return;
            response_ = std::move(*words);
        } else {
            response_ = answer(parser_.get(), owner->pages);
        }
        response_.keep_alive(false);
        response_.prepare_payload();
        // A head says how long its body would be, and has none.
        if (!error && parser_.get().method() == http::verb::head) response_.body().clear();
        transport().expires_after(patience);
        http::async_write(stream_, response_,
                          [self = this->shared_from_this()](error_code failure, std::size_t) {
                              if (!failure) self->hang_up();
                          });
    }

    void hang_up() {
        if constexpr (std::is_same_v<Stream, TlsStream>) {
            stream_.async_shutdown([self = this->shared_from_this()](error_code) {});
        } else {
            error_code ignored;
            stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
            drain();
        }
    }

    /// To close with something unread could take the answer back before it is read.
    void drain() {
        stream_.async_read_some(asio::buffer(unread_), [self = this->shared_from_this()](
                                                           error_code error, std::size_t bytes) {
            self->drained_ += bytes;
            if (!error && self->drained_ < most_unread_bytes) self->drain();
        });
    }

    std::weak_ptr<Server> server_;
    Stream stream_;
    beast::flat_static_buffer<most_request_bytes> buffer_;
    http::request_parser<http::empty_body> parser_;
    Response response_;
    std::array<char, 4096> unread_;
    std::size_t drained_ = 0;
};

}  // namespace

HttpServer::HttpServer(Loop& loop, const Address& address, const TlsIdentity* identity, Pages pages)
    : state_(std::make_shared<State>()) {
    state_->pages = std::move(pages);
    state_->has_tls = identity != nullptr;
    const std::weak_ptr<State> server = state_;
    state_->acceptor = Acceptor::open(loop, address, [server, identity](tcp::socket socket) {
        const auto owner = server.lock();
        if (!owner || owner->clients >= most_clients) return;
        if (identity == nullptr) {
            std::make_shared<Session<beast::tcp_stream, State>>(server, std::move(socket))->start();
        } else {
            std::make_shared<Session<TlsStream, State>>(server, std::move(socket),
                                                        identity->state().context)
                ->start();
        }
    });
}

HttpServer::~HttpServer() {
    state_->acceptor->close();
}

std::string HttpServer::url() const {
    return (state_->has_tls ? "https://" : "http://") + text_of(state_->acceptor->endpoint());
}

}  // namespace aircomp::runtime::control
