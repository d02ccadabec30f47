// SPDX-License-Identifier: GPL-3.0-or-later
// Host, Origin and token of a request.
#include "serve/http_access.hpp"

#include <openssl/crypto.h>
#include <sys/stat.h>

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <boost/beast/core/string.hpp>
#include <fstream>
#include <stdexcept>

namespace aircomp::runtime::control {
namespace {

constexpr std::size_t least_token_characters = 16;
const std::string bearer = "bearer ";

/// HOST of HOST or HOST:PORT, without the brackets of an IPv6 address.
std::string name_of(const std::string& host) {
    if (!host.empty() && host.front() == '[') return host.substr(1, host.find(']') - 1);
    return host.substr(0, host.find(':'));
}

bool is_this_machine(const std::string& host) {
    const std::string name = name_of(host);
    if (boost::beast::iequals(name, "localhost")) return true;
    boost::system::error_code error;
    const auto address = boost::asio::ip::make_address(name, error);
    return !error && address.is_loopback();
}

/// In a time that does not tell how much of it is right.
bool has_token(const std::string& authorization, const std::string& token) {
    return authorization.size() == bearer.size() + token.size() &&
           boost::beast::iequals(authorization.substr(0, bearer.size()), bearer) &&
           CRYPTO_memcmp(authorization.data() + bearer.size(), token.data(), token.size()) == 0;
}

/// Of a page of somebody else's, that is.
bool is_foreign(const HttpFields& fields) {
    if (!fields.origin.empty()) {
        return fields.origin != "http://" + fields.host &&
               fields.origin != "https://" + fields.host;
    }
    const bool is_followed_link = fields.fetch_mode == "navigate";
    return !is_followed_link &&
           (fields.fetch_site == "cross-site" || fields.fetch_site == "same-site");
}

}  // namespace

std::optional<HttpRefusal> refusal(const HttpAccess& access, const HttpFields& fields,
                                   bool needs_token) {
    if (fields.host.empty()) return HttpRefusal{400, "expected the header Host, found none"};
    if (access.token.empty() && !is_this_machine(fields.host)) {
        return HttpRefusal{
            403, "Host: expected localhost or an address of the loopback interface, found '" +
                     fields.host + "'; a server with --token-file takes others"};
    }
    if (is_foreign(fields)) {
        return HttpRefusal{403, "Origin: expected a page of this server, found '" +
                                    (fields.origin.empty() ? fields.fetch_site : fields.origin) +
                                    "'"};
    }
    if (needs_token && !access.token.empty() && !has_token(fields.authorization, access.token)) {
        return HttpRefusal{401,
                           "expected the header Authorization: Bearer TOKEN with this server's "
                           "token"};
    }
    return std::nullopt;
}

std::string read_token(const std::string& file) {
    struct stat status {};
    if (stat(file.c_str(), &status) != 0) throw std::runtime_error(file + ": no such file");
    if (S_ISDIR(status.st_mode)) throw std::runtime_error(file + ": is a folder, expected a file");
    if ((status.st_mode & (S_IRGRP | S_IROTH)) != 0) {
        throw std::runtime_error(file +
                                 ": expected a file that only its owner may read (chmod 600)");
    }
    std::ifstream in(file);
    std::string token;
    if (!std::getline(in, token)) {
        throw std::runtime_error(file + ": expected a file with a token in its first line");
    }
    const bool can_be_sent = std::all_of(token.begin(), token.end(),
                                         [](unsigned char c) { return c > ' ' && c < 0x7f; });
    if (token.size() < least_token_characters || !can_be_sent) {
        throw std::runtime_error(file + ": expected a first line of at least " +
                                 std::to_string(least_token_characters) +
                                 " characters without spaces (openssl rand -hex 32 makes one)");
    }
    return token;
}

}  // namespace aircomp::runtime::control
