// SPDX-License-Identifier: GPL-3.0-or-later
// A GGUF model as it lies on disk: one file, or the parts that a large one was split into.
#pragma once

#include <filesystem>
#include <vector>

#include "weights/gguf.hpp"
#include "weights/mapped_file.hpp"

namespace aircomp::inference {

/// Maps `file` and parses it. Of a split model, `NAME-00001-of-0000N.gguf`, any part may be named:
/// all of them are mapped, the metadata are the first part's, the tensors all parts'.
class GgufFiles {
public:
    /// Throws std::runtime_error, naming the file, where one is missing or is refused, where parts do
    /// not say that they belong together, or where a tensor is in two of them.
    explicit GgufFiles(const std::filesystem::path& file);

    const GgufMetadata& metadata() const { return metadata_; }
    const std::vector<GgufTensor>& tensors() const { return tensors_; }
    const std::vector<MappedFile>& mappings() const { return mappings_; }

private:
    GgufMetadata metadata_;
    std::vector<GgufTensor> tensors_;
    std::vector<MappedFile> mappings_;
};

}  // namespace aircomp::inference
