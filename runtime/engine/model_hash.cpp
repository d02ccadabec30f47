// SPDX-License-Identifier: GPL-3.0-or-later
// SHA-256 of a checkpoint, sampled.
#include "engine/model_hash.hpp"

namespace aircomp::runtime {
namespace {

constexpr std::size_t pieces = 16;
constexpr std::size_t piece_bytes = 4096;

void add_sampled(Sha256& sha, gsl::span<const std::byte> bytes) {
    if (bytes.size() <= pieces * piece_bytes) return sha.add(bytes);
    const std::size_t last = bytes.size() - piece_bytes;
    for (std::size_t i = 0; i < pieces; ++i)
        sha.add(bytes.subspan(last * i / (pieces - 1), piece_bytes));
}

}  // namespace

ModelHash model_hash(const inference::Checkpoint& checkpoint) {
    Sha256 sha;
    for (const std::string& name : checkpoint.names()) {
        const inference::TensorInfo tensor = checkpoint.info(name);
        std::string head = name + "\n" + std::to_string(static_cast<int>(tensor.type));
        for (const std::int64_t size : tensor.shape)
            head += " " + std::to_string(size);
        sha.add(head + "\n");
        for (const auto& part : tensor.parts)
            add_sampled(sha, part);
    }
    return sha.digest();
}

}  // namespace aircomp::runtime
