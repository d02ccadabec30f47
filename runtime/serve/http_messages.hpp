// SPDX-License-Identifier: GPL-3.0-or-later
// Requests and answers as Boost.Beast has them, for http.cpp alone: what is wrong with a request, and
// an answer as bytes.
#pragma once

#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <cstddef>
#include <optional>
#include <string>

#include "serve/http.hpp"

namespace aircomp::runtime::control {

using HttpHeader = boost::beast::http::request_header<>;

constexpr std::size_t most_header_bytes = 8 * 1024;

std::string text_of(boost::beast::string_view text);

/// An answer with its head; a client that asked for the head alone gets no body.
std::string whole_answer(const HttpAnswer& answer, bool has_body);

/// The head of an answer that comes in pieces, and one of these where they are chunks.
std::string stream_head(const std::string& content_type, bool is_chunked);
std::string chunk(const std::string& piece);

/// What to say to a request that cannot be read; nothing where nobody is there to hear it.
std::optional<HttpRefusal> complaint(boost::system::error_code error);

/// What a body of no length that all understand could hide behind.
std::optional<HttpRefusal> ambiguity(const HttpHeader& header, bool is_chunked);

/// What access is decided by.
HttpFields fields_of(const HttpHeader& header);

/// Without what may follow the type, such as "; charset=utf-8".
bool has_type(const HttpHeader& header, const std::string& type);

}  // namespace aircomp::runtime::control
