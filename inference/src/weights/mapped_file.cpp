// SPDX-License-Identifier: GPL-3.0-or-later
// MappedFile on POSIX mmap.
#include "weights/mapped_file.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <functional>
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

constexpr std::uintptr_t huge_page = std::uintptr_t{2} << 20;

std::uintptr_t address(const std::byte* p) {
    return reinterpret_cast<std::uintptr_t>(p);
}

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

bool MappedFile::holds(gsl::span<const std::byte> bytes) const {
    const std::less_equal<> at_most;  // < compares pointers into one object only
    return !bytes.empty() && at_most(contents_.data(), bytes.data()) &&
           at_most(bytes.data() + bytes.size(), contents_.data() + contents_.size());
}

// Both are advice: where the kernel refuses it, more stays resident and nothing else changes.

void MappedFile::isolate(gsl::span<const std::byte> bytes) const {
    if (!holds(bytes)) return;
    const std::uintptr_t mapping = address(contents_.data());
    for (const std::byte* const edge : {bytes.data(), bytes.data() + bytes.size()}) {
        if (address(edge) % huge_page == 0) continue;
        const std::uintptr_t begin = std::max(address(edge) / huge_page * huge_page, mapping);
        ::madvise(reinterpret_cast<void*>(begin), address(edge) - begin + 1, MADV_NOHUGEPAGE);
    }
}

void MappedFile::release(gsl::span<const std::byte> bytes) const {
    if (!holds(bytes)) return;
    const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
    const std::uintptr_t begin = (address(bytes.data()) + page - 1) / page * page;
    const std::uintptr_t end = address(bytes.data() + bytes.size()) / page * page;
    if (begin >= end) return;
    ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
}

}  // namespace aircomp::inference
