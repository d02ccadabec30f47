// SPDX-License-Identifier: GPL-3.0-or-later
// Calibration files by their hashes.
#include "daemon/device/kept_calibrations.hpp"

#include <unistd.h>

#include <stdexcept>

namespace aircomp::runtime::testbed {
namespace {

constexpr const char* extension = ".aircomp-calibration";

/// What a folder that is not there, or a file that goes meanwhile, is taken for: none.
using Quiet = std::error_code;

}  // namespace

std::optional<std::filesystem::path> find_calibration(const std::filesystem::path& folder,
                                                      const Sha256Digest& hash,
                                                      std::uint64_t bytes) {
    Quiet quiet;
    for (const auto& entry : std::filesystem::directory_iterator(folder, quiet)) {
        const bool fits = entry.path().extension() == extension && entry.is_regular_file(quiet) &&
                          entry.file_size(quiet) == bytes;
        if (fits && sha256_of_file(entry.path()) == hash) return entry.path();
    }
    return std::nullopt;
}

IncomingCalibration::IncomingCalibration(const std::filesystem::path& folder,
                                         const Sha256Digest& hash, std::uint64_t bytes)
    : hash_(hash), bytes_(bytes), file_(folder / (to_hex(hash) + extension)) {
    Quiet quiet;
    std::filesystem::create_directories(folder, quiet);
    // Several devices of a host may be given the same file.
    part_ = file_.string() + ".part" + std::to_string(::getpid());
    out_.open(part_, std::ios::binary | std::ios::trunc);
    if (!out_) throw std::runtime_error(part_.string() + ": cannot be written");
}

IncomingCalibration::~IncomingCalibration() {
    Quiet quiet;
    std::filesystem::remove(part_, quiet);
}

void IncomingCalibration::add(gsl::span<const std::byte> bytes) {
    out_.write(reinterpret_cast<const char*>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
    size_ += bytes.size();
    if (is_whole()) out_.close();
    if (!out_) throw std::runtime_error(part_.string() + ": cannot be written");
}

std::filesystem::path IncomingCalibration::keep() {
    const Sha256Digest found = sha256_of_file(part_);
    if (found != hash_) {
        throw std::runtime_error(file_.string() + ": expected SHA-256 " +
                                 to_hex(hash_).substr(0, 16) + "..., received " +
                                 to_hex(found).substr(0, 16) + "...");
    }
    std::filesystem::rename(part_, file_);
    return file_;
}

}  // namespace aircomp::runtime::testbed
