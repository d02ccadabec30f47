// SPDX-License-Identifier: GPL-3.0-or-later
// What the radios of a testbed received and sent in their rounds, as files: SigMF, one Recording for
// each antenna of each radio and a Collection that binds them (https://github.com/sigmf/SigMF).
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "radio/radio_session.hpp"

namespace aircomp::runtime {

/// What a burst came to; its samples are not kept.
struct RecordedBurst {
    Ticks begin = 0;
    BurstReport report;
};

/// A received window; the data files have the samples of whole ones, one after another.
struct RecordedWindow {
    Ticks begin = 0;
    std::size_t samples = 0;  ///< Of each antenna.
    WindowReport report;
    std::int64_t round = 0;
    std::string label;  ///< What it was to hold: header, sounding or burst.
    std::string site;   ///< Kind of site of a burst.
};

struct RecordedRadio {
    std::string name;
    std::size_t antennas = 1;
    double sample_rate_hz = 0;
    double frequency_hz = 0;
    std::vector<RecordedBurst> bursts;  ///< In the order of their times, as the next.
    std::vector<RecordedWindow> windows;

    /// Samples of each antenna in the data files.
    std::size_t samples() const;
};

/// A sum that counted.
struct RecordedSum {
    std::int64_t round = 0;
    double nmse = 0;
    std::string sha256;  ///< Of its bytes.
};

struct Recording {
    std::string configuration;  ///< YAML.
    std::int64_t length = 0;    ///< Reals of a vector.
    Ticks pulse = 0;            ///< What the radios took the last pulse before the rounds for.
    std::vector<RecordedRadio> radios;
    std::vector<RecordedSum> sums;
};

/// BASE-RADIO-ANTENNA.sigmf-data: little-endian complex floats, sqrt(W).
std::filesystem::path recorded_data(const std::filesystem::path& base, const std::string& radio,
                                    std::size_t antenna);

/// Writes all but the data, which have to be there: BASE-RADIO-ANTENNA.sigmf-meta and
/// BASE.sigmf-collection. Throws std::runtime_error where a file cannot be read or written.
void write_recording(const std::filesystem::path& base, const Recording& recording);

/// Reads BASE.sigmf-collection, and checks all that it names. Throws std::runtime_error "FILE: ...:
/// expected ..., found ..." where a file is missing, cut, changed, or not of write_recording().
Recording read_recording(const std::filesystem::path& base);

}  // namespace aircomp::runtime
