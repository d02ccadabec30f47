// SPDX-License-Identifier: GPL-3.0-or-later
// Chat templates' Jinja against Python's Jinja2 (jinja_cases.py), and bounds on what one may cost.
#include <fstream>
#include <string>

#include "errors.hpp"
#include "jinja_values.hpp"
#include "support/catch.hpp"
#include "text/jinja/template.hpp"

namespace {

using namespace aircomp;
using inference::jinja::Template;
using test::check_error;

std::string render(const std::string& text, const test::OrderedJson& names = {}) {
    return Template(text, "T").render(test::to_names(names), 1700000000);
}

std::string repeated(const std::string& text, int count) {
    std::string result;
    for (int i = 0; i < count; ++i)
        result += text;
    return result;
}

TEST_CASE("templates give what Python's Jinja2 gives, and refuse what it refuses") {
    setenv("TZ", "UTC", 1);  // of strftime_now
    tzset();
    std::ifstream file(std::string(AIRCOMP_SOURCE_DIR) + "/test/inference/jinja_cases.json");
    const auto all = test::OrderedJson::parse(file);
    REQUIRE(all["cases"].size() > 200);
    for (const auto& one : all["cases"]) {
        const auto text = one["template"].get<std::string>();
        CAPTURE(text);
        if (one.contains("refused")) {
            CHECK_THROWS_AS(render(text, all["names"]), std::runtime_error);
        } else {
            CHECK(render(text, all["names"]) == one["text"].get<std::string>());
        }
    }
}

TEST_CASE("an error names the template, the line and what is not there") {
    const auto check = [](const std::string& text, std::initializer_list<const char*> parts) {
        check_error<std::runtime_error>([&] { render(text); }, parts);
    };
    check("a\n{{ 1 | nothing }}", {"T: line 2: ", "filter 'nothing' is not implemented"});
    check("{{ 1 is nothing }}", {"T: line 1: ", "test 'nothing' is not implemented"});
    check("{{ 'a'.zfill(2) }}", {"line 1", "'zfill' of str is not implemented"});
    check("\n\n{% include 'x' %}", {"line 3", "{% include %}", "known are if, for"});
    check("{{ a.b.c }}", {"'a' is undefined"});
    check("{{ raise_exception('Roles must alternate') }}",
          {"line 1", "refuses the conversation: Roles must alternate"});
    check("{% if a %}", {"expected {% endif %}", "found the end"});
    check("{{ a", {"expected }}, found the end"});
    check("{{ 'a }}", {"closing quote"});
    check("\xC3(", {"T: ", "valid UTF-8"});
    check(std::string((1 << 20) + 1, 'x'), {"T: ", "at most 1048576 bytes"});
}

TEST_CASE("no template takes more than its bounds of work, memory and depth") {
    const std::vector<std::string> greedy = {
        "{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}",
        "{{ 'x' * 1000000000000 }}",
        "{% set n = namespace(s='xxxxxxxx') %}{% for i in range(99) %}{% set n.s = n.s ~ n.s %}"
        "{% endfor %}",
        "{% set n = namespace(s=[1]) %}{% for i in range(99) %}{% set n.s = n.s + n.s %}"
        "{% endfor %}",
        "{% set n = namespace(s=[1]) %}{% for i in range(9999) %}{% set n.s = [n.s] %}{% endfor %}",
        "{% set n = namespace(s={}) %}{% for i in range(9999) %}{% set n.s = {1: n.s} %}{% endfor "
        "%}",
        "{% macro f(n) %}{{ f(n + 1) }}{% endmacro %}{{ f(0) }}",
        "{{ " + repeated("(", 100000) + "1" + repeated(")", 100000) + " }}",
        "{{ 1" + repeated(" + 1", 100000) + " }}",
        "{{ a" + repeated(".a", 100000) + " }}",
        "{{ 1" + repeated(" | abs", 100000) + " }}",
        "{{ " + repeated("not ", 100000) + "1 }}",
        "{{ " + repeated("- ", 100000) + "1 }}",
        "{{ 1 " + repeated("if 1 else 1 ", 50000) + " }}",
        repeated("{% if 1 %}", 50000) + repeated("{% endif %}", 30000)};
    for (const std::string& text : greedy) {
        CAPTURE(text.substr(0, 60));
        CHECK_THROWS_AS(render(text), std::runtime_error);
    }
}

TEST_CASE("a long conversation is well within the bounds") {
    test::OrderedJson messages = test::OrderedJson::array();
    for (int i = 0; i < 400; ++i)
        messages.push_back({{"role", "user"}, {"content", std::string(1000, 'x')}});
    const std::string text = render(
        "{% set n = namespace(s='') %}{% for m in messages %}"
        "{% set n.s = n.s + '<' + m.role + '>' + m.content | trim %}{% endfor %}{{ n.s }}",
        {{"messages", messages}});
    CHECK(text.size() == 400 * 1006);
}

}  // namespace
