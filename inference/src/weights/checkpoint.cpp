// SPDX-License-Identifier: GPL-3.0-or-later
// A model's weights: which files hold them, and where in the mapping each tensor lies.
#include "aircomp/inference/checkpoint.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <stdexcept>
#include <utility>

#include "model/families.hpp"
#include "model/gguf_config.hpp"
#include "model/gguf_names.hpp"
#include "weights/ggml_type.hpp"
#include "weights/gguf_files.hpp"
#include "weights/json_reader.hpp"
#include "weights/mapped_file.hpp"
#include "weights/quantised_folder.hpp"
#include "weights/safetensors.hpp"
#include "weights/tensor_view.hpp"

namespace aircomp::inference {

namespace {

constexpr const char* single_file = "model.safetensors";
constexpr const char* index_file = "model.safetensors.index.json";

/// Shard names are names in the model folder; anything else could reach any file of the machine.
void check_shard_name(const JsonNode& shard) {
    const std::string& name = shard.text();
    const bool plain = !name.empty() && name != "." && name != ".." &&
                       name.find_first_of(std::string("/\\\0", 3)) == std::string::npos;
    if (!plain) shard.fail("a file name without path parts");
}

}  // namespace

struct Checkpoint::Files {
    explicit Files(std::filesystem::path its_path) : path(std::move(its_path)) {
        if (std::filesystem::is_regular_file(path)) {
            open_gguf();
        } else {
            config = read_model_config(path / "config.json");
            open_folder();
            if (config.quantisation)
                quantised = take_quantised(*config.quantisation, path.string(), tensors);
        }
    }

    Files(const ModelConfig& its_config, std::shared_ptr<const void> its_owner)
        : config(its_config), owner(std::move(its_owner)) {}

    void open_gguf() {
        gguf.emplace(path);
        config = read_gguf_config(*gguf);
        const TensorNames& names = family_of(config.architecture).names;
        for (const GgufTensor& tensor : gguf->tensors()) {
            // What has no name here has been read into the configuration, or refused.
            const auto name = hugging_face_name(names, tensor.name);
            if (!name) continue;
            tensors.emplace(
                *name, StoredTensor{find_ggml_type(tensor.type)->name, tensor.shape, tensor.bytes});
        }
    }

    void open_folder() {
        if (std::filesystem::exists(path / single_file)) {
            for (SafetensorsEntry& entry : map(single_file))
                add(std::move(entry));
        } else if (std::filesystem::exists(path / index_file)) {
            map_shards();
        } else {
            throw std::runtime_error(path.string() + ": expected " + single_file + " or " +
                                     index_file + ", found neither");
        }
    }

    void add(SafetensorsEntry entry) {
        tensors.emplace(std::move(entry.name),
                        StoredTensor{std::move(entry.type), std::move(entry.shape), entry.bytes});
    }

    std::vector<SafetensorsEntry> map(const std::string& name) {
        const MappedFile& file = mappings.emplace_back(path / name);
        return parse_safetensors(file.contents(), (path / name).string());
    }

    /// Tensors of a shard that the index does not name are left out. One that it names and that is
    /// not there may be one that nobody asks for; who does is told.
    void map_shards() {
        const std::string index_path = (path / index_file).string();
        const nlohmann::json document = read_json(index_path);
        const JsonNode weight_map = JsonNode(document, index_path).at("weight_map");
        if (!weight_map.value().is_object()) weight_map.fail("an object");

        std::map<std::string, std::map<std::string, SafetensorsEntry>> shards;
        for (const auto& item : weight_map.value().items()) {
            const JsonNode shard = weight_map.at(item.key());
            check_shard_name(shard);
            const auto [found, is_new] = shards.try_emplace(shard.text());
            if (is_new) {
                if (!std::filesystem::exists(path / shard.text())) {
                    shard.fail("a shard that is in the folder (an incomplete download?)");
                }
                for (SafetensorsEntry& entry : map(shard.text())) {
                    std::string name = entry.name;
                    found->second.emplace(std::move(name), std::move(entry));
                }
            }
            const auto tensor = found->second.find(item.key());
            if (tensor == found->second.end()) {
                stale.emplace(item.key(), shard.text());
            } else {
                add(tensor->second);
            }
        }
    }

