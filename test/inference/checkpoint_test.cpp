// SPDX-License-Identifier: GPL-3.0-or-later
// Model folders: written and read back; headers that lie are refused before a tensor is read.
#include "aircomp/inference/checkpoint.hpp"

#include <cstring>
#include <fstream>
#include <functional>

#include "aircomp/inference/checkpoint_writer.hpp"
#include "errors.hpp"
#include "support/catch.hpp"
#include "support/temporary_folder.hpp"
#include "weights/safetensors.hpp"

namespace aircomp::inference {
namespace {

using test::check_error;
using test::TemporaryFolder;

ModelConfig small_config() {
    ModelConfig config;
    config.architecture = "LlamaForCausalLM";
    config.vocabulary_size = 10;
    config.hidden_size = 8;
    config.ffn_size = 4;
    config.layers = 1;
    config.heads = 4;
    config.kv_heads = 2;
    config.head_dim = 2;
    config.context = 16;
    config.rms_norm_epsilon = 1e-5;
    config.rope_theta = 10000;
    return config;
}

TensorView view(const std::string& name, DataType type, std::vector<std::int64_t> shape,
                gsl::span<const float> values) {
    const auto bytes = gsl::as_bytes(values);
    return {name, type, std::move(shape), bytes.first(bytes.size() * element_bytes(type) / 4)};
}

/// A file of the given header, its length in front, and `data_bytes` zeros behind.
std::string file_of(const std::string& header, std::size_t data_bytes) {
    std::string length(8, '\0');
    for (std::size_t i = 0; i < 8; ++i)
        length[i] = static_cast<char>(header.size() >> (8 * i));
    return length + header + std::string(data_bytes, '\0');
}

std::vector<SafetensorsEntry> parse(const std::string& file) {
    return parse_safetensors(gsl::as_bytes(gsl::span<const char>(file)), "f");
}

void check_refused(const std::string& file, std::initializer_list<const char*> parts) {
    check_error<std::runtime_error>([&] { parse(file); }, parts);
}

/// A model folder whose weights are the files given.
void write_config(const TemporaryFolder& folder) {
    write_checkpoint(folder.path(), small_config(), {});
    std::filesystem::remove(folder.path() / "model.safetensors");
}

const std::string tensor_a = R"("a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]})";

TEST_CASE("what is written is read back: configuration, names, types, shapes, bytes") {
    const TemporaryFolder folder;
    const std::vector<float> values = {1, 2, 3, 4, 5, 6};
    const std::vector<TensorView> tensors = {view("half", DataType::bf16, {3}, {values.data(), 3}),
                                             view("z", DataType::f32, {2, 3}, values),
                                             view("a", DataType::f16, {1, 2}, {values.data(), 2}),
                                             view("none", DataType::f32, {0, 5}, {})};
    ModelConfig config = small_config();
    config.rope_scaling = RopeScaling{8, 1, 4, 8192};
    config.tied_embeddings = true;
    config.bos_token = 1;
    config.eos_tokens = {2, 3};
    write_checkpoint(folder.path() / "made", config, tensors);

    const Checkpoint checkpoint(folder.path() / "made");
    CHECK(checkpoint.names() == std::vector<std::string>{"a", "half", "none", "z"});
    CHECK(checkpoint.contains("half"));
    CHECK_FALSE(checkpoint.contains("whole"));
    for (const TensorView& written : tensors) {
        const TensorView read = checkpoint.tensor(written.name, written.shape);
        CHECK(read.type == written.type);
        REQUIRE(read.bytes.size() == written.bytes.size());
        CHECK(std::equal(read.bytes.begin(), read.bytes.end(), written.bytes.begin()));
    }
    CHECK(checkpoint.config().rope_scaling->factor == 8);
    CHECK(checkpoint.config().tied_embeddings);
    CHECK(checkpoint.config().bos_token == 1);
    CHECK(checkpoint.config().eos_tokens == std::vector<std::int32_t>{2, 3});
}

TEST_CASE("written tensors lie aligned to their elements") {
    const TemporaryFolder folder;
    const std::vector<float> values(8);
    const std::vector<TensorView> tensors = {view("odd", DataType::bf16, {3}, {values.data(), 3}),
                                             view("wide", DataType::f32, {2}, {values.data(), 2})};
    write_checkpoint(folder.path(), small_config(), tensors);
    const Checkpoint checkpoint(folder.path());
    const auto* wide = checkpoint.tensor("wide", {2}).bytes.data();
    CHECK(reinterpret_cast<std::uintptr_t>(wide) % alignof(float) == 0);
}

