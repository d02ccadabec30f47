// SPDX-License-Identifier: GPL-3.0-or-later
// aircomp transceiver: designs combiner and precoders for channels given in a JSON file.
#include <algorithm>
#include <chrono>
#include <iostream>
#include <limits>
#include <string>
#include <vector>

#include "aircomp/optimizer/design.hpp"
#include "commands.hpp"
#include "output.hpp"
#include "validators.hpp"
#include "weights/json_reader.hpp"

namespace aircomp::app {
namespace {

using inference::JsonNode;

Eigen::MatrixXd matrix_at(const JsonNode& rows) {
    const auto columns = rows.array_size() == 0 ? 0 : rows.element(0).array_size();
    if (columns == 0) rows.fail("rows of numbers, all of one length");
    Eigen::MatrixXd matrix(rows.array_size(), columns);
    for (std::size_t i = 0; i < rows.array_size(); ++i) {
        const JsonNode row = rows.element(i);
        if (row.array_size() != columns) row.fail("as many numbers as in the first row");
        for (std::size_t k = 0; k < columns; ++k)
            matrix(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(k)) =
                row.element(k).number();
    }
    return matrix;
}

/// A key that is not known would change the result unseen.
void expect_keys(const JsonNode& node, const std::vector<std::string>& known) {
    if (!node.value().is_object()) node.fail("an object");
    for (const auto& [key, value] : node.value().items()) {
        if (std::find(known.begin(), known.end(), key) == known.end())
            node.at(key).fail("no key but " + joined(known));
    }
}

Eigen::MatrixXcd channel_at(const JsonNode& channel) {
    expect_keys(channel, {"re", "im"});
    const auto re = matrix_at(channel.at("re")), im = matrix_at(channel.at("im"));
    if (re.rows() != im.rows() || re.cols() != im.cols())
        channel.at("im").fail("as many rows and columns as re");
    Eigen::MatrixXcd h(re.rows(), re.cols());
    h.real() = re;
    h.imag() = im;
    return h;
}

optimizer::TransceiverProblem read_problem(const std::string& file) {
    const auto json = inference::read_json(file);
    const JsonNode root(json, file), devices = root.at("devices");
    if (devices.array_size() == 0) devices.fail("at least one device");
    expect_keys(root, {"devices", "streams", "noise_power_w"});
    optimizer::TransceiverProblem problem;
    std::int64_t antennas = std::numeric_limits<std::int64_t>::max();
    bool errors_known = false;
    for (std::size_t n = 0; n < devices.array_size(); ++n) {
        const JsonNode device = devices.element(n);
        expect_keys(device, {"channel", "power_w", "second_moment", "error_variance"});
        problem.channels.push_back(channel_at(device.at("channel")));
        antennas = std::min({antennas, problem.channels[n].rows(), problem.channels[n].cols()});
        problem.power_w.push_back(device.at("power_w").number());
        problem.second_moments.push_back(device.at("second_moment").number());
        const auto error = device.find("error_variance");
        problem.error_variances.push_back(error ? error->number() : 0);
        errors_known = errors_known || error;
    }
    if (!errors_known) problem.error_variances.clear();
    problem.streams = static_cast<int>(root.at("streams").integer(1, antennas));
    problem.noise_power_w = root.at("noise_power_w").number();
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
    command->add_option("--scheme", options->scheme, "Design")
        ->check(one_of(optimizer::designer_names()))
        ->capture_default_str();
    command->add_option("--starts", options->design.starts, "Number of local searches of mmse")
        ->check(above_zero())
        ->capture_default_str();
    command->add_option("--seed", options->design.seed, "Seed of random starts")
        ->capture_default_str();
    command
        ->add_option("--json", options->json,
                     "Write the result as JSON to FILE, - for standard output")
        ->capture_default_str();
    command->footer("Example:\n  aircomp transceiver --problem problem.json --scheme mmse");
    command->callback([options] { run(*options); });
}

}  // namespace aircomp::app
