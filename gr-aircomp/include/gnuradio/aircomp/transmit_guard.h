// SPDX-License-Identifier: GPL-3.0-or-later
// What may go to a radio's converters, as a block.
#pragma once

#include <gnuradio/aircomp/api.h>
#include <gnuradio/block.h>

namespace gr {
namespace aircomp {

/*!
 * \brief Between bursts in watts and a radio's converters: scales them, and lets none pass that is
 * louder than allowed. \ingroup aircomp
 *
 * \details
 * Message ports:
 *  - "bursts", in: PDU of [antennas, samples] samples, their squared magnitudes in W; metadata
 *    "round" (uint64).
 *  - "bursts", out: the same in the converters' units, clipped to full scale.
 *  - "reports", out: dictionary "round", "passed", and of the loudest antenna "mean_dbfs",
 *    "peak_dbfs" (largest |I| or |Q|, before clipping) and, of all, "clipped" samples.
 *
 * 0 dBFS is a full-scale complex exponential. A PDU that is wrong is logged and dropped.
 */
class AIRCOMP_API transmit_guard : virtual public gr::block {
public:
    typedef std::shared_ptr<transmit_guard> sptr;

    /*!
     * \param antennas antennas of a burst.
     * \param unit_power_dbfs what samples of mean power 1 W are at the converters, dBFS.
     * \param max_mean_dbfs mean level of a burst's loudest antenna above which it does not pass,
     *        dBFS.
     *
     * Throws std::invalid_argument without antennas.
     */
    static sptr make(size_t antennas = 1, double unit_power_dbfs = -12, double max_mean_dbfs = -6);
};

}  // namespace aircomp
}  // namespace gr
