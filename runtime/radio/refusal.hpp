// SPDX-License-Identifier: GPL-3.0-or-later
// Bursts that the laboratory's limits do not let out.
#pragma once

#include <string>

#include "radio/radio_session.hpp"

namespace aircomp::runtime {

/// Does `transmission`. Whether limits refused it, which `burst` and `refusal` then say.
template <typename Transmission>
bool is_refused(const Transmission& transmission, BurstReport& burst, std::string& refusal) {
    try {
        transmission();
        return false;
    } catch (const TransmissionRefused& error) {
        burst.state = BurstState::refused;
        refusal = error.what();
        return true;
    }
}

}  // namespace aircomp::runtime
