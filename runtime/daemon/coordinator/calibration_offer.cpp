// SPDX-License-Identifier: GPL-3.0-or-later
// A calibration file in pieces.
#include "daemon/coordinator/calibration_offer.hpp"

#include <algorithm>
#include <stdexcept>
#include <vector>

#include "files/sha256.hpp"

namespace aircomp::runtime::testbed {

CalibrationOffer::CalibrationOffer(const std::filesystem::path& file, const CodingUse& use)
    : file_(file),
      message_{sha256_of_file(file), std::filesystem::file_size(file), use},
      in_(file, std::ios::binary) {}

control::Frame CalibrationOffer::piece(std::uint64_t offset) {
    const std::uint64_t left = message_.bytes - offset;
    std::vector<char> bytes(std::min<std::uint64_t>(left, control::most_piece_bytes));
    in_.clear();
    in_.seekg(static_cast<std::streamoff>(offset));
    if (!in_.read(bytes.data(), static_cast<std::streamsize>(bytes.size()))) {
        throw std::runtime_error(file_.string() + ": expected " + std::to_string(message_.bytes) +
                                 " bytes, as at the start, found fewer");
    }
    return control::encode(
        control::CalibrationPiece{offset, gsl::as_bytes(gsl::span<const char>(bytes))});
}

}  // namespace aircomp::runtime::testbed
