// SPDX-License-Identifier: GPL-3.0-or-later
// Names of models, in caches that are laid out as scripts/fetch-model and the hub's client do it.
#include "aircomp/inference/local_models.hpp"

#include <fstream>

#include "errors.hpp"
#include "support/catch.hpp"
#include "support/environment_variable.hpp"
#include "support/temporary_folder.hpp"

namespace aircomp::inference {
namespace {

using test::check_error;
using test::EnvironmentVariable;
using test::TemporaryFolder;

void make(const std::filesystem::path& folder, std::initializer_list<const char*> files) {
    std::filesystem::create_directories(folder);
    for (const char* file : files)
        std::ofstream(folder / file) << "x";
}

TEST_CASE("a path that is there stands for itself, whatever the caches hold") {
    const TemporaryFolder folder;
    CHECK(find_model(folder.path().string()) == folder.path());
    check_error<std::runtime_error>([&] { find_model((folder.path() / "a" / "b").string()); },
                                    {"no such folder or file", "/a/b"});
    check_error<std::runtime_error>([] { find_model(""); }, {"model ''"});
}

TEST_CASE("in the caches alone no path is looked for") {
    const TemporaryFolder folder;
    const EnvironmentVariable models("AIRCOMP_MODELS", folder.path().string());
    make(folder.path(), {"small.gguf"});
    CHECK(find_cached_model("small") == folder.path() / "small.gguf");
    check_error<std::runtime_error>([&] { find_cached_model(folder.path().string()); },
                                    {"no such folder or file"});
}

TEST_CASE("a plain name is a file or a folder of the fetched models") {
    const TemporaryFolder folder;
    const EnvironmentVariable models("AIRCOMP_MODELS", folder.path().string());
    make(folder.path(), {"small.gguf"});
    make(folder.path() / "large", {"config.json"});
    CHECK(find_model("small") == folder.path() / "small.gguf");
    CHECK(find_model("large") == folder.path() / "large");
    check_error<std::runtime_error>([] { find_model("neither"); },
                                    {"model 'neither'", "neither.gguf", "scripts/fetch-model"});
    check_error<std::runtime_error>([] { find_model("..secret"); }, {"no such folder or file"});
}

TEST_CASE("fetched models lie in the user's cache unless a variable says otherwise") {
    const TemporaryFolder folder;
    const EnvironmentVariable models("AIRCOMP_MODELS", "");
    const EnvironmentVariable cache("XDG_CACHE_HOME", folder.path().string());
    make(folder.path() / "aircomp" / "models", {"small.gguf"});
    CHECK(find_model("small") == folder.path() / "aircomp" / "models" / "small.gguf");
}

TEST_CASE("a cache never lies in the working folder") {
    const EnvironmentVariable cache("XDG_CACHE_HOME", "");
    const EnvironmentVariable home("HOME", "");
    CHECK(cache_folder().is_absolute());
}

TEST_CASE("a name of the hub is the snapshot that its branch or revision names") {
    const TemporaryFolder folder;
    const EnvironmentVariable hub("HF_HUB_CACHE", folder.path().string());
    const auto repository = folder.path() / "models--org--tiny";
    make(repository / "snapshots" / "0123abc", {"config.json"});
    make(repository / "snapshots" / "4567def", {"config.json"});
    std::filesystem::create_directories(repository / "refs");
    std::ofstream(repository / "refs" / "main") << "0123abc";
    CHECK(find_model("org/tiny") == repository / "snapshots" / "0123abc");
    CHECK(find_model("org/tiny@4567def") == repository / "snapshots" / "4567def");
    check_error<std::runtime_error>([] { find_model("org/tiny@v2"); },
                                    {"no revision 'v2'", "snapshots/v2"});
    check_error<std::runtime_error>([] { find_model("org/other"); },
                                    {"models--org--other", "hf download org/other"});
    check_error<std::runtime_error>([] { find_model("org/.."); }, {"no such folder or file"});
}

TEST_CASE("a snapshot of one GGUF file stands for it, one of several asks which") {
    const TemporaryFolder folder;
    const EnvironmentVariable hub("HF_HUB_CACHE", folder.path().string());
    const auto snapshot = folder.path() / "models--org--tiny" / "snapshots" / "main";
    make(snapshot, {"tiny.gguf", "README.md"});
    CHECK(find_model("org/tiny") == snapshot / "tiny.gguf");
    make(snapshot, {"other.gguf"});
    check_error<std::runtime_error>([] { find_model("org/tiny"); },
                                    {"expected one model, found other.gguf, tiny.gguf"});
}

}  // namespace
}  // namespace aircomp::inference
