// SPDX-License-Identifier: GPL-3.0-or-later
// A named experiment: one base configuration, the axes that are swept, the seeds, what is measured
// and how it is drawn. configs/experiments/ holds one YAML file for each.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "config/config.hpp"

namespace aircomp::runtime {

/// What a measurement needs besides a configuration.
struct ExperimentSetup {
    std::int64_t devices = 0;    ///< The configuration's devices in turn; 0: as they are.
    int device_antennas = 0;     ///< Of every device; 0: as they are.
    std::string dimensions;      ///< link: a model by name, without weights.
    std::int64_t tokens = 1;     ///< link: tokens decoded.
    std::int64_t position = 0;   ///< link: tokens in the KV cache.
    std::filesystem::path text;  ///< perplexity, outliers: relative to the file.
    /// perplexity, outliers: window; 0: 256, or what the model has of it.
    std::int64_t context_tokens = 0;
    std::int64_t limit_tokens = 0;     ///< perplexity: scored at most; 0: all.
    std::string protocol = "windows";  ///< perplexity: one that inference::protocols() has.
    bool reference = false;      ///< perplexity: columns of the divergence from the unsplit model.
    bool device_energy = false;  ///< perplexity, link: a column for each device's energy.
    std::int64_t layer = 0;      ///< outliers: whose partials are looked at.
    std::string site = "attention";  ///< outliers: attention or mlp.
    std::int64_t channels = 100;     ///< design, assignment: draws.
    int iterations = 0;              ///< design, assignment: at most; 0: until they converge.
};

/// One measurement to make.
struct ExperimentPoint {
    std::vector<std::string> labels;  ///< One per axis.
    Config config;
    ExperimentSetup setup;
    std::string identity;  ///< All settings as text: two points with the same have the same result.
};

/// Turns a plot into a map: which case of an axis has the least of y at every (x, line) where it
/// keeps another column within `loss` of a reference case.
struct ExperimentMap {
    std::string choose;     ///< The axis; empty: no map.
    std::string keep;       ///< The column, e.g. perplexity.
    std::string reference;  ///< The case of `choose` it is relative to, which is not chosen.
    double loss = 0;        ///< E.g. 0.01: at most one percent more.
};

/// Turns a plot's y into ratios: over that of one case of an axis, all else the same.
struct ExperimentRatio {
    std::string axis;  ///< Empty: no ratios.
    std::string reference;
};

/// One figure of an experiment, drawn from its table.
struct ExperimentPlot {
    std::string title;
    std::string x;                    ///< Column, or "scheme"-like axis for bars.
    std::vector<std::string> y;       ///< Columns; several are stacked bars.
    std::vector<std::string> lines;   ///< Axes of which each combination is a line.
    std::vector<std::string> panels;  ///< Axes of which each combination is a panel.
    std::string x_scale = "linear";
    std::string y_scale = "linear";
    std::vector<double> y_range;  ///< Lowest and highest that is shown; empty: all.
    std::string x_label;
    std::string y_label;
    ExperimentMap map;
    ExperimentRatio over;
};

struct Experiment {
    std::string name;  ///< The file's, without its ending.
    std::string title;
    std::string question;
    std::string measure;  ///< One that measures() has.
    std::string file;     ///< Its text.
    std::vector<std::string> axes;
    std::vector<ExperimentPoint> points;  ///< All combinations, the last axis fastest, then seeds.
    std::vector<ExperimentPlot> plots;
};

/// What takes the place of the files' model and text, where they have one; empty: nothing does.
struct ExperimentSubject {
    std::filesystem::path model_folder, text;
};

/// Reads a file and puts every point's configuration together; with `quick` the file's smaller
/// version. Throws std::runtime_error naming file, line or point, key, expected and found.
Experiment read_experiment(const std::filesystem::path& file, bool quick,
                           const ExperimentSubject& subject = {});

}  // namespace aircomp::runtime
