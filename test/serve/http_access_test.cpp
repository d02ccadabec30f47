// SPDX-License-Identifier: GPL-3.0-or-later
// Who may ask: hosts, origins and tokens.
#include "serve/http_access.hpp"

#include <filesystem>
#include <fstream>

#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

namespace aircomp::test {
namespace {

using namespace runtime::control;

unsigned status_of(const HttpAccess& access, const HttpFields& fields, bool needs_token = true) {
    const auto refused = refusal(access, fields, needs_token);
    return refused ? refused->status : 200;
}

TEST_CASE(
    "without a token, Host names the loopback interface, so that rebound names lead nowhere") {
    const HttpAccess access;
    for (const char* host : {"localhost", "LOCALHOST:8080", "127.0.0.1", "127.0.0.1:8080",
                             "127.1.2.3:1", "[::1]", "[::1]:8080"}) {
        CAPTURE(host);
        CHECK(status_of(access, {host}) == 200);
    }
    for (const char* host : {"evil.example", "evil.example:8080", "127.0.0.1.evil.example",
                             "localhost.evil.example", "10.0.0.1", "[fe80::1]", "[", "::1"}) {
        CAPTURE(host);
        CHECK(status_of(access, {host}) == 403);
    }
    CHECK(status_of(access, {}) == 400);
}

TEST_CASE("pages of others may not ask") {
    const HttpAccess access;
    const std::string host = "127.0.0.1:8080";
    CHECK(status_of(access, {host, "http://127.0.0.1:8080"}) == 200);
    for (const char* origin :
         {"http://evil.example", "null", "http://127.0.0.1:8081", "http://localhost:8080"}) {
        CAPTURE(origin);
        CHECK(status_of(access, {host, origin}) == 403);
    }
    CHECK(status_of(access, {host, "", "", "cross-site", "no-cors"}) == 403);
    CHECK(status_of(access, {host, "", "", "same-site", "cors"}) == 403);
    // A link to the page is no request of the page that it stands on.
    CHECK(status_of(access, {host, "", "", "cross-site", "navigate"}) == 200);
    CHECK(status_of(access, {host, "", "", "same-origin", "cors"}) == 200);
}

TEST_CASE("with a token, any host will do and the token is needed") {
    const HttpAccess access{"0123456789abcdef"};
    const std::string host = "laboratory:8080";
    CHECK(status_of(access, {host, "", "Bearer 0123456789abcdef"}) == 200);
    CHECK(status_of(access, {host, "", "bearer 0123456789abcdef"}) == 200);
    for (const char* header : {"", "Bearer", "Bearer 0123456789abcdeF", "Bearer 0123456789abcde",
                               "Bearer 0123456789abcdef0", "Basic 0123456789abcdef"}) {
        CAPTURE(header);
        CHECK(status_of(access, {host, "", header}) == 401);
    }
    CHECK(status_of(access, {host}, /*needs_token=*/false) == 200);
    CHECK(status_of(access, {host, "http://evil.example", "Bearer 0123456789abcdef"}) == 403);
}

TEST_CASE("a token file is its owner's, and holds one long word") {
    const TemporaryFolder folder;
    const std::string file = (folder.path() / "token").string();
    CHECK_THROWS_WITH(read_token(file), file + ": no such file");
    CHECK_THROWS_WITH(read_token(folder.path().string()),
                      folder.path().string() + ": is a folder, expected a file");
    const auto write = [&](const std::string& text, bool only_owner = true) {
        std::ofstream(file) << text;
        using Permissions = std::filesystem::perms;
        std::filesystem::permissions(file, only_owner
                                               ? Permissions::owner_read | Permissions::owner_write
                                               : Permissions::owner_all | Permissions::others_read);
    };
    write("0123456789abcdef\nmore\n");
    CHECK(read_token(file) == "0123456789abcdef");
    write("0123456789abcdef\n", false);
    CHECK_THROWS_WITH(read_token(file), Catch::Contains("chmod 600"));
    for (const char* text : {"", "short\n", "0123456789 abcdef\n", "0123456789abcd\xc3\xa9\n"}) {
        CAPTURE(text);
        write(text);
        CHECK_THROWS_AS(read_token(file), std::runtime_error);
    }
}

}  // namespace
}  // namespace aircomp::test
