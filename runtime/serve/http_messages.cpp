// SPDX-License-Identifier: GPL-3.0-or-later
// Heads, bodies and chunks on Boost.Beast.
#include "serve/http_messages.hpp"

#include <ios>
#include <sstream>

namespace aircomp::runtime::control {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;
using boost::system::error_code;

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

}  // namespace

std::string text_of(beast::string_view text) {
    return {text.data(), text.size()};
}

std::string whole_answer(const HttpAnswer& answer, bool has_body) {
    auto response = head_of<http::string_body>(answer);
    response.body() = answer.body;
    response.prepare_payload();
    // A head says how long its body would be, and has none.
    if (!has_body) response.body().clear();
    return bytes_of(response);
}

std::string stream_head(const std::string& content_type, bool is_chunked) {
    auto response = head_of<http::empty_body>({200, content_type, "", {}});
    if (is_chunked) response.chunked(true);
    return bytes_of(response.base());
}

std::string chunk(const std::string& piece) {
    std::ostringstream bytes;
    bytes << std::hex << piece.size() << "\r\n" << piece << "\r\n";
    return std::move(bytes).str();
}

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

HttpFields fields_of(const HttpHeader& header) {
    return {text_of(header[http::field::host]), text_of(header[http::field::origin]),
            text_of(header[http::field::authorization]), text_of(header["Sec-Fetch-Site"]),
            text_of(header["Sec-Fetch-Mode"])};
}

std::optional<HttpRefusal> ambiguity(const HttpHeader& header, bool is_chunked) {
    if (header.count(http::field::host) > 1) return HttpRefusal{400, "expected one header Host"};
    if (header.count(http::field::transfer_encoding) == 0 ||
        (is_chunked && beast::iequals(header[http::field::transfer_encoding], "chunked")))
        return std::nullopt;
    return HttpRefusal{501, "Transfer-Encoding: expected chunked alone"};
}

bool has_type(const HttpHeader& header, const std::string& type) {
    const auto found = header[http::field::content_type];
    return beast::iequals(found.substr(0, found.find_first_of("; \t")), type);
}

}  // namespace aircomp::runtime::control
