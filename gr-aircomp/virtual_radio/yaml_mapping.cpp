// SPDX-License-Identifier: GPL-3.0-or-later
// A YAML mapping read strictly.
#include "yaml_mapping.hpp"

#include <sstream>
#include <stdexcept>

namespace gr::aircomp::virtual_radio {
namespace {

std::string shown(const YAML::Node& node) {
    if (!node.IsDefined()) return "nothing";
    if (node.IsScalar()) return "'" + node.Scalar() + "'";
    if (node.IsSequence()) return "a list";
    if (node.IsMap()) return "a mapping";
    return "nothing";
}

}  // namespace

YamlMapping::YamlMapping(const YAML::Node& node, std::string file, std::string key)
    : node_(node), file_(std::move(file)), key_(std::move(key)) {
    if (node_.IsDefined() && !node_.IsMap() && !node_.IsNull()) fail("", "a mapping", node_);
}

YamlMapping YamlMapping::of_file(const std::string& file) {
    try {
        return {YAML::LoadFile(file), file, ""};
    } catch (const YAML::BadFile&) {
        throw std::runtime_error(file + ": expected a file that can be read, found none");
    } catch (const YAML::ParserException& error) {
        throw std::runtime_error(file + ":" + std::to_string(error.mark.line + 1) +
                                 ": expected YAML, found " + error.msg);
    }
}

std::string YamlMapping::name(const std::string& key) const {
    return key_.empty() ? key : key.empty() ? key_ : key_ + "." + key;
}

void YamlMapping::fail(const std::string& key, const std::string& expected,
                       const YAML::Node& found) const {
    const YAML::Node& place = found.IsDefined() ? found : node_;
    std::string message = file_;
    if (place.IsDefined() && !place.Mark().is_null())
        message += ":" + std::to_string(place.Mark().line + 1);
    throw std::runtime_error(message + ": " + name(key) + ": expected " + expected + ", found " +
                             shown(found));
}

YAML::Node YamlMapping::node(const std::string& key) {
    known_.insert(key);
    if (!node_.IsDefined() || node_.IsNull()) return YAML::Node(YAML::NodeType::Undefined);
    return node_[key];
}

void YamlMapping::read(const std::string& key, double& value, double least, double most) {
    const YAML::Node found = node(key);
    if (!found.IsDefined()) return;
    std::ostringstream expected;
    expected << "a number from " << least << " to " << most;
    double number = 0;
    if (!found.IsScalar() || !YAML::convert<double>::decode(found, number) ||
        !(number >= least && number <= most))
        fail(key, expected.str(), found);
    value = number;
}

void YamlMapping::read(const std::string& key, bool& value) {
    const YAML::Node found = node(key);
    if (!found.IsDefined()) return;
    if (!found.IsScalar() || !YAML::convert<bool>::decode(found, value))
        fail(key, "true or false", found);
}

void YamlMapping::read(const std::string& key, std::string& value) {
    const YAML::Node found = node(key);
    if (!found.IsDefined()) return;
    if (!found.IsScalar()) fail(key, "a word", found);
    value = found.Scalar();
}

std::vector<YAML::Node> YamlMapping::elements(const std::string& key) {
    const YAML::Node found = node(key);
    if (!found.IsDefined()) return {};
    if (!found.IsSequence()) fail(key, "a list", found);
    return {found.begin(), found.end()};
}

YamlMapping YamlMapping::mapping(const std::string& key) {
    return {node(key), file_, name(key)};
}

YamlMapping YamlMapping::mapping(const YAML::Node& element, const std::string& key) const {
    return {element, file_, name(key)};
}

void YamlMapping::finish() const {
    if (!node_.IsDefined() || node_.IsNull()) return;
    std::string expected;
    for (const std::string& key : known_)
        expected += (expected.empty() ? "one of " : ", ") + key;
    for (const auto& entry : node_) {
        if (known_.count(entry.first.Scalar()) == 0) fail("", expected, entry.first);
    }
}

}  // namespace gr::aircomp::virtual_radio
