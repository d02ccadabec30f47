// SPDX-License-Identifier: GPL-3.0-or-later
// A device's receiver of the server's messages as a block.
#pragma once

#include <gnuradio/aircomp/api.h>
#include <gnuradio/block.h>
#include <gnuradio/aircomp/phy/burst_format.hpp>

namespace gr {
namespace aircomp {

/*!
 * \brief Windows with the server's bursts in, messages out. \ingroup aircomp
 *
 * \details
 * Message ports:
 *  - "windows", in: PDU of [antennas, lead + samples of the burst + tail] samples; metadata "round"
 *    (uint64), "training" (bool, false where it is left out), and "phase" and "offset" (double), by
 *    which the device's oscillator is ahead of the server's at the burst's first sample, rad, and how
 *    that grows, cycles per sample.
 *  - "settings", in: dictionary with "streams", "bits", "repetitions", "rate" and "power_w", as the
 *    Multicast Source has them, and "round", from which they hold.
 *  - "messages", out: PDU of bytes (u8vector, empty where none could be decoded); metadata "round",
 *    "training", "found" (bool, whether the message's checksum was right or, of training, whether the
 *    streams were heard), "evm" and "noise_power_w" (double).
 *
 * A window or setting that is wrong is logged and dropped. A message before the streams were learned, or
 * after a training that was not heard, is not found. Every start begins without streams.
 */
class AIRCOMP_API multicast_receiver : virtual public gr::block {
public:
    typedef std::shared_ptr<multicast_receiver> sptr;

    /*!
     * \param format burst format that all share.
     * \param message_bytes bytes of a message.
     * \param antennas antennas of the device.
     * \param lead samples of a window before a burst's first.
     * \param tail samples of a window after a burst's last.
     * \param power_w mean power of a burst, W, until settings say otherwise.
     *
     * Throws std::invalid_argument on values that are none.
     */
    static sptr make(const phy::BurstFormat& format, size_t message_bytes, size_t antennas,
                     size_t lead = 64, size_t tail = 128, double power_w = 1);
};

}  // namespace aircomp
}  // namespace gr
