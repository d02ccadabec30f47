// SPDX-License-Identifier: GPL-3.0-or-later
// The table of all keys, and the pages that are made of it.
#include "config/config.hpp"

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "config/annotated_yaml.hpp"
#include "config/reference_page.hpp"
#include "config/registry.hpp"
#include "equal_configs.hpp"
#include "schemes/registry.hpp"
#include "support/catch.hpp"

namespace aircomp::runtime {
namespace {

const std::filesystem::path annotated_file = AIRCOMP_SOURCE_DIR "/configs/loopback-symbol.yaml";

/// Converts to whatever a member is.
struct Anything {
    template <typename Member>
    operator Member() const;
};

template <typename Section, typename Indices, typename = void>
struct HasMembers : std::false_type {};
template <typename Section, std::size_t... I>
struct HasMembers<Section, std::index_sequence<I...>,
                  std::void_t<decltype(Section{(static_cast<void>(I), Anything())...})>>
    : std::true_type {};

/// How many members an aggregate has: as many as it can be initialised with.
template <typename Section, std::size_t count = 64>
constexpr std::size_t member_count() {
    if constexpr (HasMembers<Section, std::make_index_sequence<count>>::value) {
        return count;
    } else {
        return member_count<Section, count - 1>();
    }
}

/// The entry of a full name, without indices.
const ConfigEntry& entry_of(const std::vector<ConfigEntry>& entries, const std::string& name) {
    const std::size_t dot = name.find('.');
    for (const ConfigEntry& entry : entries) {
        if (entry.name == name) return entry;
        if (entry.name == name.substr(0, dot)) return entry_of(entry.members, name.substr(dot + 1));
    }
    throw std::runtime_error("no key " + name);
}

TEST_CASE("every member of every section has a key") {
    const auto entries = entries_of(default_config());
    const auto keys = [&](const std::string& name) {
        return entry_of(entries, name).members.size();
    };
    CHECK(entries.size() == member_count<Config>());
    CHECK(keys("model") == member_count<ModelSettings>());
    CHECK(keys("devices") == member_count<DeviceConfig>());
    CHECK(keys("radio") == member_count<RadioConfig>());
    CHECK(keys("digital") == member_count<DigitalConfig>());
    CHECK(keys("frame") == member_count<FrameConfig>());
    CHECK(keys("analog") == member_count<AnalogConfig>());
    CHECK(keys("accuracy") == member_count<AccuracyConfig>());
    CHECK(keys("calibration") == member_count<CalibrationConfig>());
    CHECK(keys("waveform") == member_count<WaveformConfig>());
    CHECK(keys("radios") == member_count<RadiosConfig>());
    CHECK(keys("radios.limits") == member_count<TransmitLimits>());
    CHECK(keys("radios.limits.frequency_ranges_hz") == member_count<FrequencyRange>());
    CHECK(keys("radios.server") == member_count<RadioEndConfig>());
    CHECK(keys("radios.devices") == member_count<RadioEndConfig>());
    CHECK(keys("relays") == member_count<RelaysConfig>());
    CHECK(keys("assignment") == member_count<AssignmentConfig>());
    CHECK(keys("testbed") == member_count<TestbedConfig>());
}

TEST_CASE("a value that is not the default is written with the default") {
    const Config config = parse_config("radio: {snr_db: 7}", "test", "");
    const std::string yaml = annotated_yaml({entry_of(entries_of(config), "radio")});
    CHECK_THAT(yaml, Catch::Matchers::Contains("[dB; -100 to 200; default 20]\n  snr_db: 7\n"));
    CHECK_THAT(yaml, Catch::Matchers::Contains("[Hz; 1 to 1e+12]\n  bandwidth_hz: 10e6\n"));
}

TEST_CASE("numbers are written as short as they read back, with exponents of units") {
    for (const auto& [value, text] :
         std::vector<std::pair<double, std::string>>{{0, "0"},
                                                     {1, "1"},
                                                     {-6, "-6"},
                                                     {0.75, "0.75"},
                                                     {0.001, "0.001"},
                                                     {250e-6, "250e-6"},
                                                     {1.1e-10, "110e-12"},
                                                     {100000, "100000"},
                                                     {10e6, "10e6"},
                                                     {12.5e6, "12.5e6"},
                                                     {2.4835e9, "2.4835e9"},
                                                     {4294967296, "4294967296"},
                                                     {0.1 + 0.2, "0.30000000000000004"}}) {
        CHECK(number_text(value) == text);
        CHECK(std::stod(number_text(value)) == value);
    }
}

std::string text_of(const std::filesystem::path& file) {
    std::ifstream stream(file);
    return {std::istreambuf_iterator<char>(stream), {}};
}

TEST_CASE("the annotated configuration is the default but for what its heading names") {
    const Config config = read_config(annotated_file);
    CHECK(config.calibration.file == "auto");
    Config expected = default_config();
    expected.radio.downlink = "closed-loop";
    expected.radio.downlink_bits = 6;
    expected.radio.multicast_covariance = MulticastCovariance::best;
    expected.radio.settings_link = SettingsLink::downlink;
    expected.frame = {3, 20e-6, Reference::downlink, false};
    expected.analog.scale = ScalePolicy::shared;
    expected.digital = {4.4, Quantiser::lloyd_max, true};
    expected.accuracy.max_uplink_loss_nats = 0.006;
    check_equal(config, expected);
    CHECK(config.model.folder == AIRCOMP_SOURCE_DIR "/inference/models/demo");
    CHECK(default_config().model.folder.empty());
}

TEST_CASE("the annotated configuration is what aircomp config --file prints, under a heading") {
    const auto folder = annotated_file.parent_path();
    CHECK_THAT(text_of(annotated_file),
               Catch::Matchers::EndsWith(
                   "\n\n" + annotated_yaml(entries_of(read_config(annotated_file), folder))));
}

TEST_CASE("docs/configuration.md is what aircomp config --markdown prints") {
    CHECK(text_of(AIRCOMP_SOURCE_DIR "/docs/configuration.md") ==
          reference_page(entries_of(default_config())));
}

TEST_CASE("the key scheme names all schemes") {
    const auto entries = entries_of(default_config());
    std::istringstream words(entry_of(entries, "scheme").meaning);
    std::vector<std::string> named;
    for (std::string word; words >> word;) {
        while (std::string(":;,.").find(word.back()) != std::string::npos)
            word.pop_back();
        named.push_back(word);
    }
    for (const std::string& scheme : name_list(schemes()))
        CHECK_THAT(named, Catch::Matchers::VectorContains(scheme));
}

}  // namespace
}  // namespace aircomp::runtime
