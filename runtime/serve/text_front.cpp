// SPDX-License-Identifier: GPL-3.0-or-later
// Routes and rules of the endpoint and the page.
#include "serve/text_front.hpp"

#include <stdexcept>
#include <utility>

#include "aircomp/inference/whole_file.hpp"
#include "serve/page_files.hpp"

namespace aircomp::runtime::serve {
namespace {

constexpr int most_clients = 1000;

control::Address address_of(const TextFrontOptions& options, const std::string& name) {
    if (options.token.empty() && !control::is_loopback(options.listen, name)) {
        throw std::invalid_argument(
            name + ": expected a loopback address where there is no token (--token-file), found " +
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

std::optional<TextApi> api_of(control::Loop& loop, TextQueue& queue,
                              const std::optional<AnsweringModel>& model) {
    if (!model) return std::nullopt;
    return std::optional<TextApi>(std::in_place, loop, queue, model->name, model->can_chat);
}

}  // namespace

TextFront::TextFront(control::Loop& loop, const TextFrontOptions& options, const std::string& name,
                     const std::optional<AnsweringModel>& model, std::function<void()> page_opened)
    : queue_(options.most_waiting, options.most_at_once),
      api_(api_of(loop, queue_, model)),
      feed_(std::move(page_opened)),
      http_(loop, address_of(options, name), routes(), rules_with(options.token)) {}

control::HttpServer::Routes TextFront::routes() {
    auto routes = page_routes();
    if (api_) routes.merge(api_->routes());
    routes.emplace("/live", feed_.route());
    return routes;
}

void TextFront::close() {
    http_.close();
    queue_.close();
    feed_.close();
}

void TextFront::tell_address(const std::filesystem::path& file) const {
    if (file.empty()) return;
    const std::string address = url();
    inference::write_whole(file, address.substr(address.find("//") + 2) + "\n");
}

}  // namespace aircomp::runtime::serve
