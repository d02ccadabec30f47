// SPDX-License-Identifier: GPL-3.0-or-later
// Small models of all families, whose values follow from their tensors' names: family_fixtures.py
// computes the same.
#pragma once

#include <cmath>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "aircomp/inference/checkpoint_writer.hpp"
#include "support/temporary_folder.hpp"

namespace aircomp::test {

/// A file for each family: configuration, shapes of tensors, tokens and their logits.
inline std::filesystem::path fixtures() {
    return std::filesystem::path(AIRCOMP_SOURCE_DIR) / "test/inference/families";
}

inline nlohmann::json read_fixture(const std::filesystem::path& file) {
    std::ifstream stream(file);
    return nlohmann::json::parse(stream);
}

/// FNV-1a of 64 bits.
inline std::uint64_t hash_of(const std::string& name) {
    std::uint64_t value = 0xcbf29ce484222325u;
    for (const char c : name)
        value = (value ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
    return value;
}

/// The values that family_fixtures.py gives a tensor.
inline std::vector<float> weights(const std::string& name, const std::vector<std::int64_t>& shape) {
    std::size_t count = 1;
    for (const std::int64_t size : shape)
        count *= static_cast<std::size_t>(size);
    const bool is_norm = name.size() > 7 && name.compare(name.size() - 7, 7, ".weight") == 0;
    std::vector<float> values(count);
    for (std::size_t i = 0; i < count; ++i) {
        std::uint64_t state = hash_of(name) + (i + 1) * 0x9e3779b97f4a7c15u;
        state = (state ^ state >> 30) * 0xbf58476d1ce4e5b9u;
        state = (state ^ state >> 27) * 0x94d049bb133111ebu;
        state = state ^ state >> 31;
        const double uniform = static_cast<double>(state >> 40) / 0x1p23 - 1;
        const double value = shape.size() > 1
                                 ? uniform * (3 / std::sqrt(static_cast<double>(shape.back())))
                                 : (is_norm ? 1 : 0) + 0.25 * uniform;
        values[i] = static_cast<float>(value);
    }
    return values;
}

/// Writes the fixture's model as a folder.
inline void write_model(const nlohmann::json& fixture, const TemporaryFolder& folder) {
    std::vector<std::vector<float>> memory;
    std::vector<inference::TensorView> tensors;
    for (const auto& item : fixture.at("tensors").items()) {
        const auto shape = item.value().get<std::vector<std::int64_t>>();
        memory.push_back(weights(item.key(), shape));
        tensors.push_back({item.key(), inference::DataType::f32, shape, {}});
    }
    for (std::size_t i = 0; i < tensors.size(); ++i)
        tensors[i].bytes = gsl::as_bytes(gsl::span<const float>(memory[i]));
    inference::write_safetensors(folder.path() / "model.safetensors", tensors);
    folder.write("config.json", fixture.at("config").dump());
}

}  // namespace aircomp::test
