// SPDX-License-Identifier: GPL-3.0-or-later
// Points on disk: claimed by file locks, finished by renaming, gathered into a table.
#include "experiment/results.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <fstream>
#include <stdexcept>
#include <thread>

#include "aircomp/inference/whole_file.hpp"
#include "config/registry.hpp"
#include "experiment/measures.hpp"

namespace aircomp::runtime {
namespace {

constexpr std::chrono::milliseconds look_again{200};

/// FNV-1a, 64 bit: the same everywhere and for ever, unlike std::hash.
std::string hash_of(const std::string& text) {
    std::uint64_t hash = 0xcbf29ce484222325;
    for (const char c : text) {
        hash ^= static_cast<unsigned char>(c);
        hash *= 0x100000001b3;
    }
    std::array<char, 17> digits;
    std::snprintf(digits.data(), digits.size(), "%016llx", static_cast<unsigned long long>(hash));
    return digits.data();
}

/// A lock on a file that the system takes away with the process that holds it.
class Claim {
public:
    explicit Claim(const std::filesystem::path& file)
        : descriptor_(open(file.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0666)) {
        if (descriptor_ < 0) throw std::runtime_error(file.string() + ": cannot be written");
        held_ = flock(descriptor_, LOCK_EX | LOCK_NB) == 0;
    }
    ~Claim() { close(descriptor_); }
    Claim(const Claim&) = delete;
    Claim& operator=(const Claim&) = delete;