TEST_CASE("the writer leaves nothing behind where it fails") {
    const TemporaryFolder folder;
    const std::vector<float> values(2);
    const TensorView tensor = view("a", DataType::f32, {2}, values);
    TensorView short_of_bytes = tensor;
    short_of_bytes.shape = {3};
    const auto file = folder.path() / "model.safetensors";
    const auto write = [&](std::vector<TensorView> tensors) {
        return [&file, tensors] { write_safetensors(file, tensors); };
    };
    check_error<std::invalid_argument>(write({short_of_bytes}), {"a", "12 bytes", "found 8"});
    check_error<std::invalid_argument>(write({tensor, tensor}), {"a", "one tensor of the name"});
    CHECK(std::filesystem::is_empty(folder.path()));

    std::filesystem::create_directory(file);  // what cannot be replaced by a file
    check_error<std::runtime_error>(write({tensor}),
                                    {"model.safetensors", "is a folder, expected a file"});
    std::filesystem::remove(file);
    CHECK(std::filesystem::is_empty(folder.path()));
}

TEST_CASE("tensors that are missing, of another shape or of another type are named") {
    const TemporaryFolder folder;
    write_config(folder);
    folder.write(
        "model.safetensors",
        file_of("{" + tensor_a + R"(,"i":{"dtype":"I64","shape":[],"data_offsets":[8,16]}})", 16));
    const Checkpoint checkpoint(folder.path());
    CHECK_NOTHROW(checkpoint.tensor("a", {2}));
    check_error<std::runtime_error>(
        [&] {
            checkpoint.tensor("b", {2, 3});
        },
        {"tensor b", "[2, 3]", "found no tensor"});
    check_error<std::runtime_error>(
        [&] {
            checkpoint.tensor("a", {2, 1});
        },
        {"tensor a", "expected shape [2, 1]", "found [2]"});
    check_error<std::runtime_error>([&] { checkpoint.tensor("i", {}); },
                                    {"tensor i", "expected type F32, F16, BF16", "found I64"});
}

TEST_CASE("a header has to be within its file") {
    check_refused("", {"header length", "8 bytes", "file of 0"});
    check_refused(std::string(7, '\0'), {"header length", "file of 7"});
    check_refused(std::string(8, '\0'), {"'{'", "nothing"});
    check_refused(std::string(8, '\xFF'), {"at most 0", "18446744073709551615"});
    const std::string whole = file_of("{" + tensor_a + "}", 8);
    for (std::size_t bytes = 0; bytes < whole.size(); ++bytes) {
        CHECK_THROWS_AS(parse(whole.substr(0, bytes)), std::runtime_error);
    }
    CHECK(parse(whole).size() == 1);
}

TEST_CASE("a header is a JSON object, padded by blanks at its end alone") {
    CHECK(parse(file_of("{}", 0)).empty());
    CHECK(parse(file_of("{}    ", 0)).empty());
    check_refused(file_of(" {}", 0), {"'{'"});
    check_refused(file_of("\xEF\xBB\xBF{}", 0), {"'{'"});
    check_refused(file_of("[]", 0), {"'{'"});
    check_refused(file_of("{} x", 0), {"JSON"});
    check_refused(file_of(std::string("{}\0", 3), 0), {"zero byte"});
    check_refused(file_of("{\"a\xFF\":1}", 0), {"JSON", "UTF-8"});
    check_refused(file_of("{" + tensor_a + "," + tensor_a + "}", 8), {"\"a\"", "twice"});
    check_refused(file_of(R"({"a":{"dtype":"F32","dtype":"F16"}})", 0), {"\"dtype\"", "twice"});
}

TEST_CASE("metadata maps strings to strings") {
    CHECK_NOTHROW(parse(file_of(R"({"__metadata__":{"format":"pt"}})", 0)));
    check_refused(file_of(R"({"__metadata__":[]})", 0), {"__metadata__", "an object"});
    check_refused(file_of(R"({"__metadata__":{"n":1}})", 0), {"__metadata__.n", "a string"});
}

TEST_CASE("an entry's own values have to agree") {
    const auto entry = [](const char* values) {
        return file_of(std::string(R"({"a":{)") + values + "}}", 8);
    };
    check_refused(entry(R"("shape":[2],"data_offsets":[0,8])"), {"a.dtype", "missing"});
    check_refused(entry(R"("dtype":"F33","shape":[2],"data_offsets":[0,8])"), {"a.dtype", "F33"});
    check_refused(entry(R"("dtype":"F32","shape":2,"data_offsets":[0,8])"), {"a.shape", "array"});
    check_refused(entry(R"("dtype":"F32","shape":[-2],"data_offsets":[0,8])"),
                  {"a.shape[0]", "-2"});
    check_refused(entry(R"("dtype":"F32","shape":[2.0],"data_offsets":[0,8])"), {"a.shape[0]"});
    check_refused(entry(R"("dtype":"F32","shape":[2],"data_offsets":[0])"), {"a.data_offsets"});
    check_refused(entry(R"("dtype":"F32","shape":[2],"data_offsets":[8,0])"),
                  {"a.data_offsets[1]", "from 8"});
    check_refused(entry(R"("dtype":"F32","shape":[3],"data_offsets":[0,8])"),
                  {"12 bytes of F32 [3]", "not 8"});
    check_refused(entry(R"("dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,8])"),
                  {"a.shape", "2^64"});
}

