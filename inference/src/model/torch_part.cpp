// SPDX-License-Identifier: GPL-3.0-or-later
// Loads the shared object, and passes on to it what public headers offer.
#include "model/torch_part.hpp"

#include <dlfcn.h>

#include <stdexcept>

namespace aircomp::inference {
namespace {

std::string last_error() {
    const char* const text = dlerror();
    return text == nullptr ? "no reason was given" : text;
}

const TorchPart* load() {
    void* const library = dlopen(torch_part_file, RTLD_LAZY | RTLD_LOCAL);
    if (library == nullptr) throw std::runtime_error("libtorch cannot be used: " + last_error());
    const auto part = reinterpret_cast<const TorchPart* (*)()>(dlsym(library, torch_part_function));
    if (part != nullptr) return part();
    throw std::runtime_error("libtorch cannot be used: expected " + std::string(torch_part_file) +
                             " of this version of aircomp, found another: " + last_error());
}

}  // namespace

const TorchPart& torch_part() {
    static const TorchPart* const part = load();
    return *part;
}

std::string torch_version() {
    return torch_part().version();
}

}  // namespace aircomp::inference
