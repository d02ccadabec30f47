// SPDX-License-Identifier: GPL-3.0-or-later
// Routes to the page's files.
#include "serve/page_files.hpp"

#include <string>

#include "serve/page_contents.hpp"

namespace aircomp::runtime::serve {
namespace {

/// Nothing but this server, and no other page around this one.
constexpr const char* policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' "
    "data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

control::HttpRoute file(const char* type, const char* contents) {
    control::HttpRoute route;
    route.method = "GET";
    route.needs_token = false;
    route.handle = [type, contents](const std::string&,
                                    const std::shared_ptr<control::HttpReply>& reply) {
        reply->send({200,
                     type,
                     contents,
                     {{"Content-Security-Policy", policy}, {"Referrer-Policy", "no-referrer"}}});
    };
    return route;
}

}  // namespace

control::HttpServer::Routes page_routes() {
    return {{"/", file("text/html; charset=utf-8", page_html)},
            {"/page.css", file("text/css; charset=utf-8", page_css)},
            {"/page.js", file("text/javascript; charset=utf-8", page_js)},
            {"/chart.js", file("text/javascript; charset=utf-8", chart_js)}};
}

}  // namespace aircomp::runtime::serve
