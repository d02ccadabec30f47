// SPDX-License-Identifier: GPL-3.0-or-later
// A device's clock by the server's headers, as a block.
#pragma once

#include <gnuradio/aircomp/api.h>
#include <gnuradio/block.h>
#include <gnuradio/aircomp/phy/burst_format.hpp>

namespace gr {
namespace aircomp {

/*!
 * \brief Hears the server's headers before a round and gives the round's vector its turn, with what
 * its burst has to take back of the device's oscillator. \ingroup aircomp
 *
 * \details
 * Message ports:
 *  - "rounds", in: PDU of the round's vector; metadata "round" (uint64), "sounding" (bool),
 *    "new_reference" (bool: the first header becomes the reference of all phases), where there is
 *    one "begin_anew" (bool: the clocks were set, earlier headers mean nothing any more), "headers"
 *    (u64vector, ticks at which they begin) and "time" (uint64, tick at which the burst begins).
 *  - "windows", in: PDU of [antennas, window] samples with all headers of a round; metadata "round"
 *    and "time" (uint64, tick of its first sample).
 *  - "settings", out: dictionary "round", "phase" (rad) and "offset" (cycles per sample), as the
 *    preprocessor takes them; before
 *  - "vectors", out: the round's PDU, where all its headers were found.
 *  - "reports", out: dictionary "round", "found", "snr_db" (of the last header) and, where found,
 *    "offset_hz": what the device's oscillator is predicted to be ahead of the server's.
 *
 * A window that belongs to no round, and a PDU that is wrong, is logged and dropped.
 */
class AIRCOMP_API header_tracker : virtual public gr::block {
public:
    typedef std::shared_ptr<header_tracker> sptr;

    /*!
     * \param format burst format that all share.
     * \param antennas antennas of the device.
     * \param lead samples of a window before its first header.
     * \param tail samples of a window after its last header.
     * \param sample_rate_hz sampling rate of the radio, Hz; a tick is a sample.
     * \param linewidth_hz linewidth of the device's and the server's oscillators together, Hz.
     * \param initial_offset_hz standard deviation of their offset before the first header, Hz.
     *
     * Throws std::invalid_argument on values that are none.
     */
    static sptr make(const phy::BurstFormat& format, size_t antennas, size_t lead, size_t tail,
                     double sample_rate_hz, double linewidth_hz = 1,
                     double initial_offset_hz = 5000);
};

}  // namespace aircomp
}  // namespace gr
