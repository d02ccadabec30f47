// SPDX-License-Identifier: GPL-3.0-or-later
// The server's messages as a block.
#pragma once

#include <gnuradio/aircomp/api.h>
#include <gnuradio/block.h>
#include <gnuradio/aircomp/phy/burst_format.hpp>

namespace gr {
namespace aircomp {

/*!
 * \brief Messages for all devices in, the server's bursts out. \ingroup aircomp
 *
 * \details
 * Message ports:
 *  - "messages", in: PDU of bytes (u8vector); metadata "round" (uint64), "time" (uint64, tick at which
 *    the burst begins), "header_antenna" (uint64, 0 where it is left out) and "training" (bool): then
 *    the bytes are not looked at, and the burst is the one from which devices learn the streams.
 *  - "settings", in: dictionary with "streams", "bits" (2, 4, 6 or 8 a symbol), "repetitions" (uint64
 *    each), "rate" (symbol, "1/2", "2/3", "3/4" or "5/6"), "beams" (c32vector, [antennas, streams],
 *    columns of norm 1), "power_w" (double), and "round", from which they hold.
 *  - "bursts", out: PDU of [antennas, samples] samples; metadata "round" and "time".
 *
 * Until settings say otherwise, one stream of QPSK at rate 1/2 goes out of the first antenna. A
 * message or setting that is wrong is logged and dropped.
 */
class AIRCOMP_API multicast_source : virtual public gr::block {
public:
    typedef std::shared_ptr<multicast_source> sptr;

    /*!
     * \param format burst format that all share.
     * \param antennas antennas of the server.
     * \param power_w mean power of a burst, W, until settings say otherwise.
     *
     * Throws std::invalid_argument on values that are none.
     */
    static sptr make(const phy::BurstFormat& format, size_t antennas, double power_w = 1);
};

}  // namespace aircomp
}  // namespace gr
