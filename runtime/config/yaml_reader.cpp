// SPDX-License-Identifier: GPL-3.0-or-later
// Strict YAML with located errors, on yaml-cpp.
#include "config/yaml_reader.hpp"

#include <yaml-cpp/depthguard.h>
#include <yaml-cpp/eventhandler.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <fstream>
#include <iterator>
#include <limits>
#include <sstream>
#include <stdexcept>
#include <string_view>

namespace aircomp::runtime {

namespace {

constexpr std::uintmax_t largest_file_bytes = std::uintmax_t{1} << 20;
constexpr int most_documents = 100;

/// "radio.streams" -> {"radio", "streams"}.
std::pair<std::string_view, std::string_view> split_key(std::string_view key) {
    const auto dot = key.rfind('.');
    if (dot == std::string_view::npos) return {"", key};
    return {key.substr(0, dot), key.substr(dot + 1)};
}

std::string join_key(const std::string& parent, const std::string& name) {
    return parent.empty() ? name : parent + "." + name;
}

/// Text from the file as an error may quote it: short, and on one line whatever it holds.
std::string printable(const std::string& text) {
    constexpr std::size_t longest = 80;
    std::string result;
    for (const char c : text.substr(0, longest)) {
        const bool control = static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
        result += control ? '?' : c;
    }
    return text.size() > longest ? result + "..." : result;
}

/// yaml-cpp tags what stood in quotes "!": text, whatever it looks like.
bool is_plain_scalar(const YAML::Node& value) {
    return value.IsScalar() && value.Tag() != "!";
}

/// What an error says was found.
std::string describe(const YAML::Node& value) {
    if (value.IsMap()) return "a mapping";
    if (value.IsSequence()) return "a list of " + std::to_string(value.size());
    if (!value.IsScalar()) return "nothing";
    const std::string text = printable(value.Scalar());
    return is_plain_scalar(value) ? text : '"' + text + '"';
}

/// ":LINE:COLUMN", both from 1; nothing where there is no place.
std::string place_of(const YAML::Mark& mark) {
    if (mark.is_null()) return "";
    return ":" + std::to_string(mark.line + 1) + ":" + std::to_string(mark.column + 1);
}

std::string what(const YAML::Exception& error) {
    const bool is_deep = dynamic_cast<const YAML::DeepRecursion*>(&error) != nullptr;
    return is_deep ? "too many levels of nesting" : printable(error.msg);
}

/// Parses all of a number, for which YAML allows a leading plus sign.
template <typename Number>
std::errc parse_number(std::string_view text, Number& number) {
    if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return end == text.data() + text.size() ? error : std::errc::invalid_argument;
}

std::string read_text(const std::filesystem::path& file) {
    if (!std::filesystem::exists(file)) throw std::runtime_error(file.string() + ": no such file");
    if (std::filesystem::is_directory(file)) {
        throw std::runtime_error(file.string() + ": is a folder, expected a file");
    }
    if (!std::filesystem::is_regular_file(file)) {
        throw std::runtime_error(file.string() + ": expected a regular file");
    }
    if (const auto bytes = std::filesystem::file_size(file); bytes > largest_file_bytes) {
        throw std::runtime_error(file.string() + ": expected at most " +
                                 std::to_string(largest_file_bytes) + " bytes, found " +
                                 std::to_string(bytes));
    }
    std::ifstream stream(file, std::ios::binary);
    std::string text((std::istreambuf_iterator<char>(stream)), {});
    if (!stream) throw std::runtime_error(file.string() + ": cannot be read");
    return text;
}

/// Hears a document and keeps nothing of it.
class DeafHandler final : public YAML::EventHandler {
public:
    void OnDocumentStart(const YAML::Mark&) override {}
    void OnDocumentEnd() override {}
    void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
    void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
    void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t,
                  const std::string&) override {}
    void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                         YAML::EmitterStyle::value) override {}
    void OnSequenceEnd() override {}
    void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                    YAML::EmitterStyle::value) override {}
    void OnMapEnd() override {}
};

