// SPDX-License-Identifier: GPL-3.0-or-later
// The server's headers as a block.
#pragma once

#include <gnuradio/aircomp/api.h>
#include <gnuradio/block.h>
#include <gnuradio/aircomp/phy/burst_format.hpp>

namespace gr {
namespace aircomp {

/*!
 * \brief Orders of rounds in, the server's header bursts out. \ingroup aircomp
 *
 * \details
 * Message ports:
 *  - "rounds", in: PDU, its payload not looked at; metadata "round" (uint64), "headers" (u64vector,
 *    ticks at which they begin, ascending) and "header_antenna" (uint64).
 *  - "bursts", out: PDU of [antennas, samples] samples from the first header to the end of the
 * last, of which all antennas but one are silent; metadata "round" and "time", the first header's.
 *
 * An order that is wrong is logged and dropped.
 */
class AIRCOMP_API header_source : virtual public gr::block {
public:
    typedef std::shared_ptr<header_source> sptr;

    /*!
     * \param format burst format that all share.
     * \param antennas antennas of the server.
     * \param power_w mean power of a header, W.
     *
     * Throws std::invalid_argument on values that are none.
     */
    static sptr make(const phy::BurstFormat& format, size_t antennas, double power_w = 1);
};

}  // namespace aircomp
}  // namespace gr
