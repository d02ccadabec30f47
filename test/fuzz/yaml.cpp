// SPDX-License-Identifier: GPL-3.0-or-later
// Fuzzes the reader of configurations: any text is refused in one line, or every value in it can be
// asked for as anything.
#include <cstdlib>
#include <stdexcept>
#include <string>

#include "config/yaml_reader.hpp"

namespace {

using namespace aircomp::runtime;

/// Values looked at: aliases make a short text a long document.
constexpr int most_values = 1000;

/// An error is one line that begins with the file.
void check(const std::exception& error) {
    const std::string text = error.what();
    if (text.rfind("lab.yaml", 0) != 0 || text.find('\n') != std::string::npos) std::abort();
}

template <typename T>
void ask(const YamlNode& node) {
    try {
        T value = {};
        node.read(value);
    } catch (const std::runtime_error& error) {
        check(error);
    }
}

void walk(const YamlNode& node, int& left) {
    if (--left < 0) return;
    ask<bool>(node);
    ask<std::int64_t>(node);
    ask<std::uint64_t>(node);
    ask<double>(node);
    ask<std::string>(node);
    try {
        if (node.yaml().IsSequence()) {
            for (const YamlNode& element : node.elements())
                walk(element, left);
        }
        if (node.yaml().IsMap()) {
            for (const auto& member : node.yaml())
                walk(node.at(member.first.Scalar()), left);
        }
    } catch (const std::runtime_error& error) {
        check(error);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    try {
        YamlDocument document(std::string(reinterpret_cast<const char*>(data), size), "lab.yaml");
        const YamlNode root = document.root();
        root.at("testbed").at("heartbeat_s").required();
        int left = most_values;
        walk(root, left);
        document.check_keys();
    } catch (const std::runtime_error& error) {
        check(error);
    }
    return 0;
}