/// Documents in the text, at most most_documents: after a stray comma yaml-cpp finds empty ones
/// without end, and LoadAll() would keep them all.
int count_documents(const std::string& text) {
    std::istringstream stream(text);
    YAML::Parser parser(stream);
    DeafHandler handler;
    int count = 0;
    while (count < most_documents && parser.HandleNextDocument(handler))
        ++count;
    return count;
}

}  // namespace

YamlDocument::YamlDocument(const std::filesystem::path& file)
    : YamlDocument(read_text(file), file.string()) {}

YamlDocument::YamlDocument(const std::string& text, const std::string& origin) : file_(origin) {
    int documents = 0;
    try {
        documents = count_documents(text);
        root_ = YAML::Load(text);
    } catch (const YAML::Exception& error) {
        throw std::runtime_error(file_ + place_of(error.mark) +
                                 ": expected YAML, found: " + what(error));
    }
    if (root_.IsNull()) {
        throw std::runtime_error(file_ + ": expected keys and values, found nothing");
    }
    if (documents > 1) {
        throw std::runtime_error(file_ + ": expected one YAML document, found " +
                                 (documents == most_documents ? "at least " : "") +
                                 std::to_string(documents));
    }
    if (!root_.IsMap()) {
        throw std::runtime_error(file_ + ":" + std::to_string(root_.Mark().line + 1) +
                                 ": expected keys and values, found " + describe(root_));
    }
}

YamlNode YamlDocument::root() {
    return {*this, "", root_};
}

std::string YamlDocument::place(const std::string& key) const {
    const auto line = lines_.find(key);
    return file_ + (line == lines_.end() ? "" : ":" + std::to_string(line->second)) + ": " +
           printable(key);
}

std::string YamlDocument::nearest_known_key(const std::string& unknown) const {
    const std::string typed = lower(unknown);
    const auto [parent, name] = split_key(typed);
    const auto distance = [parent = parent, name = name](const std::string& known) {
        const auto [known_parent, known_name] = split_key(known);
        return name_distance(name, known_name) + (known_parent == parent ? 0 : 2);
    };
    return std::min_element(
               known_.begin(), known_.end(),
               [&](const auto& a, const auto& b) { return distance(a.first) < distance(b.first); })
        ->first;
}

void YamlDocument::check_keys() const {
    const std::pair<const std::string, int>* unknown = nullptr;
    for (const auto& entry : lines_) {
        const bool earlier = unknown == nullptr || entry.second < unknown->second;
        if (earlier && known_.count(entry.first) == 0) unknown = &entry;
    }
    if (unknown != nullptr) {
        if (const auto now = renamed_.find(unknown->first); now != renamed_.end()) {
            throw std::runtime_error(place(unknown->first) + ": is called " + now->second + " now");
        }
        const std::string nearest = nearest_known_key(unknown->first);
        const std::string& unit = known_.at(nearest);
        throw std::runtime_error(place(unknown->first) + ": unknown key, did you mean " + nearest +
                                 (unit.empty() ? "" : " (in " + unit + ")") + "?");
    }
    if (!missing_.empty()) {
        const auto [parent, name] = split_key(missing_.front());
        throw std::runtime_error(place(std::string(parent)) + ": expected the key " +
                                 std::string(name) + ", found none");
    }
}

YamlNode::YamlNode(YamlDocument& document, std::string key, const YAML::Node& value)
    : document_(&document), key_(std::move(key)), value_(value), present_(true) {
    if (value_.IsMap()) open_mapping();
}

void YamlNode::open_mapping() {
    std::map<std::string, int> seen;
    for (const auto& member : value_) {
        // A value's own mark is its anchor's where it is an alias, and the next token's where it is
        // empty: the line is the key's.
        const int line = member.first.Mark().line + 1;
        // Dots and brackets are how errors write the place of a key.
        if (!member.first.IsScalar() ||
            member.first.Scalar().find_first_of(".[") != std::string::npos) {
            throw std::runtime_error(document_->file_ + ":" + std::to_string(line) +
                                     ": expected a name without dots and brackets as key, found " +
                                     describe(member.first));
        }
        const std::string key = join_key(key_, member.first.Scalar());
        document_->lines_[key] = line;
        const auto [first, added] = seen.emplace(key, line);
        if (!added) {
            throw std::runtime_error(document_->place(key) +
                                     ": expected once, found first on line " +
                                     std::to_string(first->second));
        }
    }
}

