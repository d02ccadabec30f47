// SPDX-License-Identifier: GPL-3.0-or-later
// What is left out of partials comes back behind their sum; fits find what is there to be found.
#include "aircomp/inference/reference_stream.hpp"

#include <sys/stat.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <numeric>
#include <random>
#include <string>
#include <thread>

#include "aircomp/inference/model_calibration.hpp"
#include "aircomp/inference/prediction_fit.hpp"
#include "aircomp/inference/random_model.hpp"
#include "errors.hpp"
#include "support/catch.hpp"
#include "support/temporary_folder.hpp"
#include "team.hpp"

namespace aircomp::inference {
namespace {

using test::check_error;

std::vector<float> random_values(std::int64_t count, unsigned seed) {
    std::mt19937 generator(seed);
    std::normal_distribution<float> normal;
    std::vector<float> values(static_cast<std::size_t>(count));
    for (float& value : values)
        value = normal(generator);
    return values;
}

/// W v for W [rows, columns] and v [columns, count], row-major.
std::vector<float> product(const std::vector<float>& w, const std::vector<float>& v,
                           std::int64_t columns, std::int64_t count) {
    const auto rows = static_cast<std::int64_t>(w.size()) / columns;
    std::vector<float> out(static_cast<std::size_t>(rows * count));
    for (std::int64_t r = 0; r < rows; ++r) {
        for (std::int64_t j = 0; j < count; ++j) {
            double sum = 0;
            for (std::int64_t c = 0; c < columns; ++c)
                sum += static_cast<double>(w[static_cast<std::size_t>(r * columns + c)]) *
                       static_cast<double>(v[static_cast<std::size_t>(c * count + j)]);
            out[static_cast<std::size_t>(r * count + j)] = static_cast<float>(sum);
        }
    }
    return out;
}

/// Predictions of no meaning, as strong as what they are taken from.
std::shared_ptr<const SitePredictions> random_predictions(const Checkpoint& checkpoint,
                                                          std::int64_t rank) {
    const ModelConfig& config = checkpoint.config();
    const DeviceModel whole(checkpoint, whole_model(config), 1);
    auto predictions = std::make_shared<SitePredictions>();
    for (std::int64_t index = 0; index < config.sites(); ++index) {
        const Site site = config.site(index);
        const auto seed = static_cast<unsigned>(10 * index);
        SitePrediction prediction;
        prediction.width = input_width(config, site);
        prediction.rank = rank;
        prediction.right = random_values(rank * config.hidden_size, seed);
        prediction.left = random_values(prediction.width * rank, seed + 1);
        prediction.first = random_values(prediction.width, seed + 2);
        const auto w = whole.output_weights(site);
        prediction.sum_left = product(w, prediction.left, prediction.width, rank);
        prediction.first_sum = product(w, prediction.first, prediction.width, 1);
        predictions->push_back(std::move(prediction));
    }
    return predictions;
}

double norm(const std::vector<float>& values) {
    double sum = 0;
    for (const float value : values)
        sum += static_cast<double>(value) * static_cast<double>(value);
    return std::sqrt(sum);
}

double distance(const std::vector<float>& a, const std::vector<float>& b) {
    std::vector<float> difference(a.size());
    std::transform(a.begin(), a.end(), b.begin(), difference.begin(), std::minus<>());
    return norm(difference);
}

TEST_CASE("completed sums are those of whole partials, for any split and position") {
    const Checkpoint checkpoint = random_model(test::small_config(6, 2), {});
    const ModelConfig& config = checkpoint.config();
    const auto predictions = random_predictions(checkpoint, 5);
    const ReferenceStream reference(checkpoint, predictions);
    std::mt19937 generator(3);
    for (int trial = 0; trial < 20; ++trial) {
        const auto slices = test::random_slices(config, 4, generator);
        test::Team plain(checkpoint, slices), sparing(checkpoint, slices);
        sparing.leave_out(predictions);
        std::int64_t position = 0;
        for (const std::int64_t tokens : {3, 1, 2}) {
            for (std::int64_t index = 0; index < config.sites(); ++index) {
                const Site site = config.site(index);
                const auto x = random_values(tokens * config.hidden_size,
                                             static_cast<unsigned>(100 * trial + index));
                const auto expected = test::Team::sum(plain.partials(site, x, position));
                auto sum = test::Team::sum(sparing.partials(site, x, position));
                const double left_out = distance(sum, expected);
                reference.complete(site, x, position, sum);
                CHECK(left_out > 0.5 * norm(expected));
                CHECK(distance(sum, expected) < 1e-5 * (norm(expected) + left_out));
            }
            position += tokens;
        }
    }
}

TEST_CASE("predictions of another shape are refused by site") {
    const Checkpoint checkpoint = random_model(test::small_config(6, 2), {});
    const auto refuse = [&](const auto& change, const std::initializer_list<const char*>& parts) {
        SitePredictions wrong = *random_predictions(checkpoint, 2);
        change(wrong);
        check_error<std::invalid_argument>([&] { check_predictions(wrong, checkpoint.config()); },
                                           parts);
    };
    refuse([](auto& p) { p.pop_back(); }, {"sites", "6", "5"});
    refuse([](auto& p) { p[1].right.pop_back(); }, {"site 1", "right factor", "128", "127"});
    refuse([](auto& p) { p[2].left.clear(); }, {"site 2", "left factor"});
    refuse([](auto& p) { p[3].sum_left.pop_back(); }, {"site 3", "left factor of the sum"});
    refuse([](auto& p) { p[4].width = 7; }, {"site 4", "input elements", "96", "7"});
    refuse([](auto& p) { p[5].first_sum.clear(); }, {"site 5", "sum of the first token"});
    const ReferenceStream reference(checkpoint, random_predictions(checkpoint, 2));
    std::vector<float> x(64), sum(63);
    check_error<std::invalid_argument>(
        [&] { reference.complete(checkpoint.config().site(0), x, 0, sum); }, {"64", "63"});
}

/// Windows whose inputs follow the stream by `b` [hidden, width] but for noise of variance 0.01; the
/// first token is `first` but for the same.
template <typename Take>
void make_windows(const std::vector<float>& b, const std::vector<float>& first,
                  const std::vector<float>& w, std::int64_t hidden, const Take& take) {
    const auto width = static_cast<std::int64_t>(first.size());
    constexpr std::int64_t tokens = 64;
    for (unsigned window = 0; window < 20; ++window) {
        const auto h = random_values(tokens * hidden, 1000 + window);
        auto a = product(h, b, hidden, width);
        std::copy(first.begin(), first.end(), a.begin());
        const auto noise = random_values(tokens * width, 2000 + window);
        for (std::size_t i = 0; i < a.size(); ++i)
            a[i] += 0.1F * noise[i];
        std::vector<float> partial;
        for (std::int64_t t = 0; t < tokens; ++t) {
            const std::vector<float> row(a.begin() + t * width, a.begin() + (t + 1) * width);
            const auto z = product(w, row, width, 1);
            partial.insert(partial.end(), z.begin(), z.end());
        }
        take(SiteInputs{{}, 0, tokens, h, a, partial});
    }
}

TEST_CASE("a prediction finds what inputs follow, in as few directions as there are") {
    constexpr std::int64_t hidden = 24, width = 40, rank = 3;
    // Inputs follow three directions of the stream.
    const auto b =
        product(random_values(hidden * rank, 1), random_values(rank * width, 2), rank, width);
    const auto first = random_values(width, 3);
    const auto w = random_values(hidden * width, 4);
    PredictionFit fit(hidden, width);
    make_windows(b, first, w, hidden, [&](const SiteInputs& inputs) { fit.add(inputs); });
    const SitePrediction prediction = fit.fit(w, rank, 4);
    CHECK(prediction.rank == rank);
    CHECK(distance(prediction.first, first) < 0.05 * norm(first));
    CHECK(distance(prediction.first_sum, product(w, prediction.first, width, 1)) <
          1e-4 * norm(prediction.first_sum));
    // left right = B^T
    const auto found = product(prediction.left, prediction.right, rank, hidden);
    std::vector<float> expected(found.size());
    for (std::int64_t i = 0; i < hidden; ++i)
        for (std::int64_t j = 0; j < width; ++j)
            expected[static_cast<std::size_t>(j * hidden + i)] =
                b[static_cast<std::size_t>(i * width + j)];
    CHECK(distance(found, expected) < 0.02 * norm(expected));
    CHECK(distance(prediction.sum_left, product(w, prediction.left, width, rank)) <
          1e-4 * norm(prediction.sum_left));
    CHECK(fit.fit(w, 1000, 4).rank == hidden);
    check_error<std::invalid_argument>([&] { fit.fit(w, 0, 4); }, {"rank", "at least 1"});
    const PredictionFit nothing(hidden, width);
    check_error<std::invalid_argument>([&] { nothing.fit(w, 1, 4); }, {"two windows"});
}

TEST_CASE("a transform weakens the directions that are strong, and leaves the rest") {
    constexpr std::int64_t hidden = 24, width = 40;
    // What is sent is strong along one direction.
    const auto strong = random_values(hidden, 5);
    auto w = random_values(hidden * width, 6);
    for (std::int64_t i = 0; i < hidden; ++i)
        w[static_cast<std::size_t>(i * width)] += 30 * strong[static_cast<std::size_t>(i)];
    CovarianceFit fit(hidden, width, 4);
    make_windows(std::vector<float>(hidden * width), std::vector<float>(width), w, hidden,
                 [&](const SiteInputs& inputs) { fit.add(inputs, inputs.h); });
    const TransformFactors factors = fit.transform(w, 1);
    REQUIRE(factors.rank == 1);
    CHECK(std::abs(norm(factors.vectors) - 1) < 1e-5);
    double along = 0;
    for (std::size_t i = 0; i < strong.size(); ++i)
        along += static_cast<double>(factors.vectors[i]) * static_cast<double>(strong[i]);
    CHECK(std::abs(along) > 0.98 * norm(strong));
    // Its energy is some 600 times that of another: C^-1/4 makes that 5 in amplitude.
    CHECK(factors.gains[0] < 0.5F);
    CHECK(factors.gains[0] > 0.05F);
    CHECK(fit.transform(w, 0).rank == 0);
    CHECK(CovarianceFit(hidden, width, 4).transform(w, 3).rank == 0);
}

TEST_CASE("a rank that is cut keeps the weightiest directions") {
    SitePrediction prediction;
    prediction.width = 2;
    prediction.rank = 3;
    prediction.right = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    prediction.left = {1, 2, 3, 4, 5, 6};
    prediction.sum_left = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    prediction.first = {7, 8};
    const SitePrediction two = with_rank(prediction, 2);
    CHECK(two.rank == 2);
    CHECK(two.right == std::vector<float>{5, 6, 7, 8, 9, 10, 11, 12});
    CHECK(two.left == std::vector<float>{2, 3, 5, 6});
    CHECK(two.sum_left == std::vector<float>{2, 3, 5, 6, 8, 9, 11, 12});
    CHECK(two.first == prediction.first);
    const SitePrediction none = with_rank(prediction, 0);
    CHECK(none.rank == 0);
    CHECK(none.right.empty());
    CHECK(none.sum_left.empty());
    CHECK(none.first == prediction.first);
    CHECK(with_rank(prediction, 9).right == prediction.right);
    check_error<std::invalid_argument>([&] { with_rank(prediction, -1); }, {"rank"});
}

TEST_CASE("gains that are cut move the others' common one") {
    // Four directions: two gains of 1 that the factors leave out, 16 and 4.
    const TransformFactors factors{2, {1, 0, 0, 0, 0, 1, 0, 0}, {16, 4}};
    const TransformFactors one = with_rank(factors, 1, 4);
    CHECK(one.rank == 1);
    CHECK(one.vectors == std::vector<float>{1, 0, 0, 0});
    // The geometric mean of 4, 1 and 1 is 4^(1/3).
    REQUIRE(one.gains.size() == 1);
    CHECK(one.gains[0] == Approx(16 / std::cbrt(4.0)));
    CHECK(with_rank(factors, 2, 4).gains == factors.gains);
    CHECK(with_rank(factors, 0, 4).vectors.empty());
}

ModelCalibration some_calibration(const Checkpoint& checkpoint) {
    const auto sites = static_cast<std::size_t>(checkpoint.config().sites());
    ModelCalibration calibration;
    calibration.model_hash = "a1b2";
    calibration.predictions = random_predictions(checkpoint, 2);
    calibration.transforms.assign(sites, {1, random_values(64, 8), {0.5F}});
    calibration.energy_weights.assign(sites, {1, 2, 3});
    calibration.sensitivities.assign(sites, 0.25F);
    calibration.updates.assign(sites, {2, random_values(128, 9), std::vector<float>(64, -3.0F)});
    calibration.copy_sensitivities.assign(sites, 0.5F);
    return calibration;
}

TEST_CASE("a calibration file holds what was written, for a model of its shape alone") {
    const test::TemporaryFolder folder;
    const Checkpoint checkpoint = random_model(test::small_config(6, 2), {});
    const auto file = folder.path() / "model.aircomp-calibration";
    const ModelCalibration written = some_calibration(checkpoint);
    write_calibration(file, written);
    const ModelCalibration read = read_calibration(file, checkpoint.config());
    CHECK(read.model_hash == written.model_hash);
    CHECK((*read.predictions)[3].left == (*written.predictions)[3].left);
    CHECK((*read.predictions)[5].first_sum == (*written.predictions)[5].first_sum);
    CHECK(read.transforms[2].vectors == written.transforms[2].vectors);
    CHECK(read.energy_weights == written.energy_weights);
    CHECK(read.sensitivities == written.sensitivities);
    CHECK(read.updates[1].rank == 2);
    CHECK(read.updates[1].reflectors == written.updates[1].reflectors);
    CHECK(read.updates[4].widths == written.updates[4].widths);
    CHECK(read.copy_sensitivities == written.copy_sensitivities);

    const Checkpoint wider = random_model(test::small_config(8, 2), {});
    check_error<std::runtime_error>([&] { read_calibration(file, wider.config()); },
                                    {file.c_str(), "site 0", "left factor"});
    auto fewer = test::small_config(6, 2);
    fewer.layers = 2;
    const Checkpoint shorter = random_model(fewer, {});
    check_error<std::runtime_error>([&] { read_calibration(file, shorter.config()); },
                                    {file.c_str(), "sensitivities", "4", "6"});
}

TEST_CASE("a calibration goes where a link leads, and what is there keeps its mode") {
    namespace fs = std::filesystem;
    const test::TemporaryFolder folder;
    const Checkpoint checkpoint = random_model(test::small_config(6, 2), {});
    const ModelCalibration calibration = some_calibration(checkpoint);
    const auto file = folder.path() / "real", link = folder.path() / "link";
    std::ofstream(file) << "old";
    fs::permissions(file, fs::perms::owner_read | fs::perms::owner_write);
    fs::create_symlink("real", link);
    write_calibration(link, calibration);
    CHECK(fs::is_symlink(link));
    CHECK(fs::status(file).permissions() == (fs::perms::owner_read | fs::perms::owner_write));
    CHECK(read_calibration(file, checkpoint.config()).model_hash == calibration.model_hash);
    const auto fifo = folder.path() / "fifo";
    REQUIRE(mkfifo(fifo.c_str(), 0600) == 0);
    std::string taken;
    std::thread reader([&] {
        std::ifstream in(fifo, std::ios::binary);
        taken.assign(std::istreambuf_iterator<char>(in), {});
    });
    write_calibration(fifo, calibration);
    reader.join();
    CHECK(fs::is_fifo(fifo));
    CHECK(taken.size() == fs::file_size(file));
    check_error<std::runtime_error>([&] { write_calibration(folder.path(), calibration); },
                                    {folder.path().c_str(), "is a folder, expected a file"});
    CHECK(std::distance(fs::directory_iterator(folder.path()), {}) == 3);
}

TEST_CASE("broken calibration files are refused by tensor") {
    const test::TemporaryFolder folder;
    const Checkpoint checkpoint = random_model(test::small_config(6, 2), {});
    const auto file = folder.path() / "broken";
    const auto refuse = [&](const auto& change, const std::initializer_list<const char*>& parts) {
        ModelCalibration calibration = some_calibration(checkpoint);
        change(calibration);
        write_calibration(file, calibration);
        check_error<std::runtime_error>([&] { read_calibration(file, checkpoint.config()); },
                                        parts);
    };
    refuse([](auto& c) { c.transforms[1].gains[0] = 0; }, {"sites.1.transform_gains", "above 0"});
    refuse([](auto& c) { c.transforms[1].vectors.pop_back(); },
           {"sites.1.transform_vectors", "64", "63"});
    refuse([](auto& c) { c.sensitivities[0] = std::nanf(""); }, {"sensitivities", "finite"});
    refuse([](auto& c) { c.sensitivities[1] = -1e-3F; }, {"sensitivities", "at least 0"});
    refuse([](auto& c) { c.transforms[1].vectors[0] = 3e38F; },
           {"sites.1.transform_vectors", "finite", "1e18"});
    refuse([](auto& c) { c.copy_sensitivities.pop_back(); }, {"copy_sensitivities", "6", "5"});
    refuse([](auto& c) { c.updates[2].widths[3] = 0.5F; },
           {"sites.2.update_widths", "whole numbers", "-80 to 0"});
    refuse([](auto& c) { c.updates[2].widths.pop_back(); }, {"sites.2.update_widths", "64", "63"});
    refuse([](auto& c) { c.updates[2].reflectors.pop_back(); },
           {"sites.2.update_reflectors", "64", "127"});
    std::ofstream(file) << "no safetensors";
    check_error<std::runtime_error>([&] { read_calibration(file, checkpoint.config()); },
                                    {file.c_str()});
    check_error<std::runtime_error>(
        [&] { read_calibration(folder.path() / "missing", checkpoint.config()); }, {"missing"});
}

}  // namespace
}  // namespace aircomp::inference
