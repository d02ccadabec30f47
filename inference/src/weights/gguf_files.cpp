// SPDX-License-Identifier: GPL-3.0-or-later
// Finds the parts of a split GGUF model by their names and joins their tensors.
#include "weights/gguf_files.hpp"

#include <algorithm>
#include <cstdio>
#include <iterator>
#include <regex>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>

namespace aircomp::inference {

namespace {

constexpr std::int64_t most_parts = 99'999;  // what the names have digits for

/// The first file of the model that `file` is a part of.
std::filesystem::path first_part(const std::filesystem::path& file) {
    static const std::regex pattern("(.*-)([0-9]{5})(-of-[0-9]{5}\\.gguf)");
    std::smatch match;
    const std::string name = file.filename().string();
    if (!std::regex_match(name, match, pattern)) return file;
    return file.parent_path() / (match[1].str() + "00001" + match[3].str());
}

std::filesystem::path part_name(const std::filesystem::path& first, std::int64_t part,
                                std::int64_t parts) {
    char ending[32];
    std::snprintf(ending, sizeof ending, "-00001-of-%05d.gguf", static_cast<int>(parts));
    const std::string name = first.filename().string();
    const std::string expected = ending;
    if (name.size() <= expected.size() ||
        name.compare(name.size() - expected.size(), expected.size(), expected) != 0) {
        throw std::runtime_error(first.string() + ": expected a name that ends in " + expected +
                                 ", since split.count is " + std::to_string(parts));
    }
    std::snprintf(ending, sizeof ending, "-%05d-of-%05d.gguf", static_cast<int>(part + 1),
                  static_cast<int>(parts));
    return first.parent_path() / (name.substr(0, name.size() - expected.size()) + ending);
}

std::int64_t number_of_parts(const GgufMetadata& metadata) {
    const GgufValue* const count = metadata.find("split.count");
    if (count == nullptr) return 1;
    // A model that was never split may say 0.
    return std::max<std::int64_t>(1, count->integer(0, most_parts));
}

void check_part(const GgufMetadata& metadata, std::int64_t part, std::int64_t parts) {
    if (parts == 1) return;
    const GgufValue& number = metadata.at("split.no");
    if (number.integer(0, most_parts) != part) number.fail(std::to_string(part));
    if (number_of_parts(metadata) != parts) {
        metadata.at("split.count").fail(std::to_string(parts) + ", as in the first part");
    }
}

}  // namespace

GgufFiles::GgufFiles(const std::filesystem::path& file) {
    const std::filesystem::path first = first_part(file);
    std::int64_t parts = 1;
    std::set<std::string> names;
    for (std::int64_t part = 0; part < parts; ++part) {
        const auto path = part == 0 ? first : part_name(first, part, parts);
        const MappedFile& mapping = mappings_.emplace_back(path);
        GgufFile parsed = parse_gguf(mapping.contents(), path.string());
        if (part == 0) parts = number_of_parts(parsed.metadata);
        check_part(parsed.metadata, part, parts);
        if (part == 0) metadata_ = std::move(parsed.metadata);
        for (GgufTensor& tensor : parsed.tensors) {
            if (!names.insert(tensor.name).second) {
                throw std::runtime_error(path.string() + ": tensor " + shown(tensor.name) +
                                         ": expected in one part of the model, found in two");
            }
            tensors_.push_back(std::move(tensor));
        }
    }
    if (const GgufValue* const count = metadata_.find("split.tensors.count"); count && parts > 1) {
        const auto found = static_cast<std::int64_t>(tensors_.size());
        if (count->integer(0, INT64_MAX) != found) {
            count->fail(std::to_string(found) + ", as many tensors as the parts have");
        }
    }
}

}  // namespace aircomp::inference
