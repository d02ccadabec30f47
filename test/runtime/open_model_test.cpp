// SPDX-License-Identifier: GPL-3.0-or-later
// Which model a configuration names: a folder beside its file, or a name of the local caches.
#include "experiment/open_model.hpp"

#include <filesystem>

#include "support/catch.hpp"
#include "support/environment_variable.hpp"
#include "support/temporary_folder.hpp"

namespace aircomp::runtime {
namespace {

using test::EnvironmentVariable;
using test::TemporaryFolder;

/// model.folder of a file in `folder` with this value, once the caches were looked into.
std::filesystem::path model_of(const TemporaryFolder& folder, const std::string& value) {
    const auto file = folder.write("lab.yaml", "model: {folder: " + value + "}\n");
    Config config = read_config(file);
    look_into_caches(config, file);
    return config.model.folder;
}

TEST_CASE(
    "model.folder may be a name of the local caches, where no such folder is beside the file") {
    const TemporaryFolder folder, models, hub;
    const EnvironmentVariable fetched("AIRCOMP_MODELS", models.path().string());
    const EnvironmentVariable cache("HF_HUB_CACHE", hub.path().string());
    const auto snapshot = hub.path() / "models--org--tiny" / "snapshots" / "main";
    std::filesystem::create_directories(snapshot);
    std::filesystem::create_directories(models.path() / "small");
    CHECK(model_of(folder, "small") == models.path() / "small");
    CHECK(model_of(folder, "org/tiny") == snapshot);

    // What is in none of them stays what it was, for open_model() to refuse.
    CHECK(model_of(folder, "neither") == folder.path() / "neither");
    CHECK(model_of(folder, "../org/tiny") == folder.path().parent_path() / "org/tiny");

    std::filesystem::create_directories(folder.path() / "org/tiny");
    CHECK(model_of(folder, "org/tiny") == folder.path() / "org/tiny");
}

TEST_CASE("a model that is nowhere is refused with where it was looked for") {
    const TemporaryFolder folder;
    Config config = default_config();
    config.model.folder = folder.path() / "gone";
    CHECK_THROWS_WITH(open_model(config, /*needs_tokenizer=*/false),
                      "model.folder: expected a folder, a GGUF file or a name of the local caches, "
                      "found " +
                          config.model.folder.string() + ", which is not there");
}

}  // namespace
}  // namespace aircomp::runtime
