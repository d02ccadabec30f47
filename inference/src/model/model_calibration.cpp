// SPDX-License-Identifier: GPL-3.0-or-later
// Calibrations as safetensors: a few tensors a site, version and model in the header's metadata.
#include "aircomp/inference/model_calibration.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <stdexcept>
#include <utility>

#include "aircomp/inference/checkpoint_writer.hpp"
#include "weights/mapped_file.hpp"
#include "weights/safetensors.hpp"

namespace aircomp::inference {
namespace {

constexpr const char* version_key = "aircomp-calibration";
constexpr const char* version = "2";
constexpr const char* hash_key = "model-sha256";

/// Calls `visit(name, values, columns)` for each tensor of one site; values of a matrix are in rows
/// of so many columns.
template <typename Prediction, typename Transform, typename Weights, typename Updates,
          typename Visit>
void for_each_tensor(Prediction& prediction, Transform& transform, Weights& weights,
                     Updates& updates, Visit visit) {
    visit("right", prediction.right);
    visit("left", prediction.left);
    visit("sum_left", prediction.sum_left);
    visit("first", prediction.first);
    visit("first_sum", prediction.first_sum);
    visit("transform_vectors", transform.vectors);
    visit("transform_gains", transform.gains);
    visit("energy_weights", weights);
    visit("update_reflectors", updates.reflectors);
    visit("update_widths", updates.widths);
}

TensorView view_of(const std::string& name, const std::vector<float>& values) {
    return {name,
            DataType::f32,
            {static_cast<std::int64_t>(values.size())},
            gsl::as_bytes(gsl::span<const float>(values))};
}

std::string prefix_of(std::size_t site) {
    return "sites." + std::to_string(site) + ".";
}

/// Tensors of a file by name.
class Tensors {
public:
    Tensors(gsl::span<const std::byte> contents, std::string file) : file_(std::move(file)) {
        for (const SafetensorsEntry& entry : parse_safetensors(contents, file_))
            entries_[entry.name] = entry;
    }

    /// Nothing where there is no such tensor.
    std::vector<float> take(const std::string& name) {
        const auto found = entries_.find(name);
        if (found == entries_.end()) return {};
        const SafetensorsEntry& entry = found->second;
        if (entry.type != "F32" || entry.shape.size() != 1)
            fail(name + ": expected a vector of F32, found " + entry.type + " " +
                 shape_text(entry.shape));
        std::vector<float> values(entry.bytes.size() / sizeof(float));
        std::memcpy(values.data(), entry.bytes.data(), entry.bytes.size());
        // Beyond it, what is computed from them would not be finite.
        constexpr float largest = 1e18F;
        for (const float value : values)
            if (!(std::abs(value) <= largest))
                fail(name + ": expected finite numbers of at most 1e18");
        entries_.erase(found);
        return values;
    }

    /// Throws where a tensor was not asked for.
    void expect_all_taken() const {
        if (!entries_.empty())
            fail(entries_.begin()->first + ": expected no tensor of the name for this model");
    }

    [[noreturn]] void fail(const std::string& what) const {
        throw std::runtime_error(file_ + ": " + what);
    }

