// SPDX-License-Identifier: GPL-3.0-or-later
// Links and listener on Boost.Asio.
#include "daemon/link/net.hpp"

#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <deque>
#include <stdexcept>
#include <utility>

#include "daemon/link/sockets.hpp"

namespace aircomp::runtime::control {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using TlsStream = asio::ssl::stream<tcp::socket>;

/// A peer that leaves so many frames unread is not worth waiting for.
constexpr std::size_t most_queued_frames = 256;

std::string unresolved(const Address& address, error_code error) {
    return address.host + ": cannot be resolved: " + error.message();
}

tcp::resolver::results_type resolve(asio::io_context& io, const Address& address) {
    error_code error;
    tcp::resolver resolver(io);
    auto found = resolver.resolve(address.host, std::to_string(address.port), error);
    if (error || found.empty()) throw std::runtime_error(unresolved(address, error));
    return found;
}

std::string common_name(X509* certificate) {
    std::array<char, 256> name = {};
    const int length = X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName,
                                                 name.data(), name.size());
    return length > 0 ? std::string(name.data(), static_cast<std::size_t>(length)) : std::string();
}

/// Framing, the same over both kinds of stream.
template <typename Stream>
class BasicLink final : public Link, public std::enable_shared_from_this<BasicLink<Stream>> {
public:
    template <typename... Arguments>
    explicit BasicLink(Role role, Arguments&&... arguments)
        : role_(role), stream_(std::forward<Arguments>(arguments)...) {}

    /// To connect to where start() finds nothing connected yet.
    void set_target(const Address& target) { target_ = target; }

    tcp::socket& socket() {
        if constexpr (is_tls) {
            return stream_.next_layer();
        } else {
            return stream_;
        }
    }

    void start(LinkEvents events) override {
        events_ = std::move(events);
        if (socket().is_open()) {
            connected({});
        } else {
            look_up();
        }
    }

    void send(Frame frame) override {
        if (closed_) return;
        if (queue_.size() >= most_queued_frames) return fail("it does not read what it is sent");
        queue_.push_back(std::move(frame));
        if (queue_.size() == 1 && is_up_) write_next();
    }

    void finish() override {
        finishing_ = true;
        if (!is_up_) return close();
        timer_.expires_after(std::chrono::seconds(1));
        timer_.async_wait([self = this->shared_from_this()](error_code) { self->close(); });
        if (queue_.empty()) hang_up();
    }

    void close() override {
        if (std::exchange(closed_, true)) return;
        error_code ignored;
        timer_.cancel(ignored);
        resolver_.cancel();
        socket().shutdown(tcp::socket::shutdown_both, ignored);
        socket().close(ignored);
    }

    std::string peer_name() const override { return peer_name_; }
    std::string peer_address() const override { return text_of(peer_); }
    std::uint64_t bytes_sent() const override { return bytes_sent_; }
    std::uint64_t bytes_received() const override { return bytes_received_; }

private:
    static constexpr bool is_tls = std::is_same_v<Stream, TlsStream>;

    void look_up() {
        resolver_.async_resolve(target_.host, std::to_string(target_.port),
                                [self = this->shared_from_this()](error_code error, auto found) {
                                    if (self->closed_) return;
                                    if (error) return self->fail(unresolved(self->target_, error));
                                    self->reach(found);
                                });
    }

    void reach(const tcp::resolver::results_type& found) {
        asio::async_connect(
            socket(), found,
            [self = this->shared_from_this()](error_code error, const tcp::endpoint&) {
                self->connected(error);
            });
    }

    void connected(error_code error) {
        if (closed_) return;
        if (error) return fail("cannot connect: " + error.message());
        peer_ = socket().remote_endpoint(error);
        // What a name stands for may have changed since it was looked at.
        if (!is_tls && role_ == Role::device && !error && !peer_.address().is_loopback()) {
            return fail("expected a loopback address where there are no certificates, found " +
                        text_of(peer_));
        }
        // Rounds are small and somebody waits for each.
        socket().set_option(tcp::no_delay(true), error);
        if constexpr (is_tls) {
            handshake();
        } else {
            opened();
        }
    }

    void handshake() {
        if constexpr (is_tls) {
            stream_.set_verify_callback([this](bool trusted, asio::ssl::verify_context& context) {
                if (!trusted) {
                    const int why = X509_STORE_CTX_get_error(context.native_handle());
                    distrust_ = X509_verify_cert_error_string(why);
                }
                return trusted;
            });
            const auto side = role_ == Role::coordinator ? asio::ssl::stream_base::server
                                                         : asio::ssl::stream_base::client;
            stream_.async_handshake(
                side, [self = this->shared_from_this()](error_code error) { self->shaken(error); });
        }
    }

    void shaken(error_code error) {
        if (closed_) return;
        if (error) {
            return fail("TLS: " + error.message() +
                        (distrust_.empty() ? "" : " (" + distrust_ + ")"));
        }
        if constexpr (is_tls) {
            X509* certificate = SSL_get_peer_certificate(stream_.native_handle());
            if (certificate == nullptr) return fail("TLS: expected a certificate, found none");
            peer_name_ = common_name(certificate);
            X509_free(certificate);
        }
        opened();
    }

