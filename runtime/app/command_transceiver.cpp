// SPDX-License-Identifier: GPL-3.0-or-later
// aircomp transceiver: designs combiner and precoders for channels given in a JSON file.
#include <chrono>
#include <fstream>
#include <iostream>

#include "aircomp/optimizer/design.hpp"
#include "commands.hpp"
#include "output.hpp"
#include "validators.hpp"

namespace aircomp::app {
namespace {

[[noreturn]] void refuse(const std::string& file, const std::string& key,
                         const std::string& expected, const Json& found) {
    throw std::runtime_error(file + ": " + key + ": expected " + expected + ", found " +
                             (found.is_null() ? "nothing" : found.dump().substr(0, 60)));
}

/// Member `key` of `object`, null where it is missing.
const Json& member(const Json& object, const std::string& key) {
    static const Json nothing;
    const auto found = object.is_object() ? object.find(key) : object.end();
    return object.is_object() && found != object.end() ? *found : nothing;
}

double number_at(const Json& object, const std::string& key, const std::string& where,
                 const std::string& file) {
    const Json& value = member(object, key);
    if (!value.is_number()) refuse(file, where + key, "a number", value);
    return value.get<double>();
}

Eigen::MatrixXd matrix_at(const Json& object, const std::string& key, const std::string& where,
                          const std::string& file) {
    const Json& rows = member(object, key);
    const std::string expected = "rows of numbers, all of one length";
    if (!rows.is_array() || rows.empty() || !rows[0].is_array() || rows[0].empty()) {
        refuse(file, where + key, expected, rows);
    }
    Eigen::MatrixXd matrix(rows.size(), rows[0].size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
        if (!rows[i].is_array() || rows[i].size() != rows[0].size()) {
            refuse(file, where + key, expected, rows[i]);
        }
        for (std::size_t k = 0; k < rows[i].size(); ++k) {
            if (!rows[i][k].is_number()) refuse(file, where + key, expected, rows[i][k]);
            matrix(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(k)) =
                rows[i][k].get<double>();
        }
    }
    return matrix;
}

optimizer::TransceiverProblem read_problem(const std::string& file) {
    std::ifstream in(file);
    if (!in) throw std::runtime_error(file + ": cannot be read");
    const Json json = Json::parse(in, nullptr, /*allow_exceptions=*/false);
    if (!json.is_object()) throw std::runtime_error(file + ": expected a JSON object");
    const Json& devices = member(json, "devices");
    if (!devices.is_array() || devices.empty()) {
        refuse(file, "devices", "an array of at least one device", devices);
    }
    const Json& streams = member(json, "streams");
    if (!streams.is_number_integer()) refuse(file, "streams", "an integer", streams);
    optimizer::TransceiverProblem problem;
    problem.streams = streams.get<int>();
    problem.noise_power_w = number_at(json, "noise_power_w", "", file);
    bool errors_known = false;
    for (std::size_t n = 0; n < devices.size(); ++n) {
        const std::string where = "devices[" + std::to_string(n) + "].";
        const Json& channel = member(devices[n], "channel");
        const auto re = matrix_at(channel, "re", where + "channel.", file);
        const auto im = matrix_at(channel, "im", where + "channel.", file);
        if (re.rows() != im.rows() || re.cols() != im.cols()) {
            refuse(file, where + "channel.im", "as many rows and columns as re",
                   member(channel, "im"));
        }
        Eigen::MatrixXcd h(re.rows(), re.cols());
        h.real() = re;
        h.imag() = im;
        problem.channels.push_back(h);
        problem.power_w.push_back(number_at(devices[n], "power_w", where, file));
        problem.second_moments.push_back(number_at(devices[n], "second_moment", where, file));
        const bool has_error = !member(devices[n], "error_variance").is_null();
        problem.error_variances.push_back(
            has_error ? number_at(devices[n], "error_variance", where, file) : 0);
        errors_known = errors_known || has_error;
    }
    if (!errors_known) problem.error_variances.clear();
    return problem;
}

Json to_json(const Eigen::MatrixXcd& matrix) {
    Json re = Json::array();
    Json im = Json::array();
    for (Eigen::Index i = 0; i < matrix.rows(); ++i) {
        Json re_row = Json::array();
        Json im_row = Json::array();
        for (Eigen::Index k = 0; k < matrix.cols(); ++k) {
            re_row.push_back(matrix(i, k).real());
            im_row.push_back(matrix(i, k).imag());
        }
        re.push_back(re_row);
        im.push_back(im_row);
    }
    return {{"re", re}, {"im", im}};
}

struct TransceiverOptions {
    std::string problem;
    std::string scheme = "mmse";
    std::string json = "-";
    optimizer::DesignOptions design;
};

void run(const TransceiverOptions& options) {
    const auto designer = optimizer::make_designer(options.scheme);
    const auto problem = read_problem(options.problem);
    try {
        problem.validate();
    } catch (const std::invalid_argument& error) {
        throw std::runtime_error(options.problem + ": " + error.what());
    }
    const auto begin = std::chrono::steady_clock::now();
    const auto design = designer(problem, options.design);
    const double solve_time_s =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    Json precoders = Json::array();
    for (const auto& precoder : design.transceiver.precoders)
        precoders.push_back(to_json(precoder));
    std::cerr << options.scheme << ": NMSE " << number("%.6g", design.nmse) << " in "
              << duration(solve_time_s) << "\n";
    write_json({{"mse", design.mse},
                {"nmse", design.nmse},
                {"solve_time_s", solve_time_s},
                {"combiner", to_json(design.transceiver.combiner)},
                {"precoders", precoders},
                {"multipliers", design.multipliers},
                {"iterations", design.iterations},
                {"gradient_norm", design.gradient_norm}},
               options.json);
}

}  // namespace

void add_transceiver(CLI::App& program) {
    auto options = std::make_shared<TransceiverOptions>();
    CLI::App* command =
        program.add_subcommand("transceiver", "Design combiner and precoders for given channels");
    command->add_option("--problem", options->problem, "JSON file; docs/json.md has its layout")
        ->required();
    command
        ->add_option("--scheme", options->scheme, "Design: " + joined(optimizer::designer_names()))
        ->capture_default_str();
    command->add_option("--starts", options->design.starts, "Local searches of mmse")
        ->check(above_zero())
        ->capture_default_str();
    command->add_option("--seed", options->design.seed, "Seed of random starts")
        ->capture_default_str();
    command->add_option("--json", options->json, "Where the result goes, - for standard output")
        ->capture_default_str();
    command->footer("Example:\n  aircomp transceiver --problem problem.json --scheme mmse");
    command->callback([options] { run(*options); });
}

}  // namespace aircomp::app
