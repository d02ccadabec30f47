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
 * Works on streams whose samples have "rx_time" tags, as usrp_source makes them: continuous ones,
 * whose first sample and every sample after a loss have one, and those of timed commands. A sample
 * without a tag was received a tick after the one before. What belongs to no window is dropped.
 *
 * Message ports:
 *  - "expect", in: dictionary "round" (uint64), "time" (uint64, tick of the window's first sample)
 *    and "samples" (uint64, of each antenna, at most 2^24). Windows may overlap, and 64 may be
 *    waited for; one of a round takes the place of an earlier one of the same round.
 *  - "windows", out: PDU of [antennas, samples] samples in W, under the metadata of "expect".
 *  - "reports", out, one a window: dictionary "round" (uint64), "state" (symbol: "whole"; or
 *    "overflowed", where samples within it were lost; or "missing", where its first sample had
 *    passed or was lost, or no sample had a time for a second) and, of a whole one, "mean_dbfs"
 *    (double) of the loudest antenna at the converter and "peak_dbfs" (double), the largest |I| or
 *    |Q|.
 *
 * A stream that says by an "rx_rate" tag that it has another rate holds no windows.
 */
class AIRCOMP_API window_cutter : virtual public gr::sync_block {
public:
    typedef std::shared_ptr<window_cutter> sptr;

    /*!
     * \param rate sampling rate, a whole number of Hz; a tick is a sample.
     * \param antennas number of inputs.
     * \param unit_power_dbfs what samples of mean power 1 W are at the converters, dBFS.
     *
     * Throws std::invalid_argument on a rate of 0 or without antennas.
     */
    static sptr make(uint64_t rate, size_t antennas = 1, double unit_power_dbfs = -12);
};

}  // namespace aircomp
}  // namespace gr
