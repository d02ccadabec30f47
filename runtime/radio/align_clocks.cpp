// SPDX-License-Identifier: GPL-3.0-or-later
// The lead over all radios' clocks: edge seen, set at the next one, compare.
#include <chrono>
#include <stdexcept>
#include <thread>

#include "radio/radio_session.hpp"

namespace aircomp::runtime {
namespace {

using Sleep = std::function<void(std::chrono::milliseconds)>;

constexpr auto poll = std::chrono::milliseconds(5);
// A pulse comes every second of radio time, and emulated radios may run many times slower than the
// wall clock. Only the pauses between two looks count, not the looks.
constexpr auto most_patience = std::chrono::seconds(60);

/// Waits until `radio` knows of another pulse than `before`.
void wait_for_pulse(TimedRadio& radio, const std::vector<Ticks>& before, const Sleep& sleep) {
    std::chrono::milliseconds slept{};
    while (radio.last_pulse() == before) {
        if (slept >= most_patience) {
            throw std::runtime_error("radio '" + radio.options().name +
                                     "': expected a pulse per second from time source '" +
                                     radio.options().time_source + "', found none in " +
                                     std::to_string(most_patience.count()) + " s");
        }
        sleep(poll);
        slept += poll;
    }
}

}  // namespace

void sleep_for(std::chrono::milliseconds pause) {
    std::this_thread::sleep_for(pause);
}

void align_clocks(gsl::span<TimedRadio* const> radios, Ticks zero, const Sleep& sleep) {
    if (radios.empty()) return;
    // Right after a pulse, most of a second is left to tell all radios what the next one is.
    wait_for_pulse(*radios[0], radios[0]->last_pulse(), sleep);
    const auto before = radios[0]->last_pulse();
    for (TimedRadio* radio : radios)
        radio->set_time_at_next_pulse(zero);
    wait_for_pulse(*radios[0], before, sleep);
    sleep(poll);
    const Ticks expected = radios[0]->last_pulse().at(0);
    for (TimedRadio* radio : radios) {
        const auto found = radio->last_pulse();
        for (std::size_t board = 0; board < found.size(); ++board) {
            if (found[board] == expected) continue;
            throw std::runtime_error(
                "radio '" + radio->options().name + "', board " + std::to_string(board) +
                ": expected the last pulse at tick " + std::to_string(expected) + ", as radio '" +
                radios[0]->options().name + "' has it, found " + std::to_string(found[board]) +
                "; is the pulse cable of each radio in place?");
        }
    }
}

}  // namespace aircomp::runtime