YamlNode YamlNode::at(const std::string& key, const std::string& unit) const {
    const std::string full = join_key(key_, key);
    document_->known_.emplace(full, unit);
    if (!present_) return {*document_, full};
    if (!value_.IsMap()) fail("keys and values");
    const YAML::Node value = value_[key];
    return value.IsDefined() ? YamlNode(*document_, full, value) : YamlNode(*document_, full);
}

YAML::Node YamlNode::yaml_at(const std::string& key) const {
    document_->known_.emplace(join_key(key_, key), "");
    if (!present_) return YAML::Node(YAML::NodeType::Undefined);
    if (!value_.IsMap()) fail("keys and values");
    return value_[key];
}

void YamlNode::rename(const std::string& former, const std::string& now) const {
    const bool elsewhere = former.find('.') != std::string::npos;
    const std::string whole = former.front() == '.' ? former.substr(1) : former;
    document_->renamed_[elsewhere ? whole : join_key(key_, former)] =
        elsewhere ? join_key(key_, now) : now;
}

void YamlNode::provides(const std::string& sibling) const {
    document_->provided_.insert(join_key(std::string(split_key(key_).first), sibling));
}

std::vector<YamlNode> YamlNode::elements() const {
    std::vector<YamlNode> result;
    if (!present_) return result;
    if (!value_.IsSequence()) fail("a list");
    for (const auto& element : value_) {
        const std::string key = key_ + "[" + std::to_string(result.size()) + "]";
        document_->known_.emplace(key, "");
        // The mark of an item that is empty is the next token's: the line is the list's.
        const auto list = document_->lines_.find(key_);
        const bool is_empty = element.IsNull() && list != document_->lines_.end();
        document_->lines_.emplace(key, is_empty ? list->second : element.Mark().line + 1);
        result.push_back(YamlNode(*document_, key, element));
    }
    return result;
}

const YamlNode& YamlNode::required() const {
    if (!present_ && document_->provided_.count(key_) == 0) document_->missing_.push_back(key_);
    return *this;
}

void YamlNode::read(bool& value) const {
    if (!present_) return;
    const bool is_true = is_plain_scalar(value_) && value_.Scalar() == "true";
    if (!is_true && !(is_plain_scalar(value_) && value_.Scalar() == "false")) fail("true or false");
    value = is_true;
}

template <typename Integer>
void YamlNode::read_integer(Integer& value) const {
    if (!present_) return;
    using Limits = std::numeric_limits<Integer>;
    Integer number = 0;
    const std::errc error = is_plain_scalar(value_) ? parse_number(value_.Scalar(), number)
                                                    : std::errc::invalid_argument;
    if (error == std::errc::result_out_of_range) {
        fail("an integer from " + std::to_string(Limits::min()) + " to " +
             std::to_string(Limits::max()));
    }
    if (error != std::errc()) fail(Limits::is_signed ? "an integer" : "an integer of at least 0");
    value = number;
}

void YamlNode::read(int& value) const {
    read_integer(value);
}
void YamlNode::read(std::int64_t& value) const {
    read_integer(value);
}
void YamlNode::read(std::uint64_t& value) const {
    read_integer(value);
}

void YamlNode::read(double& value) const {
    if (!present_) return;
    double number = 0;
    const bool parsed =
        is_plain_scalar(value_) && parse_number(value_.Scalar(), number) == std::errc();
    if (!parsed || !std::isfinite(number)) {
        const auto known = document_->known_.find(key_);
        const std::string unit = known == document_->known_.end() ? "" : known->second;
        fail(unit.empty() ? "a finite number" : "a finite number in " + unit);
    }
    value = number;
}

void YamlNode::read(std::string& value) const {
    if (!present_) return;
    if (!value_.IsScalar() || value_.Scalar().empty()) fail("some text");
    value = value_.Scalar();
}

void YamlNode::fail(const std::string& expected, const std::string& hint) const {
    throw std::runtime_error(document_->place(key_) + ": expected " + expected + ", found " +
                             describe(value_) + hint);
}

}  // namespace aircomp::runtime
