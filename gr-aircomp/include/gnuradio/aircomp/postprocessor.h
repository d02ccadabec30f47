// SPDX-License-Identifier: GPL-3.0-or-later
// Received windows to sums as a block.
#pragma once

#include <gnuradio/aircomp/api.h>
#include <gnuradio/block.h>
#include <gnuradio/aircomp/phy/burst_format.hpp>

#include <cstdint>
#include <optional>

namespace gr {
namespace aircomp {

/*!
 * \brief The server's receiver: windows of samples in, sums of the devices' vectors out, as PDUs.
 * \ingroup aircomp
 *
 * \details
 * Message ports:
 *  - "windows", in: PDU of [antennas, window_samples] samples, as frame_sync makes them; metadata
 *    "round" (uint64). Those with metadata "sounding" true are the sounder's, and dropped.
 *  - "settings", in: dictionary with any of "scale", "combiners" (c32vector, [resource blocks,
 *    streams, antennas]), "pilot_reference" (c32vector, [resource blocks, streams]),
 *    "smallest_part", "channel_reference", and "round", from which they hold.
 *  - "sums", out: PDU of length floats under the window's metadata and the report's; nothing
 *    where no burst was found.
 *  - "reports", out: dictionary "round", "found", and where found "offset" (cycles per sample),
 *    "snr", "noise_power_w", "pilot_gain", "confidence", "evm" and "phase" (f64vectors).
 *
 * At first all combiners are 1 and the pilot reference is the number of devices: what devices with
 * channels and precoders of 1 send. A PDU or setting that is wrong is logged and dropped.
 */
class AIRCOMP_API postprocessor : virtual public gr::block {
public:
    typedef std::shared_ptr<postprocessor> sptr;

    /*!
     * \param format burst format that all share.
     * \param length reals of a vector.
     * \param antennas antennas of the server.
     * \param window_samples samples of a window of each antenna.
     * \param streams spatial streams, at most as many as antennas.
     * \param rotation_seed seed that the devices rotate with; None: no rotation.
     * \param channel_reference sample of a window at which a burst begins for whose undelayed path
     *        the channel estimates have no phase slope; frame_sync's margin, or an emulator's
     *        latency() where windows are on a grid.
     *
     * Throws std::invalid_argument on values that are none.
     */
    static sptr make(const phy::BurstFormat& format, size_t length, size_t antennas,
                     size_t window_samples, size_t streams = 1,
                     std::optional<uint64_t> rotation_seed = 1, int64_t channel_reference = 64);
};

}  // namespace aircomp
}  // namespace gr
