// SPDX-License-Identifier: GPL-3.0-or-later
// Recordings as SigMF.
#include "radio/recording_file.hpp"

#include <fstream>
#include <nlohmann/json.hpp>
#include <numeric>
#include <stdexcept>

#include "aircomp/inference/whole_file.hpp"
#include "files/sha256.hpp"

namespace aircomp::runtime {
namespace {

using Json = nlohmann::ordered_json;
using Path = std::filesystem::path;

constexpr auto version = "1.0.0";
constexpr std::size_t sample_bytes = sizeof(std::complex<float>);

const Json extensions = {{{"name", "aircomp"}, {"version", "0.1.0"}, {"optional", true}}};

Path with(const Path& base, const std::string& ending) {
    return base.string() + ending;
}

std::string stem(const RecordedRadio& radio, std::size_t antenna) {
    return "-" + radio.name + "-" + std::to_string(antenna);
}

// ---- written ----

/// Captures and annotations, one each for a window.
void add_windows(const RecordedRadio& radio, Json& meta) {
    meta["captures"] = Json::array();
    meta["annotations"] = Json::array();
    std::size_t start = 0;
    for (const RecordedWindow& window : radio.windows) {
        if (window.report.state != WindowState::whole) continue;
        meta["captures"].push_back({{"core:sample_start", start},
                                    {"core:global_index", window.begin},
                                    {"core:frequency", radio.frequency_hz}});
        Json note = {{"core:sample_start", start},
                     {"core:sample_count", window.samples},
                     {"core:label", window.label},
                     {"core:comment", "round " + std::to_string(window.round)},
                     {"aircomp:round", window.round}};
        if (!window.site.empty()) note["aircomp:site"] = window.site;
        meta["annotations"].push_back(note);
        start += window.samples;
    }
}

void write_meta(const Path& base, const RecordedRadio& radio, std::size_t antenna) {
    Json meta = {{"global",
                  {{"core:datatype", "cf32_le"},
                   {"core:version", version},
                   {"core:sample_rate", radio.sample_rate_hz},
                   {"core:num_channels", 1},
                   {"core:sha512", sha512_of_file(recorded_data(base, radio.name, antenna))},
                   {"core:recorder", "aircomp"},
                   {"core:description", radio.name + ", antenna " + std::to_string(antenna)},
                   {"core:collection", base.filename().string()},
                   {"core:extensions", extensions}}}};
    add_windows(radio, meta);
    inference::write_whole(with(base, stem(radio, antenna) + ".sigmf-meta"), meta.dump(2) + "\n");
}

Json json_of(const RecordedRadio& radio) {
    Json bursts = Json::array(), windows = Json::array();
    for (const RecordedBurst& burst : radio.bursts) {
        bursts.push_back({{"begin", burst.begin},
                          {"state", to_string(burst.report.state)},
                          {"mean_dbfs", burst.report.mean_dbfs},
                          {"peak_dbfs", burst.report.peak_dbfs},
                          {"clipped", burst.report.clipped}});
    }
    for (const RecordedWindow& window : radio.windows) {
        windows.push_back({{"begin", window.begin},
                           {"samples", window.samples},
                           {"state", to_string(window.report.state)},
                           {"mean_dbfs", window.report.mean_dbfs},
                           {"peak_dbfs", window.report.peak_dbfs}});
    }
    return {{"name", radio.name},
            {"antennas", radio.antennas},
            {"bursts", bursts},
            {"windows", windows}};
}

// ---- read ----

/// One file's JSON; errors name the file and the key.
class Reader {
public:
    explicit Reader(Path file) : file_(std::move(file)) {
        std::ifstream in(file_);
        if (!in) throw std::runtime_error(file_.string() + ": expected a recording, found no file");
        try {
            json_ = Json::parse(in);
        } catch (const Json::exception&) {
            fail("expected JSON, found something else");
        }
    }

    const Json& json() const { return json_; }

    template <typename T>
    T get(const Json& object, const std::string& key) const {
        try {
            return object.at(key).get<T>();
        } catch (const Json::exception&) {
            fail(key + ": expected what aircomp record writes, found " +
                 (object.is_object() && object.contains(key) ? object[key].dump() : "nothing"));
        }
    }

    /// The state of that name.
    template <typename State>
    State state(const Json& object, State last) const {
        const auto name = get<std::string>(object, "state");
        for (int i = 0; i <= static_cast<int>(last); ++i) {
            if (name == to_string(static_cast<State>(i))) return static_cast<State>(i);
        }
        fail("state: expected that of a burst or a window, found '" + name + "'");
    }

