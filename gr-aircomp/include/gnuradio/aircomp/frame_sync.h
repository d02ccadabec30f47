// SPDX-License-Identifier: GPL-3.0-or-later
// Bursts cut out of streams as a block.
#pragma once

#include <gnuradio/aircomp/api.h>
#include <gnuradio/sync_block.h>
#include <gnuradio/aircomp/phy/burst_format.hpp>

#include <cstdint>

namespace gr {
namespace aircomp {

/*!
 * \brief The server's antennas in, one PDU of samples per burst out.
 * \ingroup aircomp
 *
 * \details
 * With a period of 0 it looks for preambles and cuts a window that begins margin samples before
 * each burst found. With a period it looks for nothing: rounds are on a grid, and windows begin at
 * samples 0, period, 2 period, ...
 *
 * Message port "windows", out: PDU of [antennas, window_samples] samples, antenna after antenna;
 * metadata "round" (uint64, counted from 0), "first" (the stream's sample with which the window
 * begins; below 0 where zeros stand in for what came before the stream) and "start" (uint64, the
 * sample at which the burst begins, or on a grid the window), and where a preamble was found
 * "offset" (cycles per sample), "snr" and "statistic" (over its threshold). Where the stream
 * carries the radio's time, "rx_time" (as UHD's sources tag it) and "rx_time_at", the sample that
 * it is the time of.
 */
class AIRCOMP_API frame_sync : virtual public gr::sync_block {
public:
    typedef std::shared_ptr<frame_sync> sptr;

    /*!
     * \param format burst format that all share.
     * \param antennas number of inputs.
     * \param window_samples samples of a window of each antenna, a preamble at least.
     * \param period samples from one window to the next; 0: windows are where preambles are.
     * \param margin samples of a window before the burst found.
     * \param false_alarm probability of a detection, a sample of noise.
     *
     * Throws std::invalid_argument on values that are none, and without a period where the format has no
     * preamble before data.
     */
    static sptr make(const phy::BurstFormat& format, size_t antennas, size_t window_samples,
                     size_t period = 0, size_t margin = 64, double false_alarm = 1e-13);

    /// Windows cut so far.
    virtual uint64_t windows() const = 0;
};

}  // namespace aircomp
}  // namespace gr
