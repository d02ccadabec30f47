// SPDX-License-Identifier: GPL-3.0-or-later
// The testbed as processes: a coordinator that owns the run and devices that hold slices
// (docs/control.md).
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "aircomp/inference/compute.hpp"
#include "aircomp/inference/sampler.hpp"
#include "aircomp/inference/tokenizer.hpp"
#include "config/config.hpp"
#include "daemon/log.hpp"
#include "serve/served_model.hpp"
#include "serve/summary.hpp"
#include "serve/text_front.hpp"

namespace aircomp::runtime::testbed {

struct DeviceOptions {
    std::string coordinator;  ///< HOST:PORT
    std::string name;         ///< As the coordinator's configuration has it.
    std::string model;
    std::filesystem::path certificates;  ///< Empty: none, loopback only.
    double memory_bytes = 0;             ///< Offered; 0: what the system has free.
    double energy_j_per_flop = 0;        ///< 0: not known.
    int threads = 0;                     ///< 0: all cores.
    inference::Compute compute;          ///< What partials are computed with.
    std::filesystem::path radio;  ///< Configuration with the radio of that name; empty: none.
    bool once = false;            ///< End with the coordinator's run.
    double patience_s = 60;       ///< With `once`: for a coordinator that knew it and is gone.
    LogOptions log;
};

/// Serves coordinators, one after the other, until SIGINT or SIGTERM. Throws std::runtime_error or
/// std::invalid_argument where model, certificates or address are no good, or where a coordinator
/// refuses the device for good or, with `once`, is gone for longer than `patience_s`.
void run_device(const DeviceOptions& options);

/// The page of a run.
struct PageOptions {
    serve::TextFrontOptions front;
    std::string key;             ///< The option or key that front.listen comes from.
    std::filesystem::path file;  ///< Gets the page's address; empty: nowhere.
};

struct CoordinatorOptions {
    Config config;  ///< Validated; scheme `exact`, or a design over the medium `radio`.
    std::vector<inference::Token> prompt;
    std::vector<inference::Token> calibration;  ///< What sums over the air are scaled by.
    std::int64_t tokens = 64;                   ///< To make at most.
    inference::SamplingOptions sampling;
    std::vector<inference::Token> stop_tokens;
    std::int64_t sampled_vocabulary = 0;
    std::filesystem::path resume;     ///< Keeps the tokens and goes on from them; empty: nowhere.
    std::filesystem::path port_file;  ///< Gets the address that devices find; empty: nowhere.
    LogOptions log;
    std::function<void(inference::Token)> emit;  ///< Sees each new token.
    std::optional<PageOptions> page;
    const inference::Tokenizer* tokenizer = nullptr;  ///< Where there is a page: shows the text.
    /// Instead of a prompt: requests to the page's address are answered until SIGINT or SIGTERM.
    /// All but next_logits, which is the coordinator's.
    std::optional<serve::ServedModel> served;
};

/// Waits for devices, cuts the model over them, continues the prompt or answers requests. The
/// checkpoint must be that of the configuration's folder. Throws std::runtime_error where the run
/// cannot go on: what is missing, and for how long it was waited for.
CoordinatorSummary run_coordinator(const CoordinatorOptions& options);

}  // namespace aircomp::runtime::testbed