    [[noreturn]] void fail(const std::string& what) const {
        throw std::runtime_error(file_.string() + ": " + what);
    }

private:
    Path file_;
    Json json_;
};

RecordedRadio radio_of(const Reader& reader, const Json& json) {
    RecordedRadio radio;
    radio.name = reader.get<std::string>(json, "name");
    radio.antennas = reader.get<std::size_t>(json, "antennas");
    for (const Json& each : reader.get<Json>(json, "bursts")) {
        RecordedBurst burst;
        burst.begin = reader.get<Ticks>(each, "begin");
        burst.report.state = reader.state(each, BurstState::refused);
        burst.report.mean_dbfs = reader.get<double>(each, "mean_dbfs");
        burst.report.peak_dbfs = reader.get<double>(each, "peak_dbfs");
        burst.report.clipped = reader.get<std::size_t>(each, "clipped");
        radio.bursts.push_back(burst);
    }
    for (const Json& each : reader.get<Json>(json, "windows")) {
        RecordedWindow window;
        window.begin = reader.get<Ticks>(each, "begin");
        window.samples = reader.get<std::size_t>(each, "samples");
        window.report.state = reader.state(each, WindowState::missing);
        window.report.mean_dbfs = reader.get<double>(each, "mean_dbfs");
        window.report.peak_dbfs = reader.get<double>(each, "peak_dbfs");
        radio.windows.push_back(window);
    }
    return radio;
}

void check_data(const Path& base, const RecordedRadio& radio, std::size_t antenna) {
    const Path file = recorded_data(base, radio.name, antenna);
    std::error_code error;
    const auto found = std::filesystem::file_size(file, error);
    if (error) throw std::runtime_error(file.string() + ": expected samples, found no file");
    if (found != radio.samples() * sample_bytes) {
        throw std::runtime_error(
            file.string() + ": expected " + std::to_string(radio.samples() * sample_bytes) +
            " bytes, as its windows have together, found " + std::to_string(found));
    }
    const Reader meta(with(base, stem(radio, antenna) + ".sigmf-meta"));
    const auto global = meta.get<Json>(meta.json(), "global");
    if (meta.get<std::string>(global, "core:sha512") != sha512_of_file(file))
        throw std::runtime_error(file.string() +
                                 ": expected the core:sha512 of its metadata, found another");
}

}  // namespace

std::size_t RecordedRadio::samples() const {
    return std::accumulate(windows.begin(), windows.end(), std::size_t{0},
                           [](std::size_t sum, const RecordedWindow& window) {
                               const bool whole = window.report.state == WindowState::whole;
                               return sum + (whole ? window.samples : 0);
                           });
}

Path recorded_data(const Path& base, const std::string& radio, std::size_t antenna) {
    return with(base, "-" + radio + "-" + std::to_string(antenna) + ".sigmf-data");
}

void write_recording(const Path& base, const Recording& recording) {
    Json streams = Json::array(), radios = Json::array(), sums = Json::array();
    for (const RecordedRadio& radio : recording.radios) {
        radios.push_back(json_of(radio));
        for (std::size_t antenna = 0; antenna < radio.antennas; ++antenna) {
            write_meta(base, radio, antenna);
            const std::string ending = stem(radio, antenna);
            streams.push_back({{"name", base.filename().string() + ending},
                               {"hash", sha512_of_file(with(base, ending + ".sigmf-meta"))}});
        }
    }
    for (const RecordedSum& sum : recording.sums)
        sums.push_back({{"round", sum.round}, {"nmse", sum.nmse}, {"sha256", sum.sha256}});
    const Json collection = {{"collection",
                              {{"core:version", version},
                               {"core:description", "rounds of aircomp"},
                               {"core:extensions", extensions},
                               {"core:streams", streams},
                               {"aircomp:configuration", recording.configuration},
                               {"aircomp:length", recording.length},
                               {"aircomp:pulse", recording.pulse},
                               {"aircomp:radios", radios},
                               {"aircomp:sums", sums}}}};
    inference::write_whole(with(base, ".sigmf-collection"), collection.dump(2) + "\n");
}

Recording read_recording(const Path& base) {
    const Reader reader(with(base, ".sigmf-collection"));
    const auto collection = reader.get<Json>(reader.json(), "collection");
    Recording recording;
    recording.configuration = reader.get<std::string>(collection, "aircomp:configuration");
    recording.length = reader.get<std::int64_t>(collection, "aircomp:length");
    recording.pulse = reader.get<Ticks>(collection, "aircomp:pulse");
    for (const Json& radio : reader.get<Json>(collection, "aircomp:radios"))
        recording.radios.push_back(radio_of(reader, radio));
    for (const Json& sum : reader.get<Json>(collection, "aircomp:sums")) {
        recording.sums.push_back({reader.get<std::int64_t>(sum, "round"),
                                  reader.get<double>(sum, "nmse"),
                                  reader.get<std::string>(sum, "sha256")});
    }
    for (const RecordedRadio& radio : recording.radios) {
        for (std::size_t antenna = 0; antenna < radio.antennas; ++antenna)
            check_data(base, radio, antenna);
    }
    return recording;
}

}  // namespace aircomp::runtime
