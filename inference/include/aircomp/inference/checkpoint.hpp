// SPDX-License-Identifier: GPL-3.0-or-later
// The weights of a model, memory-mapped: names, types, shapes and where the bytes lie.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <gsl/span>
#include <memory>
#include <string>
#include <vector>

#include "aircomp/inference/model_config.hpp"

namespace aircomp::inference {

/// Types of weights that can be multiplied with: floats, and blocked types, whose elements share
/// scales with their neighbours in a row. Files have floats and ggml's types; matrices of quantised
/// folders are held as int4, int8 or fp8, where they can be.
enum class DataType {
    f32,
    f16,
    bf16,
    q4_0,
    q4_1,
    q5_0,
    q5_1,
    q8_0,
    q2_k,
    q3_k,
    q4_k,
    q5_k,
    q6_k,
    iq4_nl,
    iq4_xs,
    mxfp4,
    int4,  ///< Integers of four bits less a zero, and a scale in float32.
    int8,  ///< Integers of eight bits and a scale in float32.
    fp8    ///< Floats of eight bits (E4M3) and a scale in float32.
};

/// How a type is stored: consecutive elements of a row in blocks that are read as a whole.
struct BlockSize {
    std::int64_t elements;  ///< 1 for floats; 32 or 256.
    std::int64_t bytes;
};
BlockSize block_size(DataType type);

/// Bytes of a row of `elements`, in whole blocks.
std::size_t row_bytes(DataType type, std::int64_t elements);

/// Bytes of one element of a type without blocks: 4, 2, 2. Throws std::invalid_argument for others.
std::size_t element_bytes(DataType type);

/// A tensor as it lies in the mapping: row-major, not necessarily aligned to its element type. Rows,
/// of a blocked type, are whole blocks.
/// Valid as long as the Checkpoint that it came from.
struct TensorView {
    std::string name;
    DataType type;
    std::vector<std::int64_t> shape;
    gsl::span<const std::byte> bytes;
};

/// What can be told of a tensor without reading it.
struct TensorInfo {
    DataType type;  ///< What it is held as in memory.
    std::vector<std::int64_t> shape;
    std::size_t bytes;                              ///< Of the whole tensor, so held.
    std::vector<gsl::span<const std::byte>> parts;  ///< Where it lies in the files.
};

struct QuantisedMatrix;

/// A Hugging Face model folder: `config.json` and `model.safetensors`, or the shards that
/// `model.safetensors.index.json` names; or a GGUF file, any part of one that was split, whose tensors
/// have the names of Hugging Face's folders here. The matrices of folders that GPTQ, AWQ, compressed-tensors
/// or FP8 quantised have the names that they would have as floats. Nothing is read before it is needed; pages that are
/// never touched never become resident.
class Checkpoint {
public:
    /// Maps the folder or file and checks every header completely (lengths, offsets, types, shapes).
    /// Throws std::runtime_error with file, tensor, what was expected and found.
    explicit Checkpoint(const std::filesystem::path& model);

    /// A model that exists in memory alone, with an empty folder(); `owner` keeps the bytes of the
    /// tensors. Throws std::invalid_argument for a name that comes twice or bytes that are not the
    /// shape's.
    static Checkpoint from_tensors(const ModelConfig& config, gsl::span<const TensorView> tensors,
                                   std::shared_ptr<const void> owner);

    ~Checkpoint();
    Checkpoint(Checkpoint&&) noexcept;
    Checkpoint& operator=(Checkpoint&&) noexcept;

    /// The folder, or the GGUF file.
    const std::filesystem::path& folder() const;
    const ModelConfig& config() const;
    bool contains(const std::string& name) const;

    /// The tensor of that name. Throws std::runtime_error where it is missing or its shape is not
    /// `shape`.
    TensorView tensor(const std::string& name, const std::vector<std::int64_t>& shape) const;

    /// The tensor of that name, whatever its shape. Throws std::runtime_error where it is missing.
    TensorView tensor(const std::string& name) const;

    /// Of the tensor of that name. Throws as above.
    TensorInfo info(const std::string& name) const;

    /// @cond For the library itself: the type has no public definition.
    /// The matrix of that name where it is one of several tensors, which tensor() refuses; else null.
    const QuantisedMatrix* find_quantised(const std::string& name) const;
    /// @endcond

    /// Names of all tensors, sorted.
    std::vector<std::string> names() const;

    /// Says that `bytes` of a tensor will be read, but not what lies before and after them: keeps
    /// the system from mapping their neighbours in the same huge page. Without effect on a model in
    /// memory.
    void isolate(gsl::span<const std::byte> bytes) const;

    /// Says that `bytes` of a tensor will not be read soon: pages that lie wholly within them leave
    /// residency until they are touched again. Without effect on a model in memory.
    void release(gsl::span<const std::byte> bytes) const;

private:
    struct Files;
    explicit Checkpoint(std::unique_ptr<Files> files);
    std::unique_ptr<Files> files_;
};

}  // namespace aircomp::inference
