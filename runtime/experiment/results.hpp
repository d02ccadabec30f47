// SPDX-License-Identifier: GPL-3.0-or-later
// The results of one experiment in a folder that any number of processes may fill at once, on one
// machine or on several that share the folder.
//
//     OUT/NAME/experiment.json      title, axes, plots, version: what the table means
//     OUT/NAME/points/HASH.json     one finished point; HASH is of settings and version
//     OUT/NAME/points/HASH.claim    locked by the process that works on it, free when that is gone
//     OUT/NAME/table.csv            all points in order, when the last one is done
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "experiment/experiment.hpp"

namespace aircomp::runtime {

class Results {
public:
    /// `version` is of the program: points that another one has measured are measured again.
    Results(Experiment experiment, const std::filesystem::path& out, std::string version);

    const std::filesystem::path& folder() const { return folder_; }
    std::size_t finished() const;
    bool complete() const { return finished() == experiment_.points.size(); }

    /// Works until every point is finished: takes those that nobody works on, and waits for the
    /// others' (taking over what a process that died has left). `tick` is called at first and after
    /// each look.
    void work(const std::function<void()>& tick);

    /// Writes the table and what it means; the same points give the same bytes. Throws
    /// std::logic_error while some are missing, std::runtime_error where points have other columns
    /// than the first.
    void write_table() const;

private:
    std::filesystem::path point_file(std::size_t index) const;
    bool take(std::size_t index);

    Experiment experiment_;
    std::filesystem::path folder_;
    std::string version_;
    std::vector<std::string> hashes_;
};

}  // namespace aircomp::runtime
