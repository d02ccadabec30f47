// SPDX-License-Identifier: GPL-3.0-or-later
// Channel estimation as a block.
#pragma once

#include <gnuradio/aircomp/api.h>
#include <gnuradio/block.h>
#include <gnuradio/aircomp/phy/burst_format.hpp>

namespace gr {
namespace aircomp {

/*!
 * \brief Windows with sounding bursts in, channel estimates of all devices out.
 * \ingroup aircomp
 *
 * \details
 * Message ports:
 *  - "windows", in: PDU of [antennas, window_samples] samples; metadata "round" (uint64). Those
 * with metadata "sounding" false are the postprocessor's, and dropped.
 *  - "settings", in: dictionary with "power_w" (f64vector, what each device sounds with from each
 *    antenna, 0 for one that does not) and "round", from which they hold.
 *  - "estimates", out: dictionary "round", "found", and where found "reference", "noise_power_w"
 * and "devices", a vector of dictionaries "found", "mmse" and "least_squares" (c32vector, [used
 *    subcarriers, server antennas, device antennas]), "least_squares_variance", "mmse_variance"
 *    (f64vector, a resource block each), "path_gain", "delay_samples".
 *
 * A window or setting that is wrong is logged and dropped.
 */
class AIRCOMP_API sounder : virtual public gr::block {
public:
    typedef std::shared_ptr<sounder> sptr;

    /*!
     * \param format burst format that all share.
     * \param antennas antennas of the server.
     * \param window_samples samples of a window of each antenna.
     * \param power_w power with which every device sounds from each antenna, W, until settings say
     *        otherwise.
     *
     * Throws std::invalid_argument on values that are none.
     */
    static sptr make(const phy::BurstFormat& format, size_t antennas, size_t window_samples,
                     double power_w = 1);
};

}  // namespace aircomp
}  // namespace gr
