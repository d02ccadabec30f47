// SPDX-License-Identifier: GPL-3.0-or-later
// When bursts are sent, as a block.
#pragma once

#include <gnuradio/aircomp/api.h>
#include <gnuradio/sync_block.h>

#include <cstdint>

namespace gr {
namespace aircomp {

/*!
 * \brief Bursts as PDUs in, one stream of samples per antenna out: round n is sent at n periods
 * after the start. \ingroup aircomp
 *
 * \details
 * Continuous, for an emulator: sample n * period is the first of round n, between bursts there are
 * zeros, and nothing comes out before the next round's burst is there. Rounds that never arrive
 * hold up the stream; rounds that are past are counted by late() and dropped.
 *
 * Not continuous, for a radio: only bursts come out, in the order in which they arrive, each with
 * a length tag and a "tx_time" tag (uint64 whole seconds, double fraction), counted in integer
 * ticks of the sampling clock from start_s whole seconds of the radio's time, where a PPS edge
 * is; or, where their metadata has "time" (uint64), at that tick of the radio's time.
 *
 * Message port "bursts", in: PDU of [antennas, samples] samples, metadata "round" (uint64).
 * "start", in: a pair (any, uint64) or uint64, the whole second of round 0, for radios whose clock
 * is set while running.
 */
class AIRCOMP_API burst_timer : virtual public gr::sync_block {
public:
    typedef std::shared_ptr<burst_timer> sptr;

    /*!
     * \param rate sampling rate, whole Hz; a tick is a sample.
     * \param period ticks from a round to the next.
     * \param continuous true: zeros fill the time between bursts; false: bursts alone, tagged.
     * \param start_s whole second of the radio's clock at which round 0 is sent.
     * \param length_tag name of the tag with a burst's length in samples.
     * \param antennas number of outputs.
     *
     * Throws std::invalid_argument on a rate or period of 0, or without antennas.
     */
    static sptr make(uint64_t rate, uint64_t period, bool continuous = true, uint64_t start_s = 2,
                     const std::string& length_tag = "packet_len", size_t antennas = 1);

    /// Bursts dropped: past their round, longer than a period, or without samples.
    virtual uint64_t late() const = 0;
};

}  // namespace aircomp
}  // namespace gr
