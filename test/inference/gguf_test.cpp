// SPDX-License-Identifier: GPL-3.0-or-later
// GGUF files: values and tensors are read where they lie; what is wrong is refused in words.
#include "weights/gguf.hpp"

#include <cmath>
#include <limits>

#include "errors.hpp"
#include "gguf_builder.hpp"
#include "support/catch.hpp"
#include "support/temporary_folder.hpp"
#include "weights/gguf_files.hpp"
#include "weights/safetensors.hpp"

namespace aircomp::inference {
namespace {

using test::bytes_of_number;
using test::bytes_of_text;
using test::check_error;
using test::GgufBuilder;
using test::TemporaryFolder;

constexpr std::uint32_t f32_type = 0;
constexpr std::uint32_t q4_0_type = 2;

GgufFile parse(const std::string& file) {
    return parse_gguf(gsl::as_bytes(gsl::span<const char>(file)), "f");
}

void check_refused(const std::string& file, std::initializer_list<const char*> parts) {
    check_error<std::runtime_error>([&] { parse(file); }, parts);
}

TEST_CASE("values of every GGUF type are read as what they are") {
    using Type = GgufType;
    GgufBuilder builder;
    builder.value("u8", Type::u8, bytes_of_number<std::uint8_t>(200))
        .value("i8", Type::i8, bytes_of_number<std::int8_t>(-7))
        .value("u16", Type::u16, bytes_of_number<std::uint16_t>(60000))
        .value("i16", Type::i16, bytes_of_number<std::int16_t>(-300))
        .value("u32", Type::u32, bytes_of_number<std::uint32_t>(4'000'000'000))
        .value("i32", Type::i32, bytes_of_number<std::int32_t>(-5))
        .value("f32", Type::f32, bytes_of_number(1.5f))
        .value("true", Type::boolean, bytes_of_number<std::uint8_t>(1))
        .text("text", "h\xC3\xA9")
        .value("u64", Type::u64, bytes_of_number<std::uint64_t>(1ull << 40))
        .value("i64", Type::i64, bytes_of_number<std::int64_t>(-(1ll << 40)))
        .value("f64", Type::f64, bytes_of_number(0.1));
    for (const std::uint32_t version : {2u, 3u}) {
        builder.version = version;
        const std::string file = builder.file();
        const GgufMetadata metadata = parse(file).metadata;
        const auto integer = [&](const char* key) {
            return metadata.at(key).integer(INT64_MIN, INT64_MAX);
        };
        CHECK(integer("u8") == 200);
        CHECK(integer("i8") == -7);
        CHECK(integer("u16") == 60000);
        CHECK(integer("i16") == -300);
        CHECK(integer("u32") == 4'000'000'000);
        CHECK(integer("i32") == -5);
        CHECK(integer("u64") == 1ll << 40);
        CHECK(integer("i64") == -(1ll << 40));
        CHECK(metadata.at("f32").number() == 1.5);
        CHECK(metadata.at("f64").number() == 0.1);
        CHECK(metadata.at("u8").number() == 200);
        CHECK(metadata.at("true").boolean());
        CHECK(metadata.at("text").text() == "h\xC3\xA9");
        CHECK(metadata.keys().size() == 12);
        CHECK(metadata.find("none") == nullptr);
    }
}

TEST_CASE("arrays of texts, numbers and booleans are read") {
    using Type = GgufType;
    GgufBuilder builder;
    builder
        .array("texts", Type::text, 3, bytes_of_text("a") + bytes_of_text("") + bytes_of_text("bc"))
        .array("floats", Type::f32, 2,
               bytes_of_number(0.5f) + bytes_of_number(-std::numeric_limits<float>::infinity()))
        .array("integers", Type::i32, 2,
               bytes_of_number<std::int32_t>(-1) + bytes_of_number<std::int32_t>(6))
        .array("booleans", Type::boolean, 2, std::string("\1\0", 2))
        .array("none", Type::text, 0, "");
    const std::string file = builder.file();
    const GgufMetadata metadata = parse(file).metadata;
    CHECK(metadata.at("texts").texts() == std::vector<std::string_view>{"a", "", "bc"});
    CHECK(metadata.at("floats").numbers()[0] == 0.5);
    CHECK(std::isinf(metadata.at("floats").numbers()[1]));
    CHECK(metadata.at("integers").integers(-1, 6) == std::vector<std::int64_t>{-1, 6});
    CHECK(metadata.at("integers").numbers() == std::vector<double>{-1, 6});
    CHECK(metadata.at("booleans").booleans() == std::vector<bool>{true, false});
    CHECK(metadata.at("none").texts().empty());
    CHECK(metadata.at("texts").size() == 3);
}

TEST_CASE("a value of another type or range is refused with its file and key") {
    using Type = GgufType;
    GgufBuilder builder;
    builder.integer("n", 7)
        .text("t", "x\ny")
        .value("large", Type::u64, bytes_of_number(UINT64_MAX))
        .number("nan", std::numeric_limits<float>::quiet_NaN())
        .array("a", Type::i32, 1, bytes_of_number<std::int32_t>(-4));
    const std::string file = builder.file();
    const GgufMetadata metadata = parse(file).metadata;
    const auto refused = [&](auto&& read, std::initializer_list<const char*> parts) {
        check_error<std::runtime_error>(read, parts);
    };
    refused([&] { metadata.at("missing"); }, {"f: missing", "no such key"});
    refused([&] { metadata.at("n").text(); }, {"f: n", "a text", "found 7"});
    refused([&] { metadata.at("n").boolean(); }, {"f: n", "true or false", "found 7"});
    refused([&] { metadata.at("n").integer(8, 9); }, {"f: n", "from 8 to 9", "found 7"});
    refused([&] { metadata.at("n").number_above(7); }, {"f: n", "above 7", "found 7"});
    refused([&] { metadata.at("n").size(); }, {"f: n", "an array", "found 7"});
    refused([&] { metadata.at("t").number(); }, {"f: t", "a number", "\"x\\x0ay\""});
    refused([&] { metadata.at("large").integer(0, INT64_MAX); },
            {"f: large", "at least 0", "18446744073709551615"});
    refused([&] { metadata.at("nan").number(); }, {"f: nan", "finite", "nan"});
    refused([&] { metadata.at("a").texts(); }, {"f: a", "array of texts", "array of 1 int32"});
    refused([&] { metadata.at("a").booleans(); }, {"f: a", "array of booleans"});
    refused([&] { metadata.at("a").integers(0, 9); }, {"f: a[0]", "from 0 to 9", "found -4"});
    refused([&] { metadata.at("t").integers(0, 9); }, {"f: t", "array of integers"});
}

TEST_CASE("tensors lie where the table says, their shapes row-major") {
    for (const std::size_t alignment : {32, 64}) {
        GgufBuilder aligned;
        aligned.alignment = alignment;
        aligned.integer("general.alignment", static_cast<std::uint32_t>(alignment))
            .tensor("a", {2, 3}, f32_type, std::string(24, 'a'))
            .tensor("b", {64, 2}, q4_0_type, std::string(4 * 18, 'b'))
            .tensor("empty", {32, 0}, q4_0_type, "");
        const std::string file = aligned.file();
        const GgufFile parsed = parse(file);
        REQUIRE(parsed.tensors.size() == 3);
        CHECK(parsed.tensors[0].shape == std::vector<std::int64_t>{3, 2});
        CHECK(parsed.tensors[1].shape == std::vector<std::int64_t>{2, 64});
        CHECK(parsed.tensors[1].bytes.size() == 4 * 18);
        CHECK(parsed.tensors[1].bytes.front() == std::byte{'b'});
        CHECK(parsed.tensors[0].bytes.front() == std::byte{'a'});
        CHECK(parsed.tensors[2].bytes.empty());
    }
}

TEST_CASE("a file that is no little-endian GGUF 2 or 3 is refused in words") {
    GgufBuilder builder;
    builder.magic = "GGML";
    check_refused(builder.file(), {"begins with \"GGUF\"", "\"GGML\""});
    builder.magic = "GGUF";
    builder.version = 0x03000000;
    check_refused(builder.file(), {"little-endian", "big-endian"});
    builder.version = 1;
    check_refused(builder.file(), {"version", "GGUF 2 or 3", "found 1"});
    check_refused("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n",
                  {"Git LFS pointer", "git lfs pull"});
    check_refused("", {"magic", "truncated"});
}

TEST_CASE("every truncation of a GGUF file is refused") {
    GgufBuilder builder;
    builder.text("k", "v")
        .array("a", GgufType::text, 1, bytes_of_text("w"))
        .tensor("t", {2}, f32_type, std::string(8, 't'));
    const std::string whole = builder.file();
    REQUIRE(parse(whole).tensors.size() == 1);
    for (std::size_t bytes = 0; bytes < whole.size(); ++bytes) {
        CAPTURE(bytes);
        CHECK_THROWS_AS(parse(whole.substr(0, bytes)), std::runtime_error);
    }
}

TEST_CASE("counts and lengths beyond the file are refused before memory is taken") {
    const auto changed = [](auto&& change) {
        GgufBuilder builder;
        change(builder);
        return builder.file();
    };
    check_refused(changed([](GgufBuilder& b) { b.values = UINT64_MAX; }), {"metadata values"});
    check_refused(changed([](GgufBuilder& b) { b.tensors = UINT64_MAX; }), {"tensors"});
    check_refused(changed([](GgufBuilder& b) {
                      b.array("a", GgufType::f64, UINT64_MAX / 8 + 2, std::string(16, '\0'));
                  }),
                  {"elements of a", "at most 2"});
    check_refused(changed([](GgufBuilder& b) {
                      b.value("k", GgufType::text, bytes_of_number(UINT64_MAX) + "abc");
                  }),
                  {"f: k", "18446744073709551615 bytes", "found 3"});
    check_refused(changed([](GgufBuilder& b) {
                      b.entry("t", {1ull << 62, 1ull << 62}, f32_type, 0);
                  }),
                  {"tensor t", "2^64"});
    check_refused(changed([](GgufBuilder& b) { b.entry("t", {UINT64_MAX}, f32_type, 0); }),
                  {"tensor t", "2^63"});
}

TEST_CASE("what a GGUF file says wrongly is named") {
    const auto changed = [](auto&& change) {
        GgufBuilder builder;
        change(builder);
        return builder.file();
    };
    check_refused(changed([](GgufBuilder& b) { b.integer("k", 1).integer("k", 1); }),
                  {"f: k", "found twice"});
    check_refused(changed([](GgufBuilder& b) { b.value("k", static_cast<GgufType>(13), "x"); }),
                  {"k", "0 to 12", "found 13"});
    check_refused(changed([](GgufBuilder& b) { b.value("k", GgufType::boolean, "\2"); }),
                  {"k", "0 and 1"});
    check_refused(changed([](GgufBuilder& b) { b.array("k", GgufType::array, 0, ""); }),
                  {"k", "one of arrays"});
    const std::string row(8, 't');
    check_refused(changed([&](GgufBuilder& b) {
                      b.tensor("t", {2}, f32_type, row).tensor("t", {2}, f32_type, row);
                  }),
                  {"tensor t", "found twice"});
    check_refused(changed([&](GgufBuilder& b) { b.tensor("t", {}, f32_type, row); }),
                  {"tensor t", "1 to 4 dimensions", "found 0"});
    check_refused(changed([&](GgufBuilder& b) {
                      b.tensor("t", {1, 1, 1, 1, 1}, f32_type, row);
                  }),
                  {"tensor t", "1 to 4 dimensions", "found 5"});
    check_refused(changed([&](GgufBuilder& b) { b.tensor("t", {2}, 4, row); }),
                  {"tensor t", "known type", "number 4"});
    check_refused(changed([&](GgufBuilder& b) { b.tensor("t", {48}, q4_0_type, row); }),
                  {"tensor t", "blocks of 32 elements of Q4_0", "[48]"});
    check_refused(changed([&](GgufBuilder& b) { b.entry("t", {2}, f32_type, 8); }),
                  {"tensor t", "multiple of 32", "found 8"});
    check_refused(changed([&](GgufBuilder& b) { b.tensor("t", {3}, f32_type, row); }),
                  {"tensor t", "12 bytes", "truncated"});
    check_refused(
        changed([&](GgufBuilder& b) {
            b.tensor("t", {32}, f32_type, std::string(128, 't')).entry("u", {2}, f32_type, 96);
        }),
        {"tensor u", "where tensor t ends", "byte 128", "found 96"});
    check_refused(changed([](GgufBuilder& b) {
                      b.integer("general.alignment", 24).entry("t", {0}, f32_type, 0);
                  }),
                  {"general.alignment", "power of two", "found 24"});
}

TEST_CASE("the parts of a split GGUF model are joined, whichever is named") {
    const TemporaryFolder folder;
    const auto part = [](std::uint32_t number, std::uint32_t count, const char* tensor) {
        GgufBuilder builder;
        if (number == 0) builder.text("general.architecture", "llama");
        builder.integer("split.no", number)
            .integer("split.count", count)
            .integer("split.tensors.count", 2)
            .tensor(tensor, {2}, f32_type, std::string(8, tensor[0]));
        return builder.file();
    };
    const auto first = folder.write("m-00001-of-00002.gguf", part(0, 2, "a"));
    const auto open = [](const std::filesystem::path& file) { return GgufFiles(file); };
    check_error<std::runtime_error>([&] { open(first); },
                                    {"m-00002-of-00002.gguf", "No such file"});
    const auto second = folder.write("m-00002-of-00002.gguf", part(1, 2, "b"));
    for (const auto& file : {first, second}) {
        const GgufFiles files(file);
        CHECK(files.metadata().at("general.architecture").text() == "llama");
        REQUIRE(files.tensors().size() == 2);
        CHECK(files.tensors()[1].bytes.front() == std::byte{'b'});
    }
    folder.write("m-00002-of-00002.gguf", part(1, 2, "a"));
    check_error<std::runtime_error>([&] { open(first); }, {"tensor a", "found in two"});
    folder.write("m-00002-of-00002.gguf", part(0, 2, "b"));
    check_error<std::runtime_error>([&] { open(first); }, {"split.no", "expected 1", "found 0"});
    folder.write("m-00002-of-00002.gguf", part(1, 3, "b"));
    check_error<std::runtime_error>([&] { open(first); }, {"split.count", "expected 2", "found 3"});
    const auto renamed = folder.write("m.gguf", part(0, 2, "a"));
    check_error<std::runtime_error>([&] { open(renamed); }, {"m.gguf", "-00001-of-00002.gguf"});
}

TEST_CASE("a safetensors file that is a Git LFS pointer says so") {
    const std::string pointer =
        "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n";
    check_error<std::runtime_error>(
        [&] { parse_safetensors(gsl::as_bytes(gsl::span<const char>(pointer)), "f"); },
        {"f: expected the weights", "Git LFS pointer", "git lfs pull"});
}

}  // namespace
}  // namespace aircomp::inference
