// SPDX-License-Identifier: GPL-3.0-or-later
// Settings that arrive as messages and wait for the round from which they hold.
#pragma once

#include <gnuradio/basic_block.h>
#include <gnuradio/logger.h>
#include <pmt/pmt.h>

#include <cstdint>
#include <exception>
#include <functional>
#include <iterator>
#include <map>
#include <vector>

#include "gnuradio/aircomp/phy/burst_format.hpp"

namespace gr {
namespace aircomp {

/// Of one antenna in a round: an order that asks for more is none.
constexpr uint64_t most_samples = uint64_t{1} << 24;

inline pmt::pmt_t setting(const pmt::pmt_t& settings, const char* key) {
    return pmt::dict_ref(settings, pmt::mp(key), pmt::PMT_NIL);
}

inline void read_setting(const pmt::pmt_t& settings, const char* key, double& value) {
    const pmt::pmt_t found = setting(settings, key);
    if (!pmt::is_null(found)) value = pmt::to_double(found);
}

inline void read_setting(const pmt::pmt_t& settings, const char* key,
                         std::vector<phy::Sample>& value) {
    const pmt::pmt_t found = setting(settings, key);
    if (!pmt::is_null(found)) value = pmt::c32vector_elements(found);
}

/// The round that a dictionary names, 0 where it names none.
inline uint64_t round_of(const pmt::pmt_t& settings) {
    const pmt::pmt_t round = setting(settings, "round");
    return pmt::is_null(round) ? 0 : pmt::to_uint64(round);
}

/// Whether metadata has the key `key`, and says `value` of it.
inline bool says(const pmt::pmt_t& metadata, const char* key, bool value) {
    const pmt::pmt_t found = setting(metadata, key);
    return !pmt::is_null(found) && pmt::to_bool(found) == value;
}

/// Runs `body`; what it throws is logged, not thrown: a wrong message must not end a flowgraph.
template <typename Body>
void logging_errors(const gr::logger_ptr& logger, const char* what, Body body) {
    try {
        body();
    } catch (const std::exception& error) {
        logger->error("{} refused: {}", what, error.what());
    }
}

class round_settings {
public:
    /// Takes what waits at the block's port "settings". Ports have no order among them: what was sent
    /// before a PDU is fetched when the PDU comes.
    void fetch(gr::basic_block& block, const gr::logger_ptr& logger) {
        while (const pmt::pmt_t message = block.delete_head_nowait(pmt::mp("settings")))
            logging_errors(logger, "settings", [&] { take(message); });
    }

    /// A dictionary, or a pair (any, dictionary) as Companion's message blocks make them.
    void take(const pmt::pmt_t& message) {
        const pmt::pmt_t settings =
            pmt::is_pair(message) && !pmt::is_dict(message) ? pmt::cdr(message) : message;
        waiting_.emplace(round_of(settings), settings);
    }

    /// Hands over, in order, what holds from `round` or earlier and was not handed over yet.
    void apply(uint64_t round, const std::function<void(const pmt::pmt_t&)>& change) {
        while (!waiting_.empty() && waiting_.begin()->first <= round) {
            const pmt::pmt_t settings = waiting_.begin()->second;
            waiting_.erase(waiting_.begin());
            change(settings);
        }
    }

    /// Drops what waits for a round: the rounds begin anew.
    void forget_rounds() {
        for (auto i = waiting_.begin(); i != waiting_.end();)
            i = pmt::is_null(setting(i->second, "round")) ? std::next(i) : waiting_.erase(i);
    }

private:
    std::multimap<uint64_t, pmt::pmt_t> waiting_;
};

}  // namespace aircomp
}  // namespace gr