    void expect(std::size_t found, std::size_t expected, const std::string& name) const {
        if (found == expected) return;
        fail(name + ": expected " + std::to_string(expected) + " values, found " +
             std::to_string(found));
    }

private:
    std::string file_;
    std::map<std::string, SafetensorsEntry> entries_;
};

void check_updates(const UpdateBasis& updates, std::size_t hidden, const std::string& prefix,
                   const Tensors& tensors) {
    const auto rank = static_cast<std::size_t>(updates.rank);
    tensors.expect(updates.reflectors.size(), std::min(rank, hidden) * hidden,
                   prefix + "update_reflectors");
    tensors.expect(updates.widths.size(), hidden, prefix + "update_widths");
    for (const float width : updates.widths) {
        if (width <= 0 && width >= -most_narrower && std::round(width) == width) continue;
        tensors.fail(prefix + "update_widths: expected whole numbers from " +
                     std::to_string(static_cast<int>(-most_narrower)) + " to 0");
    }
}

std::map<std::string, std::string> checked_metadata(const MappedFile& mapped,
                                                    const std::string& file) {
    auto metadata = safetensors_metadata(mapped.contents(), file);
    if (metadata[version_key] != version) {
        throw std::runtime_error(
            file + ": expected a calibration of version " + version +
            ", as aircomp calibrate writes it, found " +
            (metadata[version_key].empty() ? "none" : "version " + metadata[version_key]));
    }
    return metadata;
}

}  // namespace

void write_calibration(const std::filesystem::path& file, const ModelCalibration& calibration) {
    std::vector<TensorView> tensors;
    for (std::size_t site = 0; site < calibration.predictions->size(); ++site) {
        for_each_tensor((*calibration.predictions)[site], calibration.transforms.at(site),
                        calibration.energy_weights.at(site), calibration.updates.at(site),
                        [&](const char* name, const std::vector<float>& values) {
                            if (!values.empty())
                                tensors.push_back(view_of(prefix_of(site) + name, values));
                        });
    }
    tensors.push_back(view_of("sensitivities", calibration.sensitivities));
    tensors.push_back(view_of("copy_sensitivities", calibration.copy_sensitivities));
    write_safetensors(file, tensors, {{version_key, version}, {hash_key, calibration.model_hash}});
}

ModelCalibration read_calibration(const std::filesystem::path& file, const ModelConfig& config) {
    const MappedFile mapped(file);
    ModelCalibration calibration;
    calibration.model_hash = checked_metadata(mapped, file.string())[hash_key];
    Tensors tensors(mapped.contents(), file.string());
    const auto sites = static_cast<std::size_t>(config.sites());
    auto predictions = std::make_shared<SitePredictions>(sites);
    calibration.transforms.resize(sites);
    calibration.energy_weights.resize(sites);
    calibration.updates.resize(sites);
    const auto hidden = static_cast<std::size_t>(config.hidden_size);
    for (std::size_t site = 0; site < sites; ++site) {
        SitePrediction& prediction = (*predictions)[site];
        TransformFactors& transform = calibration.transforms[site];
        UpdateBasis& updates = calibration.updates[site];
        for_each_tensor(prediction, transform, calibration.energy_weights[site], updates,
                        [&](const char* name, std::vector<float>& values) {
                            values = tensors.take(prefix_of(site) + name);
                        });
        prediction.width = input_width(config, config.site(static_cast<std::int64_t>(site)));
        prediction.rank = static_cast<std::int64_t>(prediction.right.size() / hidden);
        transform.rank = static_cast<std::int64_t>(transform.gains.size());
        tensors.expect(transform.vectors.size(), transform.gains.size() * hidden,
                       prefix_of(site) + "transform_vectors");
        for (const float gain : transform.gains)
            if (gain <= 0)
                tensors.fail(prefix_of(site) + "transform_gains: expected values above 0");
        updates.rank = static_cast<std::int64_t>(updates.reflectors.size() / hidden);
        check_updates(updates, hidden, prefix_of(site), tensors);
    }
    for (auto* const list : {&calibration.sensitivities, &calibration.copy_sensitivities}) {
        const bool up = list == &calibration.sensitivities;
        const std::string name = up ? "sensitivities" : "copy_sensitivities";
        *list = tensors.take(name);
        tensors.expect(list->size(), sites, name);
        for (const float sensitivity : *list)
            if (sensitivity < 0) tensors.fail(name + ": expected values of at least 0");
    }
    tensors.expect_all_taken();
    try {
        check_predictions(*predictions, config);
    } catch (const std::invalid_argument& error) {
        tensors.fail(error.what());
    }
    calibration.predictions = std::move(predictions);
    return calibration;
}

}  // namespace aircomp::inference
