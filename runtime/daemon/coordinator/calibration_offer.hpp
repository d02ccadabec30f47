// SPDX-License-Identifier: GPL-3.0-or-later
// The coordinator's calibration file, as devices are told of it and get it that lack it.
#pragma once

#include <filesystem>
#include <fstream>

#include "daemon/link/codec.hpp"

namespace aircomp::runtime::testbed {

class CalibrationOffer {
public:
    /// Throws std::runtime_error, naming the file, where it cannot be read.
    CalibrationOffer(const std::filesystem::path& file, const CodingUse& use);

    const control::Calibration& message() const { return message_; }

    /// The piece that begins at `offset`, a byte of the file. Throws std::runtime_error, naming the
    /// file, where it has become shorter.
    control::Frame piece(std::uint64_t offset);

private:
    std::filesystem::path file_;
    control::Calibration message_;
    std::ifstream in_;
};

}  // namespace aircomp::runtime::testbed
