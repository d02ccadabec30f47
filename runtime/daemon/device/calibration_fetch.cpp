// SPDX-License-Identifier: GPL-3.0-or-later
// Jobs of a calibration's way to a device.
#include "daemon/device/calibration_fetch.hpp"

#include <gsl/util>
#include <utility>
#include <vector>

namespace aircomp::runtime::testbed {

CalibrationFetch::CalibrationFetch(const inference::Checkpoint& checkpoint,
                                   std::filesystem::path folder, CalibrationEvents events)
    : checkpoint_(checkpoint),
      folder_(std::move(folder)),
      events_(std::move(events)),
      thread_(events_.failed) {}

void CalibrationFetch::find(const control::Calibration& wanted) {
    thread_.submit([this, wanted] {
        wanted_ = wanted;
        if (const auto own = find_calibration(folder_, wanted.hash, wanted.bytes))
            return read(*own);
        incoming_.emplace(folder_, wanted.hash, wanted.bytes);
        events_.lacks(0);
    });
}

void CalibrationFetch::take(const control::CalibrationPiece& piece) {
    thread_.submit([this, bytes = std::vector<std::byte>(piece.bytes.begin(), piece.bytes.end())] {
        incoming_->add(bytes);
        if (!incoming_->is_whole()) return events_.lacks(incoming_->size());
        const auto over = gsl::finally([this] { incoming_.reset(); });
        read(incoming_->keep());
    });
}

void CalibrationFetch::read(const std::filesystem::path& file) {
    events_.holds(
        std::make_shared<SharedCoding>(read_shared_coding(file, checkpoint_, wanted_.use)), file);
}

}  // namespace aircomp::runtime::testbed
