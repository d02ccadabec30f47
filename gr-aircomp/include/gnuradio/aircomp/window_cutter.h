// SPDX-License-Identifier: GPL-3.0-or-later
// Timed windows cut out of a radio's streams, as a block.
#pragma once

#include <gnuradio/aircomp/api.h>
#include <gnuradio/sync_block.h>

#include <cstdint>

namespace gr {
namespace aircomp {

/*!
 * \brief A radio's antennas in, one PDU per window out that was asked for. \ingroup aircomp
 *
 * \details
 * For streams of timed commands, whose first sample has an "rx_time" tag, as usrp_source makes
 * them. What belongs to no window is dropped.
 *
 * Message ports:
 *  - "expect", in: dictionary "round", "time" (uint64, tick of the window's first sample) and
 *    "samples" (uint64, of each antenna). Takes the place of what was expected before.
 *  - "windows", out: PDU of [antennas, samples] samples in W, under the metadata of "expect".
 *  - "reports", out: dictionary "round", "state" ("whole", or "overflowed" where samples were lost)
 *    and, of a whole one, "mean_dbfs" of the loudest antenna at the converter and "peak_dbfs", the
 *    largest |I| or |Q|.
 */
class AIRCOMP_API window_cutter : virtual public gr::sync_block {
public:
    typedef std::shared_ptr<window_cutter> sptr;

    /*!
     * \param rate sampling rate, an integer number of ticks per second.
     * \param antennas inputs.
     * \param unit_power_dbfs what samples of mean power 1 W are at the converters.
     *
     * Throws std::invalid_argument on a rate of 0 or without antennas.
     */
    static sptr make(uint64_t rate, size_t antennas = 1, double unit_power_dbfs = -12);
};

}  // namespace aircomp
}  // namespace gr
