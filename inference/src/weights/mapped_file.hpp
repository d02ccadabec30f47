// SPDX-License-Identifier: GPL-3.0-or-later
// A whole file mapped read-only: pages become resident as they are touched.
#pragma once

#include <cstddef>
#include <filesystem>
#include <gsl/span>

namespace aircomp::inference {

/// Owns one mapping. The file must not be shortened while it is mapped.
class MappedFile {
public:
    /// Throws std::runtime_error, naming the file, where it cannot be opened or mapped.
    explicit MappedFile(const std::filesystem::path& file);
    ~MappedFile();
    MappedFile(MappedFile&& other) noexcept;
    MappedFile& operator=(MappedFile&&) = delete;

    gsl::span<const std::byte> contents() const { return contents_; }

    /// Has the huge pages in which `bytes` begin and end mapped as small ones, so that reading
    /// `bytes` makes little else resident. Bytes of other memory are left alone.
    void isolate(gsl::span<const std::byte> bytes) const;

    /// Drops pages that lie wholly within `bytes` from residency; reading them maps them again.
    /// Bytes of other memory are left alone.
    void release(gsl::span<const std::byte> bytes) const;

private:
    bool holds(gsl::span<const std::byte> bytes) const;

    gsl::span<const std::byte> contents_;
};

}  // namespace aircomp::inference
