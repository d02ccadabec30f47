// SPDX-License-Identifier: GPL-3.0-or-later
// Files of configurations: those that are shipped, those that are none, and paths in them.
#include "config/config.hpp"

#include <filesystem>
#include <string>

#include "config_texts.hpp"
#include "schemes/registry.hpp"
#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

namespace aircomp::runtime {
namespace {

using test::TemporaryFolder;

TEST_CASE("a model folder is relative to the file, unless it is absolute") {
    const TemporaryFolder folder;
    const auto folder_of = [&](const std::string& yaml) {
        return read_config(folder.write("lab.yaml", yaml)).model.folder;
    };
    CHECK(folder_of("model: {folder: a/./b}") == folder.path() / "a/b");
    CHECK(folder_of("model: {folder: ../a}") == folder.path().parent_path() / "a");
    CHECK(folder_of("model: {folder: /a/b}") == "/a/b");
    CHECK(folder_of("seed: 2").empty());
    CHECK(error_of("model: {folder: }") ==
          "lab.yaml:1: model.folder: expected some text, found nothing");
}

TEST_CASE("a file that is not one YAML mapping is refused") {
    CHECK(error_of("") == "lab.yaml: expected keys and values, found nothing");
    CHECK(error_of("# only a comment\n") == "lab.yaml: expected keys and values, found nothing");
    CHECK(error_of("---\n") == "lab.yaml: expected keys and values, found nothing");
    CHECK(error_of("\nplain text") == "lab.yaml:2: expected keys and values, found plain text");
    CHECK(error_of("[1, 2]") == "lab.yaml:1: expected keys and values, found a list of 2");
    CHECK(error_of("seed: 1\n---\nseed: 2\n") == "lab.yaml: expected one YAML document, found 2");
    // yaml-cpp takes a stray comma for empty documents without end.
    CHECK(error_of("  ,\n") == "lab.yaml: expected keys and values, found nothing");
    CHECK(error_of("{seed: 1}\n,\n") == "lab.yaml: expected one YAML document, found at least 100");
    CHECK(error_of("seed: 1\nshares: [1, 2\n") ==
          "lab.yaml:3:1: expected YAML, found: end of sequence flow not found");
    CHECK(error_of("seed: 1\n  threads: 2\n") ==
          "lab.yaml:2:10: expected YAML, found: illegal map value");
    CHECK(error_of("radio:\n\tstreams: 1\n").rfind("lab.yaml:2:9: expected YAML", 0) == 0);
    CHECK_FALSE(error_of(std::string(100000, '[')).empty());
    CHECK(error_of(std::string("\x7f"
                               "ELF\x02\x01\0\0\n\xff\xfe",
                               11))
              .rfind("lab.yaml", 0) == 0);
    CHECK(error_of(std::string((1 << 20) + 1, '#')) ==
          "lab.yaml: expected at most 1048576 bytes, found 1048577");
}

TEST_CASE("a file that is not there is named") {
    const TemporaryFolder folder;
    const std::string absent = (folder.path() / "absent.yaml").string();
    CHECK(message_of([&] { read_config(absent); }) == absent + ": no such file");
    CHECK(message_of([&] { read_config(folder.path()); }) ==
          folder.path().string() + ": is a folder, expected a file");
}

TEST_CASE("every configuration that is shipped is read") {
    int read = 0;
    for (const auto& entry : std::filesystem::directory_iterator(AIRCOMP_SOURCE_DIR "/configs")) {
        // An air is the virtual radio's.
        if (!entry.is_regular_file() || entry.path().filename() == "virtual-air.yaml") continue;
        CHECK_NOTHROW(read_config(entry.path(), check_scheme));
        ++read;
    }
    CHECK(read >= 8);
}

}  // namespace
}  // namespace aircomp::runtime
