// SPDX-License-Identifier: GPL-3.0-or-later
// Tables of keys. A row has a key's name, the member it fills, unit, range or choices, and what it
// means; from it come the parser, the checks and the entries that documentation is written from.
// Defaults are those of the struct.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/checker.hpp"
#include "config/config_entry.hpp"
#include "config/section.hpp"
#include "config/yaml_reader.hpp"

namespace aircomp::runtime {

/// One row of the table of `Section`, made by the functions below.
template <typename Section>
struct Key {
    ConfigEntry about;        ///< All but the values.
    std::string former_name;  ///< A name that is refused with the one it has now; empty: none.
    std::function<void(const YamlNode& node, const std::filesystem::path& folder, Section& section)>
        read;
    std::function<void(const Section& section, const Checker& check)> check;
    /// Completes `entry`; `standard` is the section as it is where nothing is set.
    std::function<void(const Section& section, const Section& standard,
                       const std::filesystem::path& folder, ConfigEntry& entry)>
        show;

    /// The same key, which has to be set where its section is.
    Key required() && {
        about.required = true;
        return std::move(*this);
    }

    /// The same key, which was called `name` once; with its section where that was another.
    Key formerly(const std::string& name) && {
        former_name = name;
        return std::move(*this);
    }
};

/// Reads what `node` sets; paths are relative to `folder`.
template <typename Section>
void read_keys(const YamlNode& node, const std::filesystem::path& folder, const Keys<Section>& keys,
               Section& section) {
    for (const Key<Section>& key : keys) {
        if (!key.former_name.empty()) node.rename(key.former_name, key.about.name);
        const YamlNode value = node.at(key.about.name, key.about.unit);
        if (key.about.required && node.present()) value.required();
        key.read(value, folder, section);
    }
}

/// Checks each key by itself.
template <typename Section>
void check_keys(const Section& section, const Keys<Section>& keys, const Checker& check) {
    for (const Key<Section>& key : keys) {
        if (key.check) key.check(section, check);
    }
}

template <typename Section>
std::vector<ConfigEntry> show_keys(const Section& section, const Section& standard,
                                   const std::filesystem::path& folder, const Keys<Section>& keys) {
    std::vector<ConfigEntry> entries;
    for (const Key<Section>& key : keys) {
        ConfigEntry& entry = entries.emplace_back(key.about);
        key.show(section, standard, folder, entry);
    }
    return entries;
}

// ---- how values of each type are written ----

inline std::string value_text(bool value) {
    return value ? "true" : "false";
}
inline std::string value_text(int value) {
    return number_text(std::int64_t{value});
}
inline std::string value_text(std::int64_t value) {
    return number_text(value);
}
inline std::string value_text(std::uint64_t value) {
    return number_text(value);
}
inline std::string value_text(double value) {
    return number_text(value);
}
inline std::string value_text(const std::optional<double>& value) {
    return value ? number_text(*value) : "";
}
inline std::string value_text(const std::string& value) {
    return value;
}

/// A key with one value, as `text_of` writes it; "" is a value that is not there.
template <typename Section, typename TextOf>
Key<Section> key_of_one_value(const ConfigEntry& about, TextOf text_of) {
    Key<Section> key;
    key.about = about;
    key.show = [text_of](const Section& section, const Section& standard,
                         const std::filesystem::path& folder, ConfigEntry& entry) {
        entry.value = text_of(section, folder);
        entry.present = !entry.value.empty();
        if (!entry.required) entry.otherwise = text_of(standard, folder);
    };
    return key;
}

// ---- rows ----

template <typename Section>
Key<Section> flag(const std::string& name, bool Section::*member, const std::string& meaning) {
    ConfigEntry about;
    about.name = name;
    about.kind = ConfigEntry::Kind::flag;
    about.meaning = meaning;
    auto key = key_of_one_value<Section>(about, [member](const Section& section, const auto&) {
        return value_text(section.*member);
    });
    key.read = [member](const YamlNode& node, const auto&, Section& section) {
        node.read(section.*member);
    };
    return key;
}

/// An integer or a real number of `unit`.
template <typename Section, typename Number>
Key<Section> number(const std::string& name, Number Section::*member, const std::string& unit,
                    const Range& range, const std::string& meaning) {
    constexpr bool integer = std::is_integral_v<Number>;
    ConfigEntry about;
    about.name = name;
    about.kind = integer ? ConfigEntry::Kind::integer : ConfigEntry::Kind::number;
    about.unit = unit;
    about.range = range;
    about.meaning = meaning;
    auto key = key_of_one_value<Section>(about, [member](const Section& section, const auto&) {
        return value_text(section.*member);
    });
    key.read = [member](const YamlNode& node, const auto&, Section& section) {
        if constexpr (std::is_same_v<Number, std::optional<double>>) {
            if (node.present()) node.read((section.*member).emplace());
        } else {
            node.read(section.*member);
        }
    };
    key.check = [member, range, name](const Section& section, const Checker& check) {
        if constexpr (std::is_same_v<Number, std::optional<double>>) {
            if (section.*member) check.in_range(name, *(section.*member), range);
        } else {
            check.in_range(name, section.*member, range);
        }
    };
    return key;
}

/// A list of numbers, each in `range`.
template <typename Section>
Key<Section> numbers(const std::string& name, std::vector<double> Section::*member,
                     const Range& range, const std::string& meaning) {
    ConfigEntry about;
    about.name = name;
    about.kind = ConfigEntry::Kind::numbers;
    about.range = range;
    about.meaning = meaning;
    auto key = key_of_one_value<Section>(about, [member](const Section& section, const auto&) {
        std::string text;
        for (const double value : section.*member)
            text += (text.empty() ? "" : ", ") + value_text(value);
        return "[" + text + "]";
    });
    key.read = [member](const YamlNode& node, const auto&, Section& section) {
        if (!node.present()) return;
        (section.*member).clear();
        for (const YamlNode& element : node.elements())
            element.read((section.*member).emplace_back());
    };
    key.check = [member, range, name](const Section& section, const Checker& check) {
        const auto& values = section.*member;
        for (std::size_t i = 0; i < values.size(); ++i)
            check.in_range(name + "[" + std::to_string(i) + "]", values[i], range);
    };
    return key;
}

/// What a text has to be, besides not empty in a file.
struct TextRule {
    std::string expected;
    std::function<bool(const std::string&)> holds;
};

template <typename Section>
Key<Section> text(const std::string& name, std::string Section::*member, const std::string& meaning,
                  const TextRule& rule = {}) {
    ConfigEntry about;
    about.name = name;
    about.range = with_others(rule.expected);
    about.meaning = meaning;
    auto key = key_of_one_value<Section>(about, [member](const Section& section, const auto&) {
        return value_text(section.*member);
    });
    key.read = [member](const YamlNode& node, const auto&, Section& section) {
        node.read(section.*member);
    };
    if (rule.holds) {
        key.check = [member, rule, name](const Section& section, const Checker& check) {
            const std::string& value = section.*member;
            check.require(rule.holds(value), name, rule.expected,
                          value.empty() ? "none" : "'" + value + "'");
        };
    }
    return key;
}

/// A file or folder; `none` is how a file says that there is none, where it can, and `word` stands
/// for itself.
template <typename Section>
Key<Section> path(const std::string& name, std::filesystem::path Section::*member,
                  const std::string& meaning, const std::string& none = "",
                  const std::string& word = "") {
    ConfigEntry about;
    about.name = name;
    about.meaning = meaning;
    auto key = key_of_one_value<Section>(
        about, [member, none, word](const Section& section, const std::filesystem::path& folder) {
            const std::filesystem::path& value = section.*member;
            if (value.empty()) return none;
            if (value == word) return word;
            const auto relative =
                folder.empty() ? folder : value.lexically_relative(folder.lexically_normal());
            return (relative.empty() ? value : relative).string();
        });
    key.read = [member, none, word](const YamlNode& node, const std::filesystem::path& folder,
                                    Section& section) {
        if (!node.present()) return;
        std::string value;
        node.read(value);
        if (value == none) {
            section.*member = std::filesystem::path();
        } else {
            section.*member =
                value == word ? std::filesystem::path(word) : (folder / value).lexically_normal();
        }
    };
    return key;
}

/// One of several words.
template <typename Section, typename Enum>
Key<Section> choice(const std::string& name, Enum Section::*member,
                    const std::vector<std::pair<std::string, Enum>>& names,
                    const std::string& meaning) {
    ConfigEntry about;
    about.name = name;
    about.kind = ConfigEntry::Kind::choice;
    about.meaning = meaning;
    for (const auto& [word, value] : names)
        about.choices.push_back(word);
    auto key =
        key_of_one_value<Section>(about, [member, names](const Section& section, const auto&) {
            for (const auto& [word, value] : names) {
                if (section.*member == value) return word;
            }
            throw std::logic_error("a choice without a name");
        });
    key.read = [member, names](const YamlNode& node, const auto&, Section& section) {
        node.read(section.*member, names);
    };
    return key;
}

/// A section within a section. `present` tells whether a configuration has it; always, without.
template <typename Section, typename Inner>
Key<Section> section(const std::string& name, Inner Section::*member, const Keys<Inner>& keys,
                     const std::string& meaning, bool (*present)(const Inner&) = nullptr) {
    Key<Section> key;
    key.about.name = name;
    key.about.kind = ConfigEntry::Kind::section;
    key.about.meaning = meaning;
    key.read = [member, &keys](const YamlNode& node, const std::filesystem::path& folder,
                               Section& outer) { read_keys(node, folder, keys, outer.*member); };
    key.check = [member, &keys, name](const Section& outer, const Checker& check) {
        check_keys(outer.*member, keys, check.in(name));
    };
    key.show = [member, &keys, present](const Section& outer, const Section& standard,
                                        const std::filesystem::path& folder, ConfigEntry& entry) {
        entry.present = present == nullptr || present(outer.*member);
        entry.members = show_keys(outer.*member, standard.*member, folder, keys);
    };
    return key;
}

/// A list of sections; one in a file replaces the default. `begin` makes an entry that sets
/// nothing, of the section that was read so far.
template <typename Section, typename Element>
Key<Section> list(
    const std::string& name, std::vector<Element> Section::*member, const Keys<Element>& keys,
    const std::string& meaning,
    const std::function<Element(const Section&)>& begin = [](const Section&) {
        return Element();
    }) {
    Key<Section> key;
    key.about.name = name;
    key.about.kind = ConfigEntry::Kind::list;
    key.about.meaning = meaning;
    key.read = [member, &keys, begin](const YamlNode& node, const std::filesystem::path& folder,
                                      Section& outer) {
        const std::vector<YamlNode> elements = node.elements();
        if (node.present()) (outer.*member).clear();
        for (const YamlNode& element : elements) {
            Element own = begin(outer);
            read_keys(element, folder, keys, own);
            (outer.*member).push_back(own);
        }
    };
    key.check = [member, &keys, name](const Section& outer, const Checker& check) {
        const auto& elements = outer.*member;
        for (std::size_t i = 0; i < elements.size(); ++i)
            check_keys(elements[i], keys, check.in(name + "[" + std::to_string(i) + "]"));
    };
    key.show = [member, &keys, begin](const Section& outer, const Section&,
                                      const std::filesystem::path& folder, ConfigEntry& entry) {
        const Element standard = begin(outer);
        entry.members = show_keys(standard, standard, folder, keys);
        for (const Element& element : outer.*member)
            entry.elements.push_back(show_keys(element, standard, folder, keys));
    };
    return key;
}

}  // namespace aircomp::runtime
