// SPDX-License-Identifier: GPL-3.0-or-later
// Quantised folders: values and logits are those of the same folder as floats, whole and cut; what is
// wrong in one is refused. quantised_checkpoints.py wrote the folders.
#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "aircomp/inference/checkpoint.hpp"
#include "aircomp/inference/slice_cost.hpp"
#include "errors.hpp"
#include "support/catch.hpp"
#include "support/temporary_folder.hpp"
#include "team.hpp"
#include "weights/matrix_cut.hpp"
#include "weights/matvec.hpp"
#include "weights/tensor_view.hpp"

namespace aircomp::inference {
namespace {

using test::check_error;
using test::TemporaryFolder;

struct Fixture {
    const char* name;
    const char* floats;
    const char* held_as;
};

constexpr Fixture fixtures[] = {{"gptq", "floats-of-4-bits", "INT4"},
                                {"gptq-v2", "floats-of-4-bits", "INT4"},
                                {"awq", "floats-of-4-bits", "INT4"},
                                {"pack-quantized", "floats-of-4-bits", "INT4"},
                                {"gptq-act-order", "floats-of-act-order", "F16"},
                                {"int-quantized", "floats-of-8-bits", "INT8"},
                                {"pack-quantized-8", "floats-of-8-bits", "INT8"},
                                {"fp8", "floats-of-fp8", "FP8"},
                                {"float-quantized", "floats-of-fp8", "FP8"}};

std::filesystem::path folder(const std::string& name) {
    return std::filesystem::path(AIRCOMP_SOURCE_DIR) / "test/inference/quantised" / name;
}

std::vector<float> widened(const WeightMatrix& w) {
    std::vector<float> values(static_cast<std::size_t>(w.rows * w.columns));
    for (std::int64_t r = 0; r < w.rows; ++r)
        widen_row(w, r, {values.data() + r * w.columns, static_cast<std::size_t>(w.columns)});
    return values;
}

bool have_same_bits(const std::vector<float>& a, const std::vector<float>& b) {
    return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

Range random_range(std::int64_t size, std::mt19937& generator) {
    const auto a = static_cast<std::int64_t>(generator()) % (size + 1);
    const auto b = static_cast<std::int64_t>(generator()) % (size + 1);
    return {std::min(a, b), std::max(a, b)};
}

TEST_CASE("values of quantised folders are those of an independent reference, bit for bit") {
    for (const Fixture& fixture : fixtures) {
        CAPTURE(fixture.name);
        const Checkpoint quantised(folder(fixture.name)), floats(folder(fixture.floats));
        CHECK(quantised.names() == floats.names());
        std::mt19937 generator(4);
        int matrices = 0;
        for (const std::string& name : quantised.names()) {
            if (quantised.find_quantised(name) == nullptr) continue;
            ++matrices;
            CAPTURE(name);
            const TensorInfo info = quantised.info(name);
            CHECK(type_name(info.type) == std::string(fixture.held_as));
            REQUIRE(info.shape == floats.info(name).shape);
            const MatrixSize size{info.shape[0], info.shape[1]};
            std::vector<HugeBuffer> copies;
            const auto check_rows = [&](const std::vector<Range>& rows) {
                REQUIRE(have_same_bits(widened(load_rows(quantised, name, size, rows, copies)),
                                       widened(load_rows(floats, name, size, rows, copies))));
            };
            const auto check_columns = [&](Range columns) {
                CAPTURE(columns.begin, columns.end);
                REQUIRE(
                    have_same_bits(widened(load_columns(quantised, name, size, columns, copies)),
                                   widened(load_columns(floats, name, size, columns, copies))));
            };
            check_rows({{0, size.rows}});
            check_columns({0, size.columns});
            for (int cut = 0; cut < 20; ++cut) {
                check_rows({random_range(size.rows, generator)});
                check_rows({random_range(size.rows, generator), {1, 3}});
                check_columns(random_range(size.columns, generator));
            }
        }
        CHECK(matrices == 7);
    }
}

TEST_CASE("logits of quantised folders are those of the same model as floats, whole and cut") {
    const std::vector<Token> tokens = {1, 15, 3, 7, 7, 0, 12};
    for (const Fixture& fixture : fixtures) {
        CAPTURE(fixture.name);
        const Checkpoint quantised(folder(fixture.name)), floats(folder(fixture.floats));
        test::Team reference(floats, {whole_model(floats.config())});
        const std::vector<float> logits = reference.logits(tokens, 3);
        const std::vector<double> expected(logits.begin(), logits.end());
        std::mt19937 generator(5);
        for (std::size_t devices = 1; devices <= 6; ++devices) {
            const auto slices = devices == 1
                                    ? std::vector<Slice>{whole_model(quantised.config())}
                                    : test::random_slices(quantised.config(), devices, generator);
            test::Team team(quantised, slices);
            // float32 rounding, and nothing else: the weights are the same.
            CHECK(test::relative_difference(expected, team.logits(tokens, 3)) < 1e-5);
        }
    }
}

TEST_CASE("a quantised folder's size is that of what devices hold") {
    CHECK(bytes_per_weight(Checkpoint(folder("awq"))) == 21.0 / 32);
    CHECK(bytes_per_weight(Checkpoint(folder("int-quantized"))) == 36.0 / 32);
    CHECK(bytes_per_weight(Checkpoint(folder("fp8"))) == 36.0 / 32);
    CHECK(bytes_per_weight(Checkpoint(folder("gptq-act-order"))) == 2);
}

/// A copy of a fixture in which one text of a file is another of the same length.
class Changed {
public:
    Changed(const std::string& fixture, const std::string& file, const std::string& from,
            const std::string& to) {
        for (const char* name : {"config.json", "model.safetensors"}) {
            std::ifstream stream(folder(fixture) / name, std::ios::binary);
            std::string contents{std::istreambuf_iterator<char>(stream), {}};
            if (name == file) {
                const auto place = contents.find(from);
                REQUIRE(place != std::string::npos);
                contents.replace(place, from.size(), to);
            }
            copy_.write(name, contents);
        }
    }
    std::filesystem::path path() const { return copy_.path(); }

private:
    TemporaryFolder copy_;
};

void check_refused(const Changed& changed, std::initializer_list<const char*> parts) {
    check_error<std::runtime_error>([&] { Checkpoint{changed.path()}; }, parts);
}

TEST_CASE("tensors of a quantised matrix that do not fit together are refused by name") {
    const auto tensors = [](const std::string& fixture, const std::string& from,
                            const std::string& to) {
        return Changed(fixture, "model.safetensors", from, to);
    };
    check_refused(tensors("gptq", "down_proj.qzeros", "down_proj.qother"),
                  {"model.layers.0.mlp.down_proj.qzeros", "I32", "no tensor of that name"});
    check_refused(tensors("awq", R"("F16")", R"("I16")"),
                  {"down_proj.scales", "expected type F16 or BF16 or F32", "found I16"});
    check_refused(Changed("gptq", "config.json", R"("group_size": 32)", R"("group_size": 16)"),
                  {"down_proj.scales", "expected shape [4, 64]", "found [2, 64]"});
    check_refused(tensors("pack-quantized", R"("shape":[64,8])", R"("shape":[8,64])"),
                  {"down_proj.weight_packed", "[64, 16]", "found [8, 64]"});
    check_refused(tensors("pack-quantized", R"("shape":[8,2])", R"("shape":[2,8])"),
                  {"down_proj.weight_zero_point", "expected shape [8, 2]", "found [2, 8]"});
    check_refused(tensors("pack-quantized", std::string("\x40\0\0\0\0\0\0\0\x40", 9),
                          std::string("\x40\0\0\0\0\0\0\x7f\x40", 9)),
                  {"weight", "expected rows and columns", ", 64]"});
    check_refused(tensors("int-quantized", R"("shape":[64,1])", R"("shape":[1,64])"),
                  {"down_proj.weight_scale", "a scale for each of 64 rows", "found [1, 64]"});
    check_refused(tensors("fp8", R"("shape":[4,2])", R"("shape":[2,4])"),
                  {"down_proj.weight_scale_inv", "expected shape [4, 2]", "found [2, 4]"});
    check_refused(tensors("fp8", "down_proj.weight_scale_inv", "down_proj.weight_scale_own"),
                  {"down_proj.weight_scale", "no tensor of that name"});
}

TEST_CASE("values that are not finite, and groups that are not there, are refused by name") {
    const Checkpoint whole(folder("fp8"));
    const auto part = whole.info("model.layers.0.mlp.down_proj.weight").parts;
    const auto replaced = [&](std::size_t index, const std::string& bytes) {
        const std::string all(reinterpret_cast<const char*>(part[index].data()),
                              part[index].size());
        std::string with = all;
        with.replace(0, bytes.size(), bytes);
        return Changed("fp8", "model.safetensors", all, with);
    };
    const auto read = [](const Changed& changed) {
        return [&changed] {
            const Checkpoint checkpoint(changed.path());
            DeviceModel{checkpoint, whole_model(checkpoint.config()), 1};
        };
    };
    check_error<std::runtime_error>(read(replaced(0, "\x7f")),
                                    {"down_proj.weight", "found NaN at row 0, column 0"});
    check_error<std::runtime_error>(read(replaced(1, std::string("\0\0\x80\x7f", 4))),
                                    {"down_proj.weight", "finite scales", "inf", "row 0"});

    const Checkpoint ordered(folder("gptq-act-order"));
    const auto index = ordered.info("model.layers.0.mlp.down_proj.weight").parts.back();
    const std::string all(reinterpret_cast<const char*>(index.data()), index.size());
    check_refused(Changed("gptq-act-order", "model.safetensors", all,
                          std::string("\2\0\0\0", 4) + all.substr(4)),
                  {"down_proj.g_idx", "groups of 0 to 1", "found 2 for column 0"});
}

TEST_CASE("quantisations that are not implemented are refused by name") {
    const auto config = [](const std::string& fixture, const std::string& from,
                           const std::string& to) {
        return Changed(fixture, "config.json", from, to);
    };
    check_refused(config("gptq", R"("gptq")", R"("bitsandbytes")"),
                  {"quantization_config.quant_method", "compressed-tensors", "bitsandbytes"});
    check_refused(config("gptq", R"("bits": 4)", R"("bits": 3)"),
                  {"quantization_config.bits", "expected 4", "found 3"});
    check_refused(config("gptq", R"("sym")", R"("new_option")"),
                  {"quantization_config.new_option", "GPTQ"});
    check_refused(config("gptq-v2", "gptq_v2", "marlin"),
                  {"checkpoint_format", "\"gptq\" or \"gptq_v2\"", "marlin"});
    check_refused(config("awq", "gemm", "gemv"), {"quantization_config.version", "gemm", "gemv"});
    check_refused(config("awq", R"("zero_point": true)", R"("zero_point": false)"),
                  {"quantization_config.zero_point", "true"});
    check_refused(config("fp8", "e4m3", "e5m2"), {"quantization_config.fmt", "e4m3", "e5m2"});
    check_refused(config("pack-quantized", R"("pack-quantized")", R"("nvfp4-pack-quantized")"),
                  {"quantization_config.format", "pack-quantized", "nvfp4-pack-quantized"});
    check_refused(config("pack-quantized", R"("num_bits": 4)", R"("num_bits": 2)"),
                  {"config_groups.group_0.weights.num_bits", "4 or 8", "found 2"});
    check_refused(config("pack-quantized", R"("compressed")", R"("frozen")"),
                  {"quantization_status", "compressed", "frozen"});
    check_refused(
        config("pack-quantized", R"("kv_cache_scheme": null)", R"("kv_cache_scheme": {"a": 1})"),
        {"kv_cache_scheme", "nothing"});
}

}  // namespace
}  // namespace aircomp::inference