    void opened() {
        if (events_.opened) events_.opened();
        if (closed_) return;
        is_up_ = true;
        if (!queue_.empty()) write_next();
        read_length();
    }

    void read_length() {
        is_reading_ = true;
        frame_.resize(length_bytes);
        asio::async_read(stream_, asio::buffer(frame_.data(), length_bytes),
                         [self = this->shared_from_this()](error_code error, std::size_t) {
                             self->length_read(error);
                         });
    }

    void length_read(error_code error) {
        if (closed_) return;
        if (finishing_) return error ? close() : discard();
        if (error) return fail(reason(error));
        std::uint32_t length = 0;
        for (std::size_t i = 0; i < length_bytes; ++i)
            length |= std::to_integer<std::uint32_t>(frame_[i]) << (8 * i);
        const std::size_t most = events_.most_frame_bytes();
        if (length == 0 || length > most - length_bytes) {
            return fail("expected a frame of at most " + std::to_string(most - length_bytes) +
                        " bytes, found the length " + std::to_string(length));
        }
        frame_.resize(length_bytes + length);
        asio::async_read(stream_, asio::buffer(frame_.data() + length_bytes, length),
                         [self = this->shared_from_this()](error_code body_error, std::size_t) {
                             self->frame_read(body_error);
                         });
    }

    void frame_read(error_code error) {
        if (closed_) return;
        if (finishing_) return error ? close() : discard();
        if (error) return fail(reason(error));
        is_reading_ = false;
        bytes_received_ += frame_.size();
        try {
            events_.frame(frame_);
        } catch (const std::exception& refusal) {
            return fail(refusal.what());
        }
        if (!closed_ && !finishing_) read_length();
    }

    void write_next() {
        asio::async_write(stream_, asio::buffer(queue_.front()->data(), queue_.front()->size()),
                          [self = this->shared_from_this()](error_code error, std::size_t) {
                              self->written(error);
                          });
    }

    void written(error_code error) {
        if (closed_) return;
        if (error) return fail(reason(error));
        bytes_sent_ += queue_.front()->size();
        queue_.pop_front();
        if (!queue_.empty()) {
            write_next();
        } else if (finishing_) {
            hang_up();
        }
    }

    /// Says that nothing follows. The peer closes when it has read that: to close first, with
    /// something of it unread, could take back what was just sent.
    void hang_up() {
        error_code ignored;
        socket().shutdown(tcp::socket::shutdown_send, ignored);
        if (!is_reading_) discard();
    }

    void discard() {
        frame_.resize(most_hello_bytes);
        socket().async_read_some(asio::buffer(frame_.data(), frame_.size()),
                                 [self = this->shared_from_this()](error_code error, std::size_t) {
                                     if (error) return self->close();
                                     if (!self->closed_) self->discard();
                                 });
    }

    static std::string reason(error_code error) {
        const bool ended = error == asio::error::eof || error == asio::ssl::error::stream_truncated;
        return ended ? "it closed the connection" : error.message();
    }

    void fail(const std::string& reason) {
        if (closed_) return;
        // The owner may drop the link while it is told.
        const auto self = this->shared_from_this();
        close();
        if (!finishing_ && events_.closed) events_.closed(reason);
    }

    Role role_;
    Stream stream_;
    Address target_;
    tcp::resolver resolver_{stream_.get_executor()};
    tcp::endpoint peer_;
    std::string peer_name_;
    std::string distrust_;  ///< What the last certificate that was refused lacks.
    LinkEvents events_;
    std::vector<std::byte> frame_;                      ///< Being received; its memory is kept.
    std::deque<Frame> queue_;                           ///< To be sent; the first is being written.
    asio::steady_timer timer_{stream_.get_executor()};  ///< Of the end.
    bool is_up_ = false;
    bool is_reading_ = false;
    bool finishing_ = false;
    bool closed_ = false;
    std::uint64_t bytes_sent_ = 0;
    std::uint64_t bytes_received_ = 0;
};

}  // namespace

// ---- addresses ----

std::string text_of(const tcp::endpoint& endpoint) {
    const std::string host = endpoint.address().to_string();
    return (endpoint.address().is_v6() ? "[" + host + "]" : host) + ":" +
           std::to_string(endpoint.port());
}

Address parse_address(const std::string& text, const std::string& what) {
    const std::size_t colon = text.rfind(':');
    const std::string digits = colon == std::string::npos ? "" : text.substr(colon + 1);
    const bool is_port = !digits.empty() && digits.size() <= 5 &&
                         digits.find_first_not_of("0123456789") == std::string::npos &&
                         std::stoi(digits) <= 65535;
    if (!is_port || colon == 0) {
        throw std::invalid_argument(what + ": expected HOST:PORT, found '" + text + "'");
    }
    std::string host = text.substr(0, colon);
    if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
        host = host.substr(1, host.size() - 2);
    }
    return {host, static_cast<std::uint16_t>(std::stoi(digits))};
}

