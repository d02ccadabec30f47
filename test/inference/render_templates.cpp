// SPDX-License-Identifier: GPL-3.0-or-later
// Renders templates for chat_templates.py: JSON objects {template, names} in, one a line, and out
// {text} or {error}.
#include <iostream>
#include <stdexcept>

#include "jinja_values.hpp"
#include "text/jinja/template.hpp"

int main() {
    using namespace aircomp;
    for (std::string line; std::getline(std::cin, line);) {
        const auto request = test::OrderedJson::parse(line);
        nlohmann::json answer;
        try {
            const inference::jinja::Template jinja(request["template"].get<std::string>(),
                                                   "template");
            answer["text"] = jinja.render(test::to_names(request["names"]), 1700000000);
        } catch (const std::runtime_error& error) {
            answer["error"] = error.what();
        }
        std::cout << answer.dump() << "\n";
    }
}
