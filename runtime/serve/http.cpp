// SPDX-License-Identifier: GPL-3.0-or-later
// HTTP sessions on Boost.Beast.
#include "serve/http.hpp"

#include <algorithm>
#include <array>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <chrono>
#include <deque>
#include <limits>

#include "daemon/link/sockets.hpp"
#include "serve/http_messages.hpp"

namespace aircomp::runtime::control {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;
using boost::system::error_code;
using TlsStream = beast::ssl_stream<beast::tcp_stream>;

constexpr std::size_t most_ignored_bytes = 64 * 1024;
constexpr std::size_t most_unread_bytes = 1024 * 1024;
constexpr std::size_t most_held_bytes = 64 * 1024 * 1024;
constexpr std::chrono::seconds patience{5}, patience_for_body{20};

HttpAnswer plain(unsigned status, const std::string& reason) {
    return {status, "text/plain; charset=utf-8", reason + "\n", {}};
}

}  // namespace

struct HttpServer::State {
    Routes routes;
    HttpRules rules;
    std::shared_ptr<Acceptor> acceptor;
    int clients = 0;
    std::size_t held_bytes = 0;  ///< Bodies, and what clients have not read, of all of them.

    HttpAnswer refuse(const HttpRefusal& refusal) const {
        return rules.refuse ? rules.refuse(refusal.status, refusal.reason)
                            : plain(refusal.status, refusal.reason);
    }

    std::string paths() const {
        std::string paths;
        for (const auto& [path, route] : routes)
            paths += (paths.empty() ? "" : ", ") + path;
        return paths;
    }
};