    bool held() const { return held_; }

private:
    int descriptor_;
    bool held_ = false;
};

constexpr const char* way_out = "; without it, its point is measured again";

/// What a measure found at a point: numbers by name.
Json read_row(const std::filesystem::path& file) {
    std::ifstream in(file);
    Json row = Json::parse(in, nullptr, /*allow_exceptions=*/false);
    if (row.is_discarded()) {
        throw std::runtime_error(file.string() + ": expected JSON, found a file that is damaged" +
                                 way_out);
    }
    if (!row.is_object()) {
        throw std::runtime_error(file.string() + ": expected numbers by name, found " +
                                 row.type_name() + way_out);
    }
    for (const auto& [name, value] : row.items()) {
        if (value.is_number()) continue;
        throw std::runtime_error(file.string() + ": " + name + ": expected a number, found " +
                                 value.dump() + way_out);
    }
    return row;
}

Json to_json(const ExperimentPlot& plot) {
    const auto& map = plot.map;
    Json chosen = nullptr;
    if (!map.choose.empty()) {
        chosen = {{"choose", map.choose},
                  {"keep", map.keep},
                  {"reference", map.reference},
                  {"loss", map.loss}};
    }
    Json over = nullptr;
    if (!plot.over.axis.empty())
        over = {{"axis", plot.over.axis}, {"reference", plot.over.reference}};
    return {{"title", plot.title},
            {"map", chosen},
            {"over", over},
            {"x", plot.x},
            {"y", plot.y},
            {"lines", plot.lines},
            {"panels", plot.panels},
            {"x_scale", plot.x_scale},
            {"y_scale", plot.y_scale},
            {"y_range", plot.y_range},
            {"x_label", plot.x_label},
            {"y_label", plot.y_label}};
}

Json description_of(const Experiment& experiment, const std::string& version) {
    Json plots = Json::array();
    for (const auto& plot : experiment.plots)
        plots.push_back(to_json(plot));
    return {{"name", experiment.name},
            {"title", experiment.title},
            {"question", experiment.question},
            {"measure", experiment.measure},
            {"axes", experiment.axes},
            {"points", experiment.points.size()},
            {"version", version},
            {"plots", plots},
            {"file", experiment.file}};
}

std::string cell(const Json& value) {
    if (!value.is_number_float()) return value.dump();
    std::array<char, 32> digits;
    std::snprintf(digits.data(), digits.size(), "%.10g", value.get<double>());
    return digits.data();
}

/// A label as CSV has it.
std::string quoted(const std::string& text) {
    if (text.find_first_of(",\"\n") == std::string::npos) return text;
    std::string result = "\"";
    for (const char c : text)
        result += c == '"' ? std::string("\"\"") : std::string(1, c);
    return result + "\"";
}

std::vector<std::string> columns_of(const Json& row) {
    std::vector<std::string> names;
    for (const auto& [name, value] : row.items())
        names.push_back(name);
    return names;
}

/// What a measure finds is known with its first row.
void require_columns_of_plots(const Experiment& experiment, const Json& row) {
    for (const auto& plot : experiment.plots) {
        auto columns = plot.y;
        if (!plot.map.keep.empty()) columns.push_back(plot.map.keep);
        for (const std::string& column : columns) {
            if (row.contains(column)) continue;
            throw std::runtime_error(experiment.name + ": a plot's y: expected a column that " +
                                     experiment.measure + " measures, " + joined(columns_of(row)) +
                                     ", found " + column);
        }
    }
}

}  // namespace

Results::Results(Experiment experiment, const std::filesystem::path& out, std::string version)
    : experiment_(std::move(experiment)),
      folder_(out / experiment_.name),
      version_(std::move(version)) {
    for (const auto& point : experiment_.points)
        hashes_.push_back(hash_of(version_ + "\n" + point.identity));
    std::error_code error;
    std::filesystem::create_directories(folder_ / "points", error);
    if (error) {
        throw std::runtime_error("--out: " + folder_.string() +
                                 " cannot be made: " + error.message());
    }
}

std::filesystem::path Results::point_file(std::size_t index) const {
    return folder_ / "points" / (hashes_[index] + ".json");
}

std::size_t Results::finished() const {
    std::size_t count = 0;
    for (std::size_t i = 0; i < hashes_.size(); ++i)
        count += std::filesystem::exists(point_file(i)) ? 1 : 0;
    return count;
}

bool Results::take(std::size_t index) {
    if (std::filesystem::exists(point_file(index))) return false;
    const auto claim_file = folder_ / "points" / (hashes_[index] + ".claim");
    const Claim claim(claim_file);
    if (!claim.held() || std::filesystem::exists(point_file(index))) return false;
    const Json row = find_measure(experiment_.measure).run(experiment_.points[index]);
    require_columns_of_plots(experiment_, row);
    inference::write_whole(point_file(index), row.dump(2) + "\n");
    std::filesystem::remove(claim_file);
    return true;
}

void Results::work(const std::function<void()>& tick) {
    tick();
    while (!complete()) {
        bool worked = false;
        for (std::size_t i = 0; i < hashes_.size(); ++i) {
            if (!take(i)) continue;
            worked = true;
            tick();
        }
        if (!worked) std::this_thread::sleep_for(look_again);
        tick();
    }
}

void Results::write_table() const {
    if (!complete()) throw std::logic_error(folder_.string() + ": points are missing");
    std::string text;
    for (const auto& axis : experiment_.axes)
        text += axis + ",";
    text += "seed";
    std::vector<std::string> columns;
    for (std::size_t i = 0; i < hashes_.size(); ++i) {
        const Json row = read_row(point_file(i));
        if (i == 0) {
            columns = columns_of(row);
            for (const auto& column : columns)
                text += "," + column;
            text += ",settings_hash,version\n";
        } else if (columns_of(row) != columns) {
            throw std::runtime_error(point_file(i).string() +
                                     ": expected the columns of the first point, " +
                                     joined(columns) + ", found " + joined(columns_of(row)));
        }
        for (const auto& label : experiment_.points[i].labels)
            text += quoted(label) + ",";
        text += std::to_string(experiment_.points[i].config.seed);
        for (const auto& value : row)
            text += "," + cell(value);
        text += "," + hashes_[i] + "," + version_ + "\n";
    }
    inference::write_whole(folder_ / "experiment.json",
                           description_of(experiment_, version_).dump(2) + "\n");
    inference::write_whole(folder_ / "table.csv", text);
}

}  // namespace aircomp::runtime
