// SPDX-License-Identifier: GPL-3.0-or-later
// A model folder's weights: which files hold them, and where in the mapping each tensor lies.
#include "aircomp/inference/checkpoint.hpp"

#include <map>
#include <optional>
#include <set>
#include <stdexcept>

#include "weights/json_reader.hpp"
#include "weights/mapped_file.hpp"
#include "weights/safetensors.hpp"
#include "weights/tensor_view.hpp"

namespace aircomp::inference {

namespace {

constexpr const char* single_file = "model.safetensors";
constexpr const char* index_file = "model.safetensors.index.json";

std::optional<DataType> data_type(const std::string& name) {
    if (name == "F32") return DataType::f32;
    if (name == "F16") return DataType::f16;
    if (name == "BF16") return DataType::bf16;
    return std::nullopt;
}

/// Shard names are names in the model folder; anything else could reach any file of the machine.
void check_shard_name(const JsonNode& shard) {
    const std::string& name = shard.text();
    const bool plain = !name.empty() && name != "." && name != ".." &&
                       name.find_first_of(std::string("/\\\0", 3)) == std::string::npos;
    if (!plain) shard.fail("a file name without path parts");
}

}  // namespace

struct Checkpoint::Files {
    explicit Files(std::filesystem::path path)
        : folder(std::move(path)), config(read_model_config(folder / "config.json")) {
        if (std::filesystem::exists(folder / single_file)) {
            for (SafetensorsEntry& entry : map(single_file)) {
                std::string name = entry.name;
                tensors.emplace(std::move(name), std::move(entry));
            }
        } else if (std::filesystem::exists(folder / index_file)) {
            map_shards();
        } else {
            throw std::runtime_error(folder.string() + ": expected " + single_file + " or " +
                                     index_file + ", found neither");
        }
    }

    Files(const ModelConfig& its_config, std::shared_ptr<const void> its_owner)
        : config(its_config), owner(std::move(its_owner)) {}

    std::vector<SafetensorsEntry> map(const std::string& name) {
        const MappedFile& file = mappings.emplace_back(folder / name);
        return parse_safetensors(file.contents(), (folder / name).string());
    }

    void map_shards() {
        const std::string index_path = (folder / index_file).string();
        const nlohmann::json document = read_json(index_path);
        const JsonNode weight_map = JsonNode(document, index_path).at("weight_map");
        if (!weight_map.value().is_object()) weight_map.fail("an object");

        std::map<std::string, std::map<std::string, SafetensorsEntry>> shards;
        for (const auto& item : weight_map.value().items()) {
            const JsonNode shard = weight_map.at(item.key());
            check_shard_name(shard);
            const auto [found, is_new] = shards.try_emplace(shard.text());
            if (is_new) {
                for (SafetensorsEntry& entry : map(shard.text())) {
                    std::string name = entry.name;
                    found->second.emplace(std::move(name), std::move(entry));
                }
            }
            const auto tensor = found->second.find(item.key());
            if (tensor == found->second.end()) shard.fail("a shard that holds the tensor");
            tensors.emplace(item.key(), tensor->second);
        }
    }

    std::filesystem::path folder;
    ModelConfig config;
    std::vector<MappedFile> mappings;
    std::shared_ptr<const void> owner;  ///< Of tensors that lie in memory.
    std::map<std::string, SafetensorsEntry> tensors;
};

Checkpoint::Checkpoint(const std::filesystem::path& folder)
    : files_(std::make_unique<Files>(folder)) {}

Checkpoint::Checkpoint(std::unique_ptr<Files> files) : files_(std::move(files)) {}

Checkpoint Checkpoint::from_tensors(const ModelConfig& config, gsl::span<const TensorView> tensors,
                                    std::shared_ptr<const void> owner) {
    auto files = std::make_unique<Files>(config, std::move(owner));
    for (const TensorView& tensor : tensors) {
        check_bytes(tensor);
        const bool is_new =
            files->tensors
                .emplace(tensor.name, SafetensorsEntry{tensor.name, type_name(tensor.type),
                                                       tensor.shape, tensor.bytes})
                .second;
        if (!is_new) {
            throw std::invalid_argument(tensor.name + ": expected one tensor of the name");
        }
    }
    return Checkpoint(std::move(files));
}

Checkpoint::~Checkpoint() = default;
Checkpoint::Checkpoint(Checkpoint&&) noexcept = default;
Checkpoint& Checkpoint::operator=(Checkpoint&&) noexcept = default;

const std::filesystem::path& Checkpoint::folder() const {
    return files_->folder;
}
const ModelConfig& Checkpoint::config() const {
    return files_->config;
}

bool Checkpoint::contains(const std::string& name) const {
    return files_->tensors.count(name) != 0;
}

TensorView Checkpoint::tensor(const std::string& name) const {
    const auto where = [&] { return files_->folder.string() + ": tensor " + name; };
    const auto found = files_->tensors.find(name);
    if (found == files_->tensors.end()) {
        throw std::runtime_error(where() + ": found no tensor of that name");
    }
    const SafetensorsEntry& entry = found->second;
    const auto type = data_type(entry.type);
    if (!type) {
        throw std::runtime_error(where() + ": expected type F32, F16 or BF16, found " + entry.type);
    }
    return {name, *type, entry.shape, entry.bytes};
}

TensorView Checkpoint::tensor(const std::string& name,
                              const std::vector<std::int64_t>& shape) const {
    const auto where = [&] { return files_->folder.string() + ": tensor " + name; };
    const auto found = files_->tensors.find(name);
    if (found == files_->tensors.end()) {
        throw std::runtime_error(where() + ": expected shape " + shape_text(shape) +
                                 ", found no tensor of that name");
    }
    if (found->second.shape != shape) {
        throw std::runtime_error(where() + ": expected shape " + shape_text(shape) + ", found " +
                                 shape_text(found->second.shape));
    }
    return tensor(name);
}

std::vector<std::string> Checkpoint::names() const {
    std::vector<std::string> names;
    names.reserve(files_->tensors.size());
    for (const auto& tensor : files_->tensors)
        names.push_back(tensor.first);
    return names;
}

void Checkpoint::isolate(gsl::span<const std::byte> bytes) const {
    for (const MappedFile& file : files_->mappings)
        file.isolate(bytes);
}

void Checkpoint::release(gsl::span<const std::byte> bytes) const {
    for (const MappedFile& file : files_->mappings)
        file.release(bytes);
}

}  // namespace aircomp::inference
