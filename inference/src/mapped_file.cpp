// SPDX-License-Identifier: GPL-3.0-or-later
// MappedFile on POSIX mmap.
#include "mapped_file.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

namespace aircomp::inference {

namespace {

/// Closes a file descriptor at the end of the scope; a mapping outlives it.
struct Descriptor {
    int value;
    ~Descriptor() {
        if (value >= 0) ::close(value);
    }
};

[[noreturn]] void fail(const std::filesystem::path& file) {
    throw std::system_error(errno, std::generic_category(), file.string());
}

}  // namespace

MappedFile::MappedFile(const std::filesystem::path& file) {
    const Descriptor descriptor{::open(file.c_str(), O_RDONLY | O_CLOEXEC)};
    struct stat status {};
    if (descriptor.value < 0 || ::fstat(descriptor.value, &status) != 0) fail(file);
    if (!S_ISREG(status.st_mode)) {
        throw std::runtime_error(file.string() + ": expected a regular file");
    }
    const auto size = static_cast<std::size_t>(status.st_size);
    if (size == 0) return;  // nothing to map, and mmap refuses it
    void* address = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor.value, 0);
    if (address == MAP_FAILED) fail(file);
    contents_ = {static_cast<const std::byte*>(address), size};
}

MappedFile::~MappedFile() {
    if (!contents_.empty()) ::munmap(const_cast<std::byte*>(contents_.data()), contents_.size());
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : contents_(std::exchange(other.contents_, {})) {}

}  // namespace aircomp::inference
