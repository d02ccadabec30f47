// SPDX-License-Identifier: GPL-3.0-or-later
// find_model(): the two caches' layouts.
#include "aircomp/inference/local_models.hpp"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <vector>

namespace aircomp::inference {

namespace {

using Path = std::filesystem::path;

/// The folder that an environment variable names; empty where it is not set.
Path from_environment(const char* variable) {
    const char* const value = std::getenv(variable);
    return value == nullptr ? Path() : Path(value);
}

/// Of the user, whom services often run as without telling where.
Path home_folder() {
    if (Path home = from_environment("HOME"); !home.empty()) return home;
    const passwd* const user = getpwuid(getuid());
    if (user == nullptr || user->pw_dir == nullptr || *user->pw_dir == 0) {
        throw std::runtime_error(
            "HOME: expected the user's folder, found none; set it or "
            "XDG_CACHE_HOME");
    }
    return user->pw_dir;
}

Path user_cache() {
    Path cache = from_environment("XDG_CACHE_HOME");
    return cache.empty() ? home_folder() / ".cache" : cache;
}

Path fetched_models() {
    const Path folder = from_environment("AIRCOMP_MODELS");
    return folder.empty() ? cache_folder() / "models" : folder;
}

Path hub_cache() {
    if (Path cache = from_environment("HF_HUB_CACHE"); !cache.empty()) return cache;
    const Path home = from_environment("HF_HOME");
    return (home.empty() ? user_cache() / "huggingface" : home) / "hub";
}

[[noreturn]] void fail(const std::string& name, const std::string& why) {
    throw std::runtime_error("model '" + name + "': " + why);
}

Path find_fetched(const std::string& name) {
    Path file = fetched_models() / (name + ".gguf");
    if (std::filesystem::exists(file)) return file;
    Path folder = fetched_models() / name;
    if (std::filesystem::is_directory(folder)) return folder;
    fail(name, "no such folder or file, and neither " + file.string() + " nor " + folder.string() +
                   " is there; scripts/fetch-model gets smollm2 and gemma3-270m");
}

/// What the hub's cache keeps for a branch or tag: the hash of a commit.
std::string commit_of(const Path& repository, const std::string& revision) {
    std::ifstream reference(repository / "refs" / revision);
    std::string commit;
    return reference >> commit ? commit : revision;
}

/// A snapshot may hold quantised files alone.
Path folder_or_only_gguf(const std::string& name, const Path& snapshot) {
    if (std::filesystem::exists(snapshot / "config.json")) return snapshot;
    std::vector<std::string> files;
    for (const auto& entry : std::filesystem::directory_iterator(snapshot)) {
        if (entry.path().extension() == ".gguf") files.push_back(entry.path().filename().string());
    }
    if (files.size() == 1) return snapshot / files.front();
    if (files.empty()) return snapshot;
    std::sort(files.begin(), files.end());
    std::string list;
    for (const auto& file : files)
        list += (list.empty() ? "" : ", ") + file;
    fail(name, "expected one model, found " + list + " in " + snapshot.string() +
                   "; name the file by its path");
}

Path find_in_hub(const std::string& name) {
    const auto at = name.find('@');
    const std::string revision = at == std::string::npos ? "main" : name.substr(at + 1);
    std::string folder = "models--" + name.substr(0, at);
    folder.replace(folder.find('/'), 1, "--");
    const Path repository = hub_cache() / folder;
    if (!std::filesystem::is_directory(repository)) {
        fail(name, "no such folder or file, and the hub's cache has no " + repository.string() +
                       "; get it by `hf download " + name.substr(0, at) + "`");
    }
    const Path snapshot = repository / "snapshots" / commit_of(repository, revision);
    if (!std::filesystem::is_directory(snapshot)) {
        fail(name, "the hub's cache has no revision '" + revision + "' of it: no folder " +
                       snapshot.string());
    }
    return folder_or_only_gguf(name, snapshot);
}

/// `org/name` or `org/name@revision`, and nothing that climbs out of a folder.
bool is_hub_name(const std::string& name) {
    const auto slash = name.find('/');
    return slash != std::string::npos && slash > 0 && slash + 1 < name.size() &&
           name.find('/', slash + 1) == std::string::npos && name.front() != '.' &&
           name.find("..") == std::string::npos;
}

bool is_plain_name(const std::string& name) {
    return !name.empty() && name.find('/') == std::string::npos && name.front() != '.';
}

}  // namespace

std::filesystem::path cache_folder() {
    return user_cache() / "aircomp";
}

std::filesystem::path find_model(const std::string& name) {
    if (!name.empty() && std::filesystem::exists(name)) return name;
    return find_cached_model(name);
}

std::filesystem::path find_cached_model(const std::string& name) {
    if (is_plain_name(name)) return find_fetched(name);
    if (is_hub_name(name)) return find_in_hub(name);
    fail(name, "no such folder or file");
}

}  // namespace aircomp::inference