namespace {

/// One connection: handshake, request, answer, end.
template <typename Stream, typename Server>
class Session final : public HttpReply,
                      public std::enable_shared_from_this<Session<Stream, Server>> {
public:
    template <typename... Arguments>
    explicit Session(std::weak_ptr<Server> server, Arguments&&... arguments)
        : server_(std::move(server)), stream_(std::forward<Arguments>(arguments)...) {
        if (const auto owner = server_.lock()) ++owner->clients;
    }
    ~Session() override {
        const auto owner = server_.lock();
        if (!owner) return;
        --owner->clients;
        owner->held_bytes -= held_bytes_;
    }
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    void start() {
        transport().expires_after(patience);
        if constexpr (is_tls) {
            stream_.async_handshake(asio::ssl::stream_base::server,
                                    [self = self_()](error_code error) {
                                        if (!error) self->read_header();
                                    });
        } else {
            read_header();
        }
    }

    // ---- the answer ----

    void send(const HttpAnswer& answer) override {
        if (is_over_) return;
        is_over_ = true;
        queue(whole_answer(answer, !is_head_));
    }

    void begin(const std::string& content_type) override {
        queue(stream_head(content_type, is_chunked_));
    }

    void write(const std::string& piece) override {
        if (is_over_ || piece.empty()) return;
        if (queued_bytes_ > most_unread_bytes || !has_room_for(piece.size())) return leave();
        queue(is_chunked_ ? chunk(piece) : piece);
    }

    void end() override {
        if (is_over_) return;
        is_over_ = true;
        queue(is_chunked_ ? "0\r\n\r\n" : "");
    }

    void on_gone(std::function<void()> action) override { gone_ = std::move(action); }

private:
    static constexpr bool is_tls = std::is_same_v<Stream, TlsStream>;

    std::shared_ptr<Session> self_() { return this->shared_from_this(); }
    beast::tcp_stream& transport() { return beast::get_lowest_layer(stream_); }

    // ---- the request ----

    void read_header() {
        parser_.header_limit(most_header_bytes);
        // How long a body may be depends on what the header asks for.
        parser_.body_limit(std::numeric_limits<std::uint64_t>::max());
        http::async_read_header(
            stream_, buffer_, parser_,
            [self = self_()](error_code error, std::size_t) { self->header_read(error); });
    }

    void header_read(error_code error) {
        const auto owner = server_.lock();
        if (!owner) return;
        if (error) return complain(*owner, error);
        const HttpHeader& header = parser_.get();
        is_head_ = header.method() == http::verb::head;
        is_chunked_ = header.version() >= 11;
        if (auto refused = ambiguity(header, parser_.chunked()))
            return send(owner->refuse(*refused));
        const std::string target = text_of(header.target());
        const auto found = owner->routes.find(target.substr(0, target.find('?')));
        const HttpRoute* route = found == owner->routes.end() ? nullptr : &found->second;
        if (owner->rules.access) {
            const bool needs_token = route == nullptr || route->needs_token;
            if (auto refused = refusal(*owner->rules.access, fields_of(header), needs_token))
                return send(owner->refuse(*refused));
        }
        if (route == nullptr)
            return send(owner->refuse({404, "expected one of " + owner->paths()}));
        take(*owner, *route, header);
    }

    void take(const Server& owner, const HttpRoute& route, const HttpHeader& header) {
        const bool is_get = route.method == "GET";
        if (text_of(header.method_string()) != route.method && !(is_get && is_head_)) {
            const std::string allowed = is_get ? "GET, HEAD" : route.method;
            HttpAnswer answer =
                owner.refuse({405, "expected " + (is_get ? "GET or HEAD" : allowed)});
            answer.headers.emplace_back("Allow", allowed);
            return send(answer);
        }
        if (is_get) return handle(route, "");
        if (!route.body_type.empty() && !has_type(header, route.body_type)) {
            return send(owner.refuse({415, "Content-Type: expected " + route.body_type}));
        }
        const bool waits = beast::iequals(header[http::field::expect], "100-continue");
        const auto length = parser_.content_length();
        if (length && *length > route.most_body_bytes) {
            return send(owner.refuse({413, "expected a body of at most " +
                                               std::to_string(route.most_body_bytes) + " bytes"}));
        }
        const std::size_t most = length ? static_cast<std::size_t>(*length) : route.most_body_bytes;
        if (!has_room_for(most)) {
            return send(owner.refuse({503, "too many requests with a body; try again later"}));
        }
        hold(most);
        transport().expires_after(patience_for_body);
        if (!waits) return read_body(route);
        static const std::string go_on = "HTTP/1.1 100 Continue\r\n\r\n";
        asio::async_write(stream_, asio::buffer(go_on),
                          [self = self_(), &route](error_code error, std::size_t) {
                              if (!error) self->read_body(route);
                          });
    }

    /// Routes live as long as the server.
    void read_body(const HttpRoute& route) {
        body_.emplace(std::move(parser_));
        body_->body_limit(route.most_body_bytes);
        http::async_read(stream_, buffer_, *body_,
                         [self = self_(), &route](error_code error, std::size_t) {
                             const auto owner = self->server_.lock();
                             if (!owner) return;
                             if (error) return self->complain(*owner, error);
                             self->handle(route, self->body_->get().body());
                         });
    }

    void handle(const HttpRoute& route, const std::string& body) {
        const auto owner = server_.lock();
        if (!owner) return;
        try {
            route.handle(body, self_());
        } catch (const std::exception& error) {
            send(owner->refuse({500, error.what()}));
        }
        if (!is_over_) watch();
    }

    void complain(const Server& owner, error_code error) {
        if (const auto words = complaint(error)) send(owner.refuse(*words));
    }

    // ---- what all clients together may hold ----

    bool has_room_for(std::size_t bytes) const {
        const auto owner = server_.lock();
        return owner && owner->held_bytes + bytes <= most_held_bytes;
    }

    void hold(std::size_t bytes) {
        held_bytes_ += bytes;
        if (const auto owner = server_.lock()) owner->held_bytes += bytes;
    }

    void release(std::size_t bytes) {
        held_bytes_ -= bytes;
        if (const auto owner = server_.lock()) owner->held_bytes -= bytes;
    }

    // ---- bytes out ----

    void queue(std::string bytes) {
        if (is_gone_) return;
        hold(bytes.size());
        queued_bytes_ += bytes.size();
        queue_.push_back(std::move(bytes));
        if (queue_.size() == 1) write_next();
    }

    void write_next() {
        transport().expires_after(patience);
        asio::async_write(stream_, asio::buffer(queue_.front()),
                          [self = self_()](error_code error, std::size_t) {
                              if (self->is_gone_) return;
                              if (error) return self->leave();
                              self->queued_bytes_ -= self->queue_.front().size();
                              self->release(self->queue_.front().size());
                              self->queue_.pop_front();
                              if (!self->queue_.empty()) return self->write_next();
                              if (self->is_over_) self->finish();
                          });
    }

    // ---- the end ----

    /// While the answer is being made: whether the client is still there.
    void watch() {
        is_watching_ = true;
        transport().expires_never();
        stream_.async_read_some(
            asio::buffer(ignored_), [self = self_()](error_code error, std::size_t bytes) {
                self->is_watching_ = false;
                if (self->is_gone_) return;
                if (self->is_finished_) return self->hang_up();
                self->ignored_bytes_ += bytes;
                const bool is_too_much = self->ignored_bytes_ > most_ignored_bytes;
                if (error || is_too_much) return self->leave();
                self->watch();
            });
    }

    /// The client has gone, or is to go.
    void leave() {
        is_gone_ = is_over_ = true;
        transport().close();
        if (const auto action = std::exchange(gone_, nullptr)) action();
    }

    /// All is said.
    void finish() {
        gone_ = nullptr;
        is_finished_ = true;
        if (!is_watching_) return hang_up();
        transport().cancel();  // The watch goes on to hang up.
    }

    void hang_up() {
        transport().expires_after(patience);
        if constexpr (is_tls) {
            stream_.async_shutdown([self = self_()](error_code) {});
        } else {
            error_code ignored;
            stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
            drain();
        }
    }

    /// To close with something unread could take the answer back before it is read.
    void drain() {
        stream_.async_read_some(asio::buffer(ignored_),
                                [self = self_()](error_code error, std::size_t bytes) {
                                    self->ignored_bytes_ += bytes;
                                    if (!error && self->ignored_bytes_ < most_ignored_bytes)
                                        self->drain();
                                });
    }

    std::weak_ptr<Server> server_;
    Stream stream_;
    beast::flat_static_buffer<most_header_bytes> buffer_;
    http::request_parser<http::empty_body> parser_;
    std::optional<http::request_parser<http::string_body>> body_;
    bool is_head_ = false;     ///< Only the answer's head is asked for.
    bool is_chunked_ = false;  ///< HTTP/1.1: pieces say how long they are.
    std::deque<std::string> queue_;
    std::size_t queued_bytes_ = 0;
    std::size_t held_bytes_ = 0;
    std::function<void()> gone_;
    bool is_over_ = false;  ///< Nothing more is to be said.
    bool is_gone_ = false;
    bool is_finished_ = false;  ///< All was said.
    bool is_watching_ = false;
    std::array<char, 4096> ignored_ = {};
    std::size_t ignored_bytes_ = 0;
};

}  // namespace

HttpRoute page(const std::string& content_type, std::function<std::string()> body) {
    HttpRoute route;
    route.method = "GET";
    route.handle = [content_type, body = std::move(body)](const std::string&,
                                                          const std::shared_ptr<HttpReply>& reply) {
        reply->send({200, content_type, body(), {}});
    };
    return route;
}

HttpServer::HttpServer(Loop& loop, const Address& address, Routes routes, HttpRules rules)
    : state_(std::make_shared<State>()) {
    state_->routes = std::move(routes);
    state_->rules = std::move(rules);
    const std::weak_ptr<State> server = state_;
    state_->acceptor = Acceptor::open(loop, address, [server](tcp::socket socket) {
        const auto owner = server.lock();
        if (!owner || owner->clients >= owner->rules.most_clients) return;
        const TlsIdentity* const identity = owner->rules.identity;
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
    close();
}

std::string HttpServer::url() const {
    const bool has_tls = state_->rules.identity != nullptr;
    return (has_tls ? "https://" : "http://") + control::text_of(state_->acceptor->endpoint());
}

void HttpServer::close() {
    state_->acceptor->close();
}

int HttpServer::clients() const {
    return state_->clients;
}

}  // namespace aircomp::runtime::control
