// SPDX-License-Identifier: GPL-3.0-or-later
// Entries to YAML with comments.
#include "config/annotated_yaml.hpp"

#include <iterator>
#include <sstream>

namespace aircomp::runtime {
namespace {

constexpr std::size_t line_width = 100;
constexpr int step = 2;

/// Whether YAML takes the text as it stands for the same text.
bool is_plain(const std::string& text) {
    const std::string marks = "_./+:=-";
    for (const char c : text) {
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        const bool digit = c >= '0' && c <= '9';
        if (!letter && !digit && marks.find(c) == std::string::npos) return false;
    }
    const bool is_null = text == "null" || text == "Null" || text == "NULL";
    return !is_null && std::string("+:=-").find(text.front()) == std::string::npos &&
           text.back() != ':';
}

std::string quoted(const std::string& text) {
    constexpr const char* hex = "0123456789abcdef";
    std::string result = "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') result += '\\';
        if (byte < 0x20 || byte == 0x7f) {
            result += std::string("\\x") + hex[byte / 16] + hex[byte % 16];
        } else {
            result += c;
        }
    }
    return result + "\"";
}

std::string yaml_value(const ConfigEntry& entry) {
    const bool as_it_is = entry.kind != ConfigEntry::Kind::text || entry.value.empty();
    return as_it_is || is_plain(entry.value) ? entry.value : quoted(entry.value);
}

std::string key_and_value(const ConfigEntry& entry) {
    const std::string value = yaml_value(entry);
    return entry.name + ":" + (value.empty() ? "" : " " + value);
}

class Writer {
public:
    std::string write(const std::vector<ConfigEntry>& entries) {
        for (std::size_t i = 0; i < entries.size(); ++i) {
            if (i > 0) out_ << "\n";
            write_entry(entries[i], 0);
        }
        return out_.str();
    }

private:
    using Kind = ConfigEntry::Kind;

    void write_entry(const ConfigEntry& entry, int indent) {
        if (entry.kind == Kind::section) return write_section(entry, indent);
        if (entry.kind == Kind::list) return write_list(entry, indent);
        comment(entry, indent, "", /*with_default=*/entry.value != entry.otherwise);
        line(key_and_value(entry), indent, /*as_comment=*/!entry.present && !entry.required);
    }

    void write_section(const ConfigEntry& entry, int indent) {
        const std::string outer = outer_;
        comment(entry, indent, "", /*with_default=*/false);
        if (!entry.present) outer_ += "# ";
        line(entry.name + ":", indent);
        for (const ConfigEntry& member : entry.members)
            write_entry(member, indent + step);
        outer_ = outer;
    }

    void write_list(const ConfigEntry& entry, int indent) {
        comment(entry, indent, "", /*with_default=*/false);
        for (const ConfigEntry& member : entry.members)
            comment(member, indent, "  " + member.name + ": ", /*with_default=*/true);
        line(entry.name + (entry.elements.empty() ? ": []" : ":"), indent);
        for (const auto& element : entry.elements) {
            std::string lead = "- ";
            for (const ConfigEntry& member : element) {
                if (!member.present) continue;
                line(lead + key_and_value(member), indent + step);
                lead = "  ";
            }
        }
    }

    void line(const std::string& text, int indent, bool as_comment = false) {
        out_ << outer_ << std::string(static_cast<std::size_t>(indent), ' ')
             << (as_comment ? "# " : "") << text << "\n";
    }

    /// Meaning and facts behind `lead`, cut into lines that begin under it.
    void comment(const ConfigEntry& entry, int indent, const std::string& lead, bool with_default) {
        std::istringstream meaning(entry.meaning);
        std::vector<std::string> words{std::istream_iterator<std::string>(meaning), {}};
        const std::string facts = facts_of(entry, with_default);
        if (!facts.empty()) words.push_back("[" + facts + "]");
        const std::size_t width = line_width - outer_.size() - static_cast<std::size_t>(indent) - 2;
        const std::string further = lead.empty() ? "" : "      ";
        std::string text = lead + words.front();
        for (std::size_t i = 1; i < words.size(); ++i) {
            if (text.size() + 1 + words[i].size() > width) {
                line(text, indent, /*as_comment=*/true);
                text = further + words[i];
            } else {
                text += " " + words[i];
            }
        }
        line(text, indent, /*as_comment=*/true);
    }

    std::ostringstream out_;
    std::string outer_;  // before every line of a section that the configuration does not have
};

}  // namespace

std::string annotated_yaml(const std::vector<ConfigEntry>& entries) {
    return Writer().write(entries);
}

}  // namespace aircomp::runtime
