// SPDX-License-Identifier: GPL-3.0-or-later
// Where on this machine a model lies: a path, a model that scripts/fetch-model got, or one of the
// Hugging Face hub's local cache.
#pragma once

#include <filesystem>
#include <string>

namespace aircomp::inference {

/// Where the user's own files go that can be made again: $XDG_CACHE_HOME/aircomp, or ~/.cache/aircomp.
/// Nothing is created. Throws std::runtime_error where the user has no folder of its own.
std::filesystem::path cache_folder();

/// The folder or GGUF file that `name` stands for:
///
///   - a path that exists stands for itself;
///   - a plain name, `smollm2`, for NAME.gguf or the folder NAME in $AIRCOMP_MODELS
///     (~/.cache/aircomp/models where that is not set);
///   - `org/name`, or `org/name@revision`, for the snapshot in the hub's cache ($HF_HUB_CACHE,
///     $HF_HOME/hub, or ~/.cache/huggingface/hub) that the branch main, or the revision, names. A
///     snapshot whose only model is one GGUF file stands for that file.
///
/// Nothing is downloaded. Throws std::runtime_error that says where it looked.
std::filesystem::path find_model(const std::string& name);

/// The same of the caches alone: `name` is no path.
std::filesystem::path find_cached_model(const std::string& name);

}  // namespace aircomp::inference
