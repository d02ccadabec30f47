// SPDX-License-Identifier: GPL-3.0-or-later
// Records what every radio of a testbed receives, and what became of all that it sends.
#pragma once

#include <memory>
#include <vector>

#include "radio/recording_file.hpp"

namespace aircomp::runtime {

class RecordedTrack;

class Recorder {
public:
    /// Files are written beside and named after `base`.
    explicit Recorder(std::filesystem::path base);
    ~Recorder();
    Recorder(const Recorder&) = delete;
    Recorder& operator=(const Recorder&) = delete;

    /// Opens radios with `open` and records them. Must not outlive the recorder, nor may they.
    RadioOpener opener(RadioOpener open = open_radio);

    /// What all radios receive from now on is of this round. Not while one receives.
    void begin_round(std::int64_t number, bool sounding, const std::string& site);

    /// Ends the data, and writes what read_recording() asks for; `recording` has all but what the
    /// radios did. Throws std::runtime_error where a file cannot be written.
    void finish(Recording recording);

private:
    std::filesystem::path base_;
    std::vector<std::unique_ptr<RecordedTrack>> tracks_;
    RecordedWindow next_;  ///< What the next window is of.
};

}  // namespace aircomp::runtime
