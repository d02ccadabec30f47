// SPDX-License-Identifier: GPL-3.0-or-later
// The properties under which UHD 4 knows a board: what multi_usrp and uhd_usrp_probe ask for.
#include "board_tree.hpp"

#include <string>
#include <uhd/exception.hpp>
#include <uhd/types/device_addr.hpp>
#include <uhd/types/ranges.hpp>
#include <uhd/types/sensors.hpp>
#include <uhd/types/stream_cmd.hpp>
#include <uhd/types/time_spec.hpp>
#include <uhd/usrp/dboard_eeprom.hpp>
#include <uhd/usrp/mboard_eeprom.hpp>
#include <uhd/usrp/subdev_spec.hpp>

namespace gr::aircomp::virtual_radio {
namespace {

using uhd::fs_path;
using Tree = uhd::property_tree::sptr;
using BoardPointer = std::shared_ptr<Board>;

const uhd::meta_range_t frequencies_hz(1e6, 100e9);
const uhd::meta_range_t gains_db(0, 100, 0.1);
/// Of a receiver with automatic gain that is on: there is nothing here that it could go by.
constexpr double automatic_gain_db = 30;

void add_identity(const Tree& tree, const fs_path& path, const BoardPointer& board) {
    tree->create<std::string>(path / "name").set("aircomp virtual radio");
    tree->create<std::string>(path / "codename").set("air");
    // As boards have them that programs ask for their versions.
    tree->create<std::string>(path / "fw_version").set("1.0");
    tree->create<std::string>(path / "fpga_version").set("1.0");
    uhd::usrp::mboard_eeprom_t eeprom;
    eeprom["name"] = board->config().name;
    eeprom["serial"] = board->config().serial;
    eeprom["product"] = "aircomp";
    tree->create<uhd::usrp::mboard_eeprom_t>(path / "eeprom").set(eeprom);
}

void add_time(const Tree& tree, const fs_path& path, const BoardPointer& board) {
    const double rate = board->tick_rate_hz();
    const auto spec = [rate](Ticks time) { return uhd::time_spec_t::from_ticks(time, rate); };
    tree->create<double>(path / "tick_rate").set_coercer([rate](double) { return rate; }).set(rate);
    tree->create<uhd::time_spec_t>(path / "time/now")
        .set_publisher([=] { return spec(board->time_now()); })
        .add_coerced_subscriber(
            [=](const uhd::time_spec_t& time) { board->set_time_now(time.to_ticks(rate)); });
    tree->create<uhd::time_spec_t>(path / "time/pps")
        .set_publisher([=] { return spec(board->time_last_pulse()); })
        .add_coerced_subscriber(
            [=](const uhd::time_spec_t& time) { board->set_time_next_pulse(time.to_ticks(rate)); });
    // UHD clears it by setting 0.
    tree->create<uhd::time_spec_t>(path / "time/cmd")
        .add_coerced_subscriber([=](const uhd::time_spec_t& time) {
            const bool clear = time == uhd::time_spec_t(0.0);
            board->set_command_time(clear ? std::nullopt
                                          : std::optional<Ticks>(time.to_ticks(rate)));
        });
}

/// A property that takes one of its sibling's options.
uhd::property<std::string>& add_choice(const Tree& tree, const fs_path& value,
                                       const fs_path& options,
                                       const std::vector<std::string>& choices) {
    tree->create<std::vector<std::string>>(options).set(choices);
    return tree->create<std::string>(value).set_coercer([=](const std::string& choice) {
        std::string expected;
        for (const std::string& known : choices) {
            if (known == choice) return choice;
            expected += (expected.empty() ? "" : ", ") + known;
        }
        throw uhd::value_error(std::string(value) + ": expected one of " + expected + ", found '" +
                               choice + "'");
    });
}

void add_sources(const Tree& tree, const fs_path& path, const BoardPointer& board) {
    add_choice(tree, path / "clock_source/value", path / "clock_source/options",
               {"internal", "external"})
        .add_coerced_subscriber([=](const std::string& s) { board->set_clock_source(s); })
        .set("internal");
    add_choice(tree, path / "time_source/value", path / "time_source/options",
               {"internal", "external", "none"})
        .add_coerced_subscriber([=](const std::string& s) { board->set_time_source(s); })
        .set("internal");
    tree->create<uhd::sensor_value_t>(path / "sensors/ref_locked").set_publisher([=] {
        return uhd::sensor_value_t("Ref", board->reference_locked(), "locked", "unlocked");
    });
}

/// The antenna of each channel, from a subdevice specification such as "A:0 A:1".
std::vector<std::size_t> antennas_of(const uhd::usrp::subdev_spec_t& spec, std::size_t antennas) {
    std::vector<std::size_t> channels;
    for (const auto& pair : spec) {
        std::size_t antenna = 0;
        while (antenna < antennas && std::to_string(antenna) != pair.sd_name)
            ++antenna;
        if (pair.db_name != "A" || antenna == antennas) {
            throw uhd::value_error(
                "subdevice specification: expected A:0 to A:" + std::to_string(antennas - 1) +
                ", found " + pair.db_name + ":" + pair.sd_name);
        }
        channels.push_back(antenna);
    }
    return channels;
}

/// A receiver's gain, as B200 and E3xx have it: what is set counts once automatic gain is off.
void add_automatic_gain(const Tree& tree, const fs_path& path, const BoardPointer& board,
                        std::size_t antenna) {
    const auto apply = [=] {
        const bool is_automatic = tree->access<bool>(path / "gain/agc/enable").get();
        const double set_db = tree->access<double>(path / "gains/PGA/value").get();
        board->set_gain(Direction::receive, antenna, is_automatic ? automatic_gain_db : set_db);
    };
    tree->access<double>(path / "gains/PGA/value").add_coerced_subscriber([=](double) { apply(); });
    tree->create<bool>(path / "gain/agc/enable").set(true).add_coerced_subscriber([=](bool) {
        apply();
    });
    apply();
}

void add_front_end(const Tree& tree, const fs_path& path, Direction direction,
                   const BoardPointer& board, std::size_t antenna) {
    const bool sends = direction == Direction::transmit;
    const bool has_automatic_gain = !sends && board->config().automatic_gain;
    // The name by which programs tell those that have it.
    tree->create<std::string>(path / "name")
        .set(has_automatic_gain ? "FE-RX" + std::to_string(antenna + 1) : "air");
    tree->create<std::string>(path / "connection").set("IQ");
    tree->create<bool>(path / "enabled").set(true);
    tree->create<bool>(path / "use_lo_offset").set(false);
    tree->create<uhd::device_addr_t>(path / "tune_args").set(uhd::device_addr_t());
    tree->create<uhd::meta_range_t>(path / "freq/range").set(frequencies_hz);
    tree->create<double>(path / "freq/value")
        .set_coercer([](double hz) { return frequencies_hz.clip(hz); })
        .add_coerced_subscriber([=](double hz) { board->set_frequency(direction, antenna, hz); })
        .set(1e9);
    tree->create<uhd::meta_range_t>(path / "gains/PGA/range").set(gains_db);
    tree->create<double>(path / "gains/PGA/value")
        .set_coercer([](double db) { return gains_db.clip(db, true); })
        .add_coerced_subscriber([=](double db) { board->set_gain(direction, antenna, db); })
        .set(0);
    if (has_automatic_gain) add_automatic_gain(tree, path, board, antenna);
    const std::vector<std::string> sockets =
        sends ? std::vector<std::string>{"TX/RX"} : std::vector<std::string>{"TX/RX", "RX2"};
    add_choice(tree, path / "antenna/value", path / "antenna/options", sockets).set(sockets.back());
    // The whole sampling bandwidth passes, whatever it is set to.
    const uhd::meta_range_t bandwidths_hz(1e3, board->tick_rate_hz());
    tree->create<uhd::meta_range_t>(path / "bandwidth/range").set(bandwidths_hz);
    tree->create<double>(path / "bandwidth/value")
        .set_coercer([=](double hz) { return bandwidths_hz.clip(hz); })
        .set(board->tick_rate_hz());
    tree->create<uhd::sensor_value_t>(path / "sensors/lo_locked")
        .set(uhd::sensor_value_t("LO", true, "locked", "unlocked"));
}

void add_dsp(const Tree& tree, const fs_path& path, Direction direction, const BoardPointer& board,
             std::size_t channel) {
    const double rate = board->tick_rate_hz();
    tree->create<uhd::meta_range_t>(path / "rate/range")
        .set(uhd::meta_range_t(board->nearest_rate(1), rate));
    tree->create<double>(path / "rate/value")
        .set_coercer([=](double hz) { return board->set_rate(direction, channel, hz); })
        .set(1e6);
    const uhd::meta_range_t offsets_hz(-rate / 2, rate / 2);
    tree->create<uhd::meta_range_t>(path / "freq/range").set(offsets_hz);
    tree->create<double>(path / "freq/value")
        .set_coercer([=](double hz) { return offsets_hz.clip(hz); })
        .add_coerced_subscriber([=](double hz) {
            const auto antennas = board->antennas(direction);
            if (channel < antennas.size())
                board->set_offset_frequency(direction, antennas[channel], hz);
        })
        .set(0);
    if (direction == Direction::receive) tree->create<uhd::stream_cmd_t>(path / "stream_cmd");
}

void add_direction(const Tree& tree, const fs_path& path, Direction direction,
                   const BoardPointer& board) {
    const std::string name = direction == Direction::transmit ? "tx" : "rx";
    const std::size_t antennas = board->config().antennas;
    std::string all;
    for (std::size_t a = 0; a < antennas; ++a) {
        const std::string number = std::to_string(a);
        all += (a == 0 ? "A:" : " A:") + number;
        add_front_end(tree, path / "dboards/A" / (name + "_frontends") / number, direction, board,
                      a);
        add_dsp(tree, path / (name + "_dsps") / number, direction, board, a);
    }
    tree->create<uhd::usrp::subdev_spec_t>(path / (name + "_subdev_spec"))
        .add_coerced_subscriber([=](const uhd::usrp::subdev_spec_t& spec) {
            board->set_antennas(direction, antennas_of(spec, antennas));
        })
        .set(all);
    const fs_path codec = path / (name + "_codecs") / "A";
    tree->create<std::string>(codec / "name").set("air");
    tree->create<int>(codec / "gains");
    tree->create<uhd::usrp::dboard_eeprom_t>(path / "dboards/A" / (name + "_eeprom"))
        .set(uhd::usrp::dboard_eeprom_t());
}

}  // namespace

void add_board(const uhd::property_tree::sptr& tree, std::size_t number,
               const std::shared_ptr<Board>& board) {
    const fs_path path = fs_path("/mboards") / std::to_string(number);
    add_identity(tree, path, board);
    add_time(tree, path, board);
    add_sources(tree, path, board);
    tree->create<uhd::usrp::dboard_eeprom_t>(path / "dboards/A/gdb_eeprom")
        .set(uhd::usrp::dboard_eeprom_t());
    add_direction(tree, path, Direction::receive, board);
    add_direction(tree, path, Direction::transmit, board);
}

}  // namespace gr::aircomp::virtual_radio
