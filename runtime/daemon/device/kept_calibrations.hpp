// SPDX-License-Identifier: GPL-3.0-or-later
// The calibration files that a device keeps, and one that comes to it in pieces.
#pragma once

#include <filesystem>
#include <fstream>
#include <gsl/span>
#include <optional>

#include "files/sha256.hpp"

namespace aircomp::runtime::testbed {

/// The calibration file in `folder` that has so many bytes and that hash, whatever it is called;
/// nothing where there is none.
std::optional<std::filesystem::path> find_calibration(const std::filesystem::path& folder,
                                                      const Sha256Digest& hash,
                                                      std::uint64_t bytes);

/// A temporary file, gone with the object unless it was kept.
class IncomingCalibration {
public:
    /// Throws std::runtime_error where the folder, which is made, cannot be written.
    IncomingCalibration(const std::filesystem::path& folder, const Sha256Digest& hash,
                        std::uint64_t bytes);
    ~IncomingCalibration();
    IncomingCalibration(const IncomingCalibration&) = delete;
    IncomingCalibration& operator=(const IncomingCalibration&) = delete;

    /// The next bytes. Throws std::runtime_error, naming the file, where they cannot be written.
    void add(gsl::span<const std::byte> bytes);

    std::uint64_t size() const { return size_; }
    bool is_whole() const { return size_ >= bytes_; }

    /// Once it is whole: gives it its name, which is its hash. Throws std::runtime_error, naming the
    /// file, where its hash is another.
    std::filesystem::path keep();

private:
    Sha256Digest hash_;
    std::uint64_t bytes_;
    std::filesystem::path file_;  ///< What it will be called.
    std::filesystem::path part_;
    std::ofstream out_;
    std::uint64_t size_ = 0;
};

}  // namespace aircomp::runtime::testbed
