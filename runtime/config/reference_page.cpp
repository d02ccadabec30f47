// SPDX-License-Identifier: GPL-3.0-or-later
// Entries to a page of Markdown.
#include "config/reference_page.hpp"

namespace aircomp::runtime {
namespace {

using Kind = ConfigEntry::Kind;

bool has_members(const ConfigEntry& entry) {
    return entry.kind == Kind::section || entry.kind == Kind::list;
}

std::string code(const std::string& text) {
    return text.empty() ? "" : "`" + text + "`";
}

/// The keys that are values, one a row; empty where there are none.
std::string table_of(const std::vector<ConfigEntry>& entries) {
    std::string rows;
    for (const ConfigEntry& entry : entries) {
        if (has_members(entry)) continue;
        ConfigEntry without_unit = entry;
        without_unit.unit = "";
        without_unit.required = false;
        rows += "| " + code(entry.name) + " | " +
                (entry.required ? "required" : code(entry.otherwise)) + " | " + entry.unit + " | " +
                facts_of(without_unit, /*with_default=*/false) + " | " + entry.meaning + " |\n";
    }
    if (rows.empty()) return "";
    return "\n| key | default | unit | values | meaning |\n| --- | --- | --- | --- | --- |\n" +
           rows;
}

void add_headings(const std::vector<ConfigEntry>& entries, const std::string& parent,
                  std::string& page) {
    for (const ConfigEntry& entry : entries) {
        if (!has_members(entry)) continue;
        const std::string name = parent + entry.name;
        page += "\n" + std::string(parent.empty() ? "##" : "###") + " " + name + "\n\n" +
                (entry.kind == Kind::list ? "A list. " : "") + entry.meaning +
                (entry.required ? " Required." : "") + "\n" + table_of(entry.members);
        add_headings(entry.members, name + ".", page);
    }
}

}  // namespace

std::string reference_page(const std::vector<ConfigEntry>& entries) {
    std::string page =
        "# Configuration\n\n"
        "Every key of a configuration file. `aircomp config` prints the same as YAML with "
        "comments, "
        "`aircomp config --file FILE` what a\nfile comes to, `aircomp config --json -` for "
        "programs. "
        "A key that is left out keeps its default; an unknown key is an error. Paths\nare relative "
        "to the file. This page is `aircomp config --markdown`.\n"
        "\n## Keys outside sections\n" +
        table_of(entries);
    add_headings(entries, "", page);
    return page;
}

}  // namespace aircomp::runtime
