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
#include <ios>
#include <limits>
#include <sstream>

#include "daemon/link/sockets.hpp"

namespace aircomp::runtime::control {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;
using boost::system::error_code;
using TlsStream = beast::ssl_stream<beast::tcp_stream>;
using Header = http::request_header<>;

constexpr std::size_t most_header_bytes = 8 * 1024;
constexpr std::size_t most_ignored_bytes = 64 * 1024;
constexpr std::size_t most_unread_bytes = 1024 * 1024;
constexpr std::chrono::seconds patience{5}, patience_for_body{20};

HttpAnswer plain(unsigned status, const std::string& reason) {
    return {status, "text/plain; charset=utf-8", reason + "\n", {}};
}

std::string text_of(beast::string_view text) {
    return {text.data(), text.size()};
}

/// A response's head, with what all have.
template <typename Body>
http::response<Body> head_of(const HttpAnswer& answer) {
    http::response<Body> response(http::int_to_status(answer.status), 11);
    response.set(http::field::content_type, answer.content_type);
    response.set(http::field::cache_control, "no-store");
    response.set("X-Content-Type-Options", "nosniff");
    for (const auto& [name, value] : answer.headers)
        response.set(name, value);
    response.keep_alive(false);
    return response;
}

template <typename Message>
std::string bytes_of(const Message& message) {
    std::ostringstream bytes;
    bytes << message;
    return std::move(bytes).str();
}

std::string whole_answer(const HttpAnswer& answer, bool has_body) {
    auto response = head_of<http::string_body>(answer);
    response.body() = answer.body;
    response.prepare_payload();
    // A head says how long its body would be, and has none.
    if (!has_body) response.body().clear();
    return bytes_of(response);
}

std::string chunk(const std::string& piece) {
    std::ostringstream bytes;
    bytes << std::hex << piece.size() << "\r\n" << piece << "\r\n";
    return std::move(bytes).str();
}

/// What to say to a request that cannot be read; nothing where nobody is there to hear it.
std::optional<HttpRefusal> complaint(error_code error) {
    if (error == http::error::header_limit || error == http::error::buffer_overflow) {
        return HttpRefusal{
            431, "expected a header of at most " + std::to_string(most_header_bytes) + " bytes"};
    }
    if (error == http::error::body_limit) return HttpRefusal{413, "the body is too long"};
    const bool is_malformed =
        error.category() == make_error_code(http::error::bad_method).category();
    const bool has_left =
        error == http::error::end_of_stream || error == http::error::partial_message;
    if (!is_malformed || has_left) return std::nullopt;
    return HttpRefusal{400, error.message()};
}

HttpFields fields_of(const Header& header) {
    return {text_of(header[http::field::host]), text_of(header[http::field::origin]),
            text_of(header[http::field::authorization]), text_of(header["Sec-Fetch-Site"]),
            text_of(header["Sec-Fetch-Mode"])};
}

/// What a body of no length that all understand could hide behind.
std::optional<HttpRefusal> ambiguity(const Header& header, bool is_chunked) {
    if (header.count(http::field::host) > 1) return HttpRefusal{400, "expected one header Host"};
    if (header.count(http::field::transfer_encoding) == 0 ||
        (is_chunked && beast::iequals(header[http::field::transfer_encoding], "chunked")))
        return std::nullopt;
    return HttpRefusal{501, "Transfer-Encoding: expected chunked alone"};
}

/// Without what may follow the type, such as "; charset=utf-8".
bool has_type(const Header& header, const std::string& type) {
    const auto found = header[http::field::content_type];
    return beast::iequals(found.substr(0, found.find_first_of("; \t")), type);
}

}  // namespace

struct HttpServer::State {
    Routes routes;
    HttpRules rules;
    std::shared_ptr<Acceptor> acceptor;
    int clients = 0;

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
        if (const auto owner = server_.lock()) --owner->clients;
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
        auto response = head_of<http::empty_body>({200, content_type, "", {}});
        if (is_chunked_) response.chunked(true);
        queue(bytes_of(response.base()));
    }

    void write(const std::string& piece) override {
        if (is_over_ || piece.empty()) return;
        if (queued_bytes_ > most_unread_bytes) return leave();
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
        const Header& header = parser_.get();
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

    void take(const Server& owner, const HttpRoute& route, const Header& header) {
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

    // ---- bytes out ----

    void queue(std::string bytes) {
        if (is_gone_) return;
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
