// SPDX-License-Identifier: GPL-3.0-or-later
// Vectors to bursts as a block.
#pragma once

#include <gnuradio/aircomp/api.h>
#include <gnuradio/block.h>
#include <gnuradio/aircomp/phy/burst_format.hpp>

#include <cstdint>
#include <optional>

namespace gr {
namespace aircomp {

/*!
 * \brief A device's transmitter: vectors of reals in, bursts of samples out, as PDUs.
 * \ingroup aircomp
 *
 * \details
 * Message ports:
 *  - "vectors", in: PDU of length floats; metadata "round" (uint64) names the round. With
 * metadata "sounding" true, whatever the payload, the device's sounding burst is made instead.
 *  - "settings", in: dictionary with any of "scale", "second_moment", "clip_level", "precoders"
 *    (c32vector, [resource blocks, antennas, streams]), "preamble_power_w", "phase", "offset",
 *    "sounding_power_w", and "round", from which they hold (without it: at once).
 *  - "bursts", out: PDU of [antennas, samples] samples under the metadata that came in.
 *  - "reports", out: dictionary "round", "clipped", "mean_power_w", "peak_power_w", "papr_db".
 *
 * At first all precoders are 1 and the scale is 1. A PDU or setting that is wrong is logged and
 * dropped.
 */
class AIRCOMP_API preprocessor : virtual public gr::block {
public:
    typedef std::shared_ptr<preprocessor> sptr;

    /*!
     * \param format burst format that all share.
     * \param device number of this device, from 0; its antennas are format.device_antennas[device].
     * \param length reals of a vector.
     * \param streams spatial streams, at most as many as antennas.
     * \param rotation_seed seed of the orthonormal rotation before the air; None: no rotation.
     *
     * Throws std::invalid_argument on values that are none.
     */
    static sptr make(const phy::BurstFormat& format, size_t device, size_t length,
                     size_t streams = 1, std::optional<uint64_t> rotation_seed = 1);

    /// Samples of a data burst, of a sounding burst.
    virtual size_t burst_samples() const = 0;
    virtual size_t sounding_samples() const = 0;
};

}  // namespace aircomp
}  // namespace gr