bool is_loopback(const std::string& text, const std::string& what) {
    const Address address = parse_address(text, what);
    asio::io_context io;
    try {
        const auto found = resolve(io, address);
        return std::all_of(found.begin(), found.end(), [](const auto& entry) {
            return entry.endpoint().address().is_loopback();
        });
    } catch (const std::runtime_error& error) {
        throw std::runtime_error(what + ": " + error.what());
    }
}

// ---- TLS ----

TlsIdentity::TlsIdentity(const std::filesystem::path& folder, Role role)
    : state_(std::make_unique<State>()) {
    auto& context = state_->context;
    SSL_CTX* native = context.native_handle();
    SSL_CTX_set_min_proto_version(native, TLS1_3_VERSION);
    SSL_CTX_set_num_tickets(native, 0);  // Every session is checked afresh.
    SSL_CTX_set_purpose(
        native, role == Role::coordinator ? X509_PURPOSE_SSL_CLIENT : X509_PURPOSE_SSL_SERVER);
    context.set_verify_mode(asio::ssl::verify_peer | asio::ssl::verify_fail_if_no_peer_cert);
    const auto load = [&](const char* name, auto&& use) {
        const std::string file = (folder / name).string();
        if (!std::filesystem::exists(file))
            throw std::runtime_error(file + ": no such file; aircomp pki issue writes it");
        error_code error;
        use(file, error);
        if (error) {
            throw std::runtime_error(
                file + ": expected what aircomp pki issue writes, found: " + error.message());
        }
    };
    load("authority.pem",
         [&](const auto& file, auto& error) { context.load_verify_file(file, error); });
    load("certificate.pem",
         [&](const auto& file, auto& error) { context.use_certificate_chain_file(file, error); });
    load("key.pem", [&](const auto& file, auto& error) {
        context.use_private_key_file(file, asio::ssl::context::pem, error);
    });
}

TlsIdentity::~TlsIdentity() = default;

// ---- listening and connecting ----

Acceptor::Acceptor(asio::io_context& io, Take take)
    : acceptor_(io), pause_(io), take_(std::move(take)) {}

std::shared_ptr<Acceptor> Acceptor::open(Loop& loop, const Address& address, Take take) {
    auto& io = loop.state().io;
    std::shared_ptr<Acceptor> self(new Acceptor(io, std::move(take)));
    const tcp::endpoint endpoint = resolve(io, address).begin()->endpoint();
    try {
        self->acceptor_.open(endpoint.protocol());
        self->acceptor_.set_option(tcp::acceptor::reuse_address(true));
        self->acceptor_.bind(endpoint);
        self->acceptor_.listen();
    } catch (const boost::system::system_error& error) {
        throw std::runtime_error(text_of(endpoint) +
                                 ": cannot be listened on: " + error.code().message());
    }
    self->accept();
    return self;
}

void Acceptor::close() {
    error_code ignored;
    pause_.cancel(ignored);
    acceptor_.close(ignored);
}

void Acceptor::accept() {
    acceptor_.async_accept([self = shared_from_this()](error_code error, tcp::socket socket) {
        if (!self->acceptor_.is_open()) return;
        if (!error) {
            self->accept();
            return self->take_(std::move(socket));
        }
        // Out of descriptors, most likely: to ask again at once would only spin.
        self->pause_.expires_after(std::chrono::milliseconds(100));
        self->pause_.async_wait([self](error_code cancelled) {
            if (!cancelled) self->accept();
        });
    });
}

struct Listener::State {
    std::shared_ptr<Acceptor> acceptor;
};

Listener::Listener(Loop& loop, const Address& address, const TlsIdentity* identity,
                   std::function<void(LinkPointer)> accepted)
    : state_(std::make_shared<State>()) {
    auto take = [identity, accepted = std::move(accepted)](tcp::socket socket) {
        if (identity == nullptr) {
            accepted(
                std::make_shared<BasicLink<tcp::socket>>(Role::coordinator, std::move(socket)));
        } else {
            accepted(std::make_shared<BasicLink<TlsStream>>(Role::coordinator, std::move(socket),
                                                            identity->state().context));
        }
    };
    state_->acceptor = Acceptor::open(loop, address, std::move(take));
}

Listener::~Listener() {
    state_->acceptor->close();
}

std::string Listener::address() const {
    return text_of(state_->acceptor->endpoint());
}

std::uint16_t Listener::port() const {
    return state_->acceptor->endpoint().port();
}

LinkPointer connect(Loop& loop, const Address& address, const TlsIdentity* identity) {
    auto& io = loop.state().io;
    const auto targeted = [&](auto link) -> LinkPointer {
        link->set_target(address);
        return link;
    };
    if (identity == nullptr) {
        return targeted(std::make_shared<BasicLink<tcp::socket>>(Role::device, io));
    }
    return targeted(
        std::make_shared<BasicLink<TlsStream>>(Role::device, io, identity->state().context));
}

}  // namespace aircomp::runtime::control
