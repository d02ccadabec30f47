// SPDX-License-Identifier: GPL-3.0-or-later
// The burst format: its checks, its bytes and the sequences that follow from it.
#include "gnuradio/aircomp/phy/burst_format.hpp"

#include <array>
#include <cmath>
#include <numeric>
#include <stdexcept>
#include <string>
#include <utility>

namespace gr::aircomp::phy {
namespace {

constexpr double pi = 3.14159265358979323846;
constexpr std::uint16_t magic = 0xAC0F;
constexpr std::size_t most_slots = 1024;
// Of the small roots the one with the lowest sidelobes where the signs change (-27 dB or less).
constexpr std::size_t zadoff_chu_root = 3;

using Field = std::uint16_t BurstFormat::*;
constexpr std::array<std::pair<const char*, Field>, 13> fields = {{
    {"version", &BurstFormat::version},
    {"fft_size", &BurstFormat::fft_size},
    {"guard_low", &BurstFormat::guard_low},
    {"guard_high", &BurstFormat::guard_high},
    {"dc_null", &BurstFormat::dc_null},
    {"prefix", &BurstFormat::prefix},
    {"sync_period", &BurstFormat::sync_period},
    {"sync_periods", &BurstFormat::sync_periods},
    {"pilots", &BurstFormat::pilots},
    {"resource_block", &BurstFormat::resource_block},
    {"ramp", &BurstFormat::ramp},
    {"sounding_symbols", &BurstFormat::sounding_symbols},
    {"data_preamble", &BurstFormat::data_preamble},
}};

void require(bool holds, const std::string& field, const std::string& expected, std::size_t found) {
    if (holds) return;
    throw std::invalid_argument("burst format: " + field + ": expected " + expected + ", found " +
                                std::to_string(found));
}

void within(const std::string& field, std::size_t value, std::size_t lowest, std::size_t highest) {
    require(value >= lowest && value <= highest, field,
            "a number from " + std::to_string(lowest) + " to " + std::to_string(highest), value);
}

bool is_power_of_two(std::size_t n) {
    return (n & (n - 1)) == 0;
}

void validate_carriers(const BurstFormat& f) {
    require(f.fft_size >= 16 && f.fft_size <= 4096 && is_power_of_two(f.fft_size), "fft_size",
            "a power of two from 16 to 4096", f.fft_size);
    within("dc_null", f.dc_null, 0, 1);
    const std::size_t guards = static_cast<std::size_t>(f.guard_low) + f.guard_high;
    within("guard_low + guard_high", guards, 2, f.fft_size / 2U);
    within("guard_low", f.guard_low, 1, f.fft_size / 2U - 2);
    within("guard_high", f.guard_high, 1, f.fft_size / 2U - 2);
    within("pilots", f.pilots, 2, f.used_subcarriers() / 2);
    within("resource_block", f.resource_block, 1, f.used_subcarriers());
}

}  // namespace

std::size_t BurstFormat::sounding_slots() const {
    return std::accumulate(device_antennas.begin(), device_antennas.end(), std::size_t{0});
}

std::size_t BurstFormat::first_slot(std::size_t device) const {
    return std::accumulate(device_antennas.begin(),
                           device_antennas.begin() + static_cast<std::ptrdiff_t>(device),
                           std::size_t{0});
}

std::size_t BurstFormat::data_symbols(std::size_t length, std::size_t streams) const {
    const std::size_t reals = 2 * streams * data_subcarriers();
    return (length + reals - 1) / reals;
}

bool operator==(const BurstFormat& a, const BurstFormat& b) {
    for (const auto& [name, field] : fields) {
        if (a.*field != b.*field) return false;
    }
    return a.device_antennas == b.device_antennas;
}

void validate(const BurstFormat& f) {
    require(f.version == BurstFormat::current_version, "version",
            std::to_string(BurstFormat::current_version), f.version);
    validate_carriers(f);
    within("prefix", f.prefix, 1, f.fft_size);
    require(f.sync_period >= 16 && f.sync_period <= 4096 && is_power_of_two(f.sync_period),
            "sync_period", "a power of two from 16 to 4096", f.sync_period);
    require(f.sync_period >= 2U * f.prefix, "sync_period", "at least twice the prefix",
            f.sync_period);
    within("sync_periods", f.sync_periods, 2, 8);
    within("ramp", f.ramp, 0, f.prefix);
    within("sounding_symbols", f.sounding_symbols, 1, 4096);
    within("data_preamble", f.data_preamble, 0, 1);
    for (std::size_t n = 0; n < f.device_antennas.size(); ++n)
        within("device_antennas[" + std::to_string(n) + "]", f.device_antennas[n], 1, 64);
    within("device_antennas: sum", f.sounding_slots(), 1, most_slots);
}

std::vector<std::uint8_t> serialise(const BurstFormat& format) {
    std::vector<std::uint8_t> bytes;
    const auto put = [&bytes](std::uint16_t word) {
        bytes.push_back(static_cast<std::uint8_t>(word & 0xFF));
        bytes.push_back(static_cast<std::uint8_t>(word >> 8));
    };
    put(magic);
    for (const auto& [name, field] : fields)
        put(format.*field);
    put(static_cast<std::uint16_t>(format.device_antennas.size()));
    for (const std::uint16_t antennas : format.device_antennas)
        put(antennas);
    return bytes;
}

BurstFormat parse_burst_format(gsl::span<const std::uint8_t> bytes) {
    constexpr std::size_t fixed = 2 * (fields.size() + 2);
    require(bytes.size() >= fixed && bytes.size() % 2 == 0, "size",
            "an even number of at least " + std::to_string(fixed) + " bytes", bytes.size());
    const auto word = [bytes](std::size_t i) {
        return static_cast<std::uint16_t>(bytes[2 * i] | bytes[2 * i + 1] << 8);
    };
    require(word(0) == magic, "magic", std::to_string(magic), word(0));
    // Before anything else is believed: another version may mean other fields.
    require(word(1) == BurstFormat::current_version, "version",
            std::to_string(BurstFormat::current_version), word(1));
    BurstFormat format;
    for (std::size_t i = 0; i < fields.size(); ++i)
        format.*(fields[i].second) = word(i + 1);
    const std::size_t devices = word(fields.size() + 1);
    require(bytes.size() == fixed + 2 * devices, "size",
            std::to_string(fixed + 2 * devices) + " bytes", bytes.size());
    format.device_antennas.clear();
    for (std::size_t n = 0; n < devices; ++n)
        format.device_antennas.push_back(word(fields.size() + 2 + n));
    validate(format);
    return format;
}

void require_same(const BurstFormat& ours, const BurstFormat& theirs) {
    for (const auto& [name, field] : fields)
        require(ours.*field == theirs.*field, name, std::to_string(ours.*field), theirs.*field);
    require(ours.device_antennas == theirs.device_antennas, "device_antennas",
            "those of " + std::to_string(ours.device_antennas.size()) + " devices, the same",
            theirs.device_antennas.size());
}

CarrierPlan carrier_plan(const BurstFormat& format) {
    validate(format);
    CarrierPlan plan;
    const int half = format.fft_size / 2;
    for (int frequency = -half; frequency < half; ++frequency) {
        const auto bin = static_cast<std::size_t>((frequency + format.fft_size) % format.fft_size);
        if (frequency < -half + format.guard_low || frequency >= half - format.guard_high) {
            plan.null_bins.push_back(bin);
        } else if (frequency != 0 || format.dc_null == 0) {
            plan.used_block.push_back(plan.used_bin.size() / format.resource_block);
            plan.used_bin.push_back(bin);
            plan.used_frequency.push_back(frequency);
        }
    }
    const std::size_t used = plan.used_bin.size();
    for (std::size_t i = 0; i < format.pilots; ++i)
        plan.pilots.push_back((2 * i + 1) * used / (2U * format.pilots));
    for (std::size_t i = 0, next = 0; i < used; ++i) {
        if (next < plan.pilots.size() && plan.pilots[next] == i) {
            ++next;
        } else {
            plan.data.push_back(i);
        }
    }
    return plan;
}

std::vector<Sample> sync_sequence(const BurstFormat& format) {
    const std::size_t period = format.sync_period;
    std::vector<Sample> sequence;
    for (std::size_t n = 0; n < period; ++n) {
        const std::size_t square = zadoff_chu_root * n * n % (2 * period);
        const double angle = -pi * static_cast<double>(square) / static_cast<double>(period);
        sequence.emplace_back(std::polar(1.0, angle));
    }
    return sequence;
}

int sync_sign(const BurstFormat& format, std::size_t period) {
    // Low sidelobes of the products of neighbours; bit i is period i, set for -1.
    constexpr std::array<unsigned, 9> negative = {0, 0, 0, 0x4, 0x8, 0x10, 0x16, 0x58, 0x3A};
    return (negative[format.sync_periods] >> period & 1U) != 0 ? -1 : 1;
}

float pilot_sign(std::size_t symbol, std::size_t pilot) {
    // A hash's lowest bit: without a pattern, so that pilots add no spectral line or peak.
    std::uint32_t hash = static_cast<std::uint32_t>(symbol * 31 + pilot) * 0x9E3779B1U;
    hash ^= hash >> 15;
    return (hash * 0x85EBCA77U >> 31) != 0 ? -1.0F : 1.0F;
}

std::vector<Sample> sounding_sequence(const BurstFormat& format) {
    // Newman's phases: a quadratic in frequency is a chirp in time.
    const std::size_t used = format.used_subcarriers();
    std::vector<Sample> sequence;
    for (std::size_t k = 0; k < used; ++k) {
        const double angle =
            pi * static_cast<double>(k * k % (2 * used)) / static_cast<double>(used);
        sequence.emplace_back(std::polar(1.0, angle));
    }
    return sequence;
}

std::vector<float> ramp_factors(const BurstFormat& format) {
    std::vector<float> factors;
    for (std::size_t i = 0; i < format.ramp; ++i) {
        const double x = (static_cast<double>(i) + 0.5) / format.ramp;
        factors.push_back(static_cast<float>(0.5 - 0.5 * std::cos(pi * x)));
    }
    return factors;
}

}  // namespace gr::aircomp::phy
