// SPDX-License-Identifier: GPL-3.0-or-later
// Routes and rules of the endpoint and the page.
#include "serve/text_front.hpp"

#include <stdexcept>
#include <utility>

#include "serve/page_files.hpp"

namespace aircomp::runtime::serve {
namespace {

constexpr int most_clients = 64;

control::Address address_of(const TextFrontOptions& options, const std::string& name) {
    if (options.token.empty() && !control::is_loopback(options.listen, name)) {
        throw std::invalid_argument(
            name + ": expected a loopback address where there is no --token-file, found " +
            options.listen);
    }
    return control::parse_address(options.listen, name);
}

control::HttpRules rules_with(const std::string& token) {
    control::HttpRules rules;
    rules.access = control::HttpAccess{token};
    rules.most_clients = most_clients;
    rules.refuse = refuse;
    return rules;
}

}  // namespace

TextFront::TextFront(control::Loop& loop, const TextFrontOptions& options, const std::string& name,
                     const std::string& model, bool can_chat, std::function<void()> page_opened)
    : queue_(options.most_waiting),
      api_(loop, queue_, model, can_chat),
      feed_(std::move(page_opened)),
      http_(loop, address_of(options, name), routes(), rules_with(options.token)) {}

control::HttpServer::Routes TextFront::routes() {
    auto routes = page_routes();
    routes.merge(api_.routes());
    routes.emplace("/live", feed_.route());
    return routes;
}

void TextFront::close() {
    http_.close();
    queue_.close();
    feed_.close();
}

}  // namespace aircomp::runtime::serve