    [[noreturn]] void fail_missing(const std::string& name, const std::string& expected) const {
        if (quantised.count(name) != 0)
            throw std::runtime_error(path.string() + ": tensor " + name +
                                     ": expected floats, found quantised weights");
        const auto shard = stale.find(name);
        throw std::runtime_error(
            path.string() + ": tensor " + name + ": " + expected + "found no tensor of that name" +
            (shard == stale.end()
                 ? ""
                 : " in " + shard->second + ", where " + index_file + " says it is"));
    }

    const std::vector<MappedFile>& all_mappings() const {
        return gguf ? gguf->mappings() : mappings;
    }

    std::filesystem::path path;  ///< A folder or a GGUF file.
    ModelConfig config;
    std::vector<MappedFile> mappings;
    std::optional<GgufFiles> gguf;
    std::shared_ptr<const void> owner;  ///< Of tensors that lie in memory.
    StoredTensors tensors;
    std::map<std::string, QuantisedMatrix> quantised;
    std::map<std::string, std::string> stale;  ///< Names that the index has, and their shards.
};

Checkpoint::Checkpoint(const std::filesystem::path& model)
    : files_(std::make_unique<Files>(model)) {}

Checkpoint::Checkpoint(std::unique_ptr<Files> files) : files_(std::move(files)) {}

Checkpoint Checkpoint::from_tensors(const ModelConfig& config, gsl::span<const TensorView> tensors,
                                    std::shared_ptr<const void> owner) {
    auto files = std::make_unique<Files>(config, std::move(owner));
    for (const TensorView& tensor : tensors) {
        check_bytes(tensor);
        const bool is_new = files->tensors
                                .emplace(tensor.name, StoredTensor{type_name(tensor.type),
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
    return files_->path;
}
const ModelConfig& Checkpoint::config() const {
    return files_->config;
}

bool Checkpoint::contains(const std::string& name) const {
    return files_->tensors.count(name) != 0 || files_->quantised.count(name) != 0;
}

TensorView Checkpoint::tensor(const std::string& name) const {
    const auto found = files_->tensors.find(name);
    if (found == files_->tensors.end()) files_->fail_missing(name, "");
    const StoredTensor& entry = found->second;
    const auto type = find_type(entry.type);
    if (!type) {
        throw std::runtime_error(files_->path.string() + ": tensor " + name + ": expected type " +
                                 type_names() + ", found " + entry.type);
    }
    return {name, *type, entry.shape, entry.bytes};
}

TensorView Checkpoint::tensor(const std::string& name,
                              const std::vector<std::int64_t>& shape) const {
    const auto found = files_->tensors.find(name);
    if (found == files_->tensors.end()) {
        files_->fail_missing(name, "expected shape " + shape_text(shape) + ", ");
    }
    if (found->second.shape != shape) {
        throw std::runtime_error(files_->path.string() + ": tensor " + name + ": expected shape " +
                                 shape_text(shape) + ", found " + shape_text(found->second.shape));
    }
    return tensor(name);
}

std::vector<std::string> Checkpoint::names() const {
    std::vector<std::string> names;
    names.reserve(files_->tensors.size() + files_->quantised.size());
    for (const auto& tensor : files_->tensors)
        names.push_back(tensor.first);
    for (const auto& matrix : files_->quantised)
        names.push_back(matrix.first);
    std::sort(names.begin(), names.end());
    return names;
}

TensorInfo Checkpoint::info(const std::string& name) const {
    if (const QuantisedMatrix* const matrix = find_quantised(name)) {
        const DataType type = matrix->held_as();
        return {type,
                {matrix->rows, matrix->columns},
                static_cast<std::size_t>(matrix->rows) * row_bytes(type, matrix->columns),
                matrix->parts};
    }
    const TensorView view = tensor(name);
    return {view.type, view.shape, view.bytes.size(), {view.bytes}};
}

const QuantisedMatrix* Checkpoint::find_quantised(const std::string& name) const {
    const auto found = files_->quantised.find(name);
    return found == files_->quantised.end() ? nullptr : &found->second;
}

void Checkpoint::isolate(gsl::span<const std::byte> bytes) const {
    for (const MappedFile& file : files_->all_mappings())
        file.isolate(bytes);
}

void Checkpoint::release(gsl::span<const std::byte> bytes) const {
    for (const MappedFile& file : files_->all_mappings())
        file.release(bytes);
}

}  // namespace aircomp::inference
