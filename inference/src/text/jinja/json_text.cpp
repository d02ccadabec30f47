// SPDX-License-Identifier: GPL-3.0-or-later
// Values to JSON.
#include "text/jinja/json_text.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <utility>
#include <vector>

#include "text/jinja/characters.hpp"
#include "text/jinja/operators.hpp"

namespace aircomp::inference::jinja {
namespace {

std::string unit(unsigned value) {
    std::array<char, 16> buffer;
    std::snprintf(buffer.data(), buffer.size(), "\\u%04x", value);
    return buffer.data();
}

std::string json_string(const std::string& text, bool ascii) {
    constexpr std::u32string_view escaped = U"\"\\\n\r\t\f\b";
    constexpr std::string_view letters = "\"\\nrtfb";
    std::string result = "\"";
    for (const char32_t c : code_points(text)) {
        if (const std::size_t at = escaped.find(c); at != std::u32string_view::npos) {
            result += '\\';
            result += letters[at];
        } else if (c < 0x20 || (ascii && c > 0x7E && c < 0x10000)) {
            result += unit(c);
        } else if (ascii && c >= 0x10000) {
            result += unit(0xD800 + ((c - 0x10000) >> 10)) + unit(0xDC00 + ((c - 0x10000) & 0x3FF));
        } else {
            result += utf8(std::u32string_view(&c, 1));
        }
    }
    return result + "\"";
}

std::string json_real(double value) {
    if (std::isnan(value)) return "NaN";
    if (std::isinf(value)) return value < 0 ? "-Infinity" : "Infinity";
    return real_text(value);
}

class Writer {
public:
    Writer(Run& run, const JsonStyle& style) : run_(run), style_(style) {}

    std::string write(const Value& value, int level) {
        std::string text = written(value, level);
        run_.spend_text(text.size());
        return text;
    }

private:
    std::string written(const Value& value, int level) {
        if (value.is_none()) return "null";
        if (const bool* boolean = value.boolean()) return *boolean ? "true" : "false";
        if (const std::int64_t* integer = value.integer()) return std::to_string(*integer);
        if (const double* real = value.real()) return json_real(*real);
        if (const Text* text = value.text()) return json_string(text->utf8, style_.ascii);
        if (const Dict* dict = value.dict()) return object(*dict, level);
        const List* list = value.list();
        if (list != nullptr &&
            (list->form == List::Form::list || list->form == List::Form::tuple)) {
            return array(*list, level);
        }
        run_.fail(std::string("expected data to write as JSON, found ") + value.type());
    }

    std::string array(const List& list, int level) {
        std::vector<std::string> parts;
        for (const Value& item : list.items)
            parts.push_back(write(item, level + 1));
        return joined(parts, '[', ']', level);
    }

    std::string object(const Dict& dict, int level) {
        auto items = dict.items;
        if (style_.sort_keys) {
            std::stable_sort(items.begin(), items.end(), [&](const auto& a, const auto& b) {
                return order(run_, a.first, b.first) < 0;
            });
        }
        std::vector<std::string> parts;
        for (const auto& [key, value] : items) {
            if (key.list() != nullptr || key.object() != nullptr || key.is_undefined()) {
                run_.fail(std::string("expected a key that JSON has, found ") + key.type());
            }
            const std::string name =
                key.text() != nullptr ? write(key, 0) : "\"" + write(key, 0) + "\"";
            parts.push_back(name + style_.key_separator + write(value, level + 1));
        }
        return joined(parts, '{', '}', level);
    }

    std::string joined(const std::vector<std::string>& parts, char open, char close, int level) {
        std::string text(1, open);
        for (std::size_t i = 0; i < parts.size(); ++i) {
            if (i > 0) text += style_.item_separator;
            text += line_end(level + 1) + parts[i];
        }
        if (!parts.empty()) text += line_end(level);
        return text + close;
    }

    std::string line_end(int level) const {
        if (!style_.indent) return "";
        std::string text = "\n";
        for (int i = 0; i < level; ++i)
            text += *style_.indent;
        return text;
    }

    Run& run_;
    const JsonStyle& style_;
};

}  // namespace

std::string json_text(Run& run, const Value& value, const JsonStyle& style) {
    return Writer(run, style).write(value, 0);
}

}  // namespace aircomp::inference::jinja
