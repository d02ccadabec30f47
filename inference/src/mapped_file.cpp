// SPDX-License-Identifier: GPL-3.0-or-later
// MappedFile on POSIX mmap.
#include "mapped_file.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
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

void MappedFile::release(gsl::span<const std::byte> bytes) const {
    const auto address = [](const std::byte* p) { return reinterpret_cast<std::uintptr_t>(p); };
    const std::uintptr_t file = address(contents_.data());
    const std::uintptr_t first = address(bytes.data());
    if (first < file || first + bytes.size() > file + contents_.size()) return;

    const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
    const std::uintptr_t begin = (first - file + page - 1) / page * page;
    const std::uintptr_t end = (first - file + bytes.size()) / page * page;
    if (begin >= end) return;
    // Advice: where the kernel refuses it, the pages stay resident and nothing else changes.
    ::madvise(const_cast<std::byte*>(contents_.data()) + begin, end - begin, MADV_DONTNEED);
}

}  // namespace aircomp::inference