TEST_CASE("tensors fill the data without gap, overlap or rest") {
    const auto two = [](const char* a, const char* b, std::size_t bytes) {
        return file_of(std::string(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":)") + a +
                           R"(},"b":{"dtype":"F32","shape":[1],"data_offsets":)" + b + "}}",
                       bytes);
    };
    CHECK(parse(two("[0,8]", "[8,12]", 12)).size() == 2);
    CHECK(parse(two("[4,12]", "[0,4]", 12)).front().name == "b");
    check_refused(two("[0,8]", "[4,8]", 8), {"b.data_offsets", "begin at 8", "not at 4"});
    check_refused(two("[0,8]", "[12,16]", 16), {"b.data_offsets", "begin at 8", "not at 12"});
    check_refused(two("[4,12]", "[12,16]", 16), {"a.data_offsets", "begin at 0"});
    check_refused(two("[0,8]", "[8,12]", 11), {"b", "byte 12", "only 11"});
    check_refused(two("[0,8]", "[8,12]", 13), {"end with the file", "13", "found 12"});
}

TEST_CASE("shards are read where the index says") {
    const TemporaryFolder folder;
    write_config(folder);
    const std::vector<float> values = {1, 2, 3};
    const std::vector<TensorView> first = {view("a", DataType::f32, {1}, {values.data(), 1})};
    const std::vector<TensorView> second = {view("b", DataType::f32, {2}, {values.data() + 1, 2})};
    write_safetensors(folder.path() / "m-1.safetensors", first);
    write_safetensors(folder.path() / "m-2.safetensors", second);
    const auto with_index = [&](const std::string& weight_map) {
        folder.write("model.safetensors.index.json", "{\"weight_map\": " + weight_map + "}");
        return Checkpoint(folder.path());
    };

    const Checkpoint checkpoint = with_index(R"({"a": "m-1.safetensors", "b": "m-2.safetensors"})");
    CHECK(checkpoint.names() == std::vector<std::string>{"a", "b"});
    float b[2];
    std::memcpy(b, checkpoint.tensor("b", {2}).bytes.data(), sizeof b);
    CHECK(b[0] == 2);
    CHECK(b[1] == 3);

    check_error<std::runtime_error>(
        [&] { with_index(R"({"a": "m-3.safetensors"})"); },
        {"index.json: weight_map.a", "a shard that is in the folder", "m-3.safetensors"});
    for (const char* name : {"../x", "/etc/passwd", "x/y", "..", ".", "", "a\\\\b", "a\\u0000b"}) {
        CAPTURE(name);
        check_error<std::runtime_error>(
            [&] { with_index(std::string(R"({"a": ")") + name + R"("})"); },
            {"weight_map.a", "without path parts"});
    }
    check_error<std::runtime_error>([&] { with_index("[]"); }, {"weight_map", "an object"});

    // Stale entries: what is asked for is what matters.
    const Checkpoint stale = with_index(R"({"a": "m-2.safetensors", "b": "m-2.safetensors"})");
    CHECK(stale.names() == std::vector<std::string>{"b"});
    for (const auto& ask : std::vector<std::function<void()>>{[&] { stale.tensor("a"); },
                                                              [&] { stale.tensor("a", {1}); }}) {
        check_error<std::runtime_error>(
            ask, {"tensor a", "no tensor of that name in m-2.safetensors", "index.json says"});
    }
    CHECK(with_index(R"({"a": "m-1.safetensors"})").names() == std::vector<std::string>{"a"});
    check_error<std::runtime_error>([&] { with_index("{\"a\": 1}"); }, {"weight_map.a", "string"});
}

TEST_CASE("a folder without weights or configuration says what it lacks") {
    const TemporaryFolder folder;
    check_error<std::runtime_error>([&] { Checkpoint{folder.path()}; },
                                    {"config.json", "no such file"});
    write_config(folder);
    check_error<std::runtime_error>(
        [&] { Checkpoint{folder.path()}; },
        {"model.safetensors", "model.safetensors.index.json", "neither"});
    folder.write("model.safetensors", "");
    check_error<std::runtime_error>([&] { Checkpoint{folder.path()}; },
                                    {"model.safetensors", "header length"});
}

}  // namespace
}  // namespace aircomp::inference
