// SPDX-License-Identifier: GPL-3.0-or-later
// How a device comes to hold the coordinator's calibration: from its own files, or piece by piece.
//
//     loop's thread:  find, take   --queue of jobs-->
//     own thread:     the job: reads, hashes and writes files; news go to CalibrationEvents
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "daemon/device/kept_calibrations.hpp"
#include "daemon/job_thread.hpp"
#include "daemon/link/messages.hpp"
#include "engine/model_coding.hpp"

namespace aircomp::runtime::testbed {

/// Called by the fetch's own thread.
struct CalibrationEvents {
    /// The piece from this byte on is wanted.
    std::function<void(std::uint64_t offset)> lacks;
    std::function<void(const std::shared_ptr<const SharedCoding>& coding,
                       const std::filesystem::path& file)>
        holds;
    /// There will be none; the reason names the file and what was expected.
    std::function<void(const std::string& reason)> failed;
};

class CalibrationFetch {
public:
    /// Files are kept in `folder`. The checkpoint must outlive the fetch.
    CalibrationFetch(const inference::Checkpoint& checkpoint, std::filesystem::path folder,
                     CalibrationEvents events);

    void find(const control::Calibration& wanted);
    void take(const control::CalibrationPiece& piece);

private:
    void read(const std::filesystem::path& file);

    const inference::Checkpoint& checkpoint_;
    std::filesystem::path folder_;
    CalibrationEvents events_;

    // The own thread's alone.
    control::Calibration wanted_;
    std::optional<IncomingCalibration> incoming_;

    JobThread thread_;  // Uses all of the above: ends first.
};

}  // namespace aircomp::runtime::testbed
