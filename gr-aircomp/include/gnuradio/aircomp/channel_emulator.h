// SPDX-License-Identifier: GPL-3.0-or-later
// The channel emulator as a block.
#pragma once

#include <gnuradio/aircomp/api.h>
#include <gnuradio/sync_block.h>

#include <complex>
#include <cstdint>
#include <vector>

namespace gr {
namespace aircomp {

/*!
 * \brief The air between radios: K transmit streams in, N_r receive streams out.
 * \ingroup aircomp
 *
 * \details
 * Every link has paths with whole or fractional delays and Doppler; every radio has a carrier
 * offset, a sampling offset, timing, phase noise, IQ imbalance and converters; every receive stream
 * has noise. Output sample n belongs to input sample n - latency(). As usrp_source does, it tags the first sample of every output with its
 * time, "rx_time", which is 0.
 *
 * Message port "settings" takes a dictionary, or a pair (any, dictionary), with any of
 *  - "noise_power": noise power per sample,
 *  - "transmitter" or "receiver": a radio's index, and with it the fields of that radio that
 *    change, by their names in phy::RadioImpairments ("carrier_offset_hz", "on", ...),
 *  - "receive_stream", "transmit_stream": a link, and with them "delays" (f64vector, samples) and
 *    "gains" (c64vector), one entry a path,
 *  - "at": a sample index (uint64); the settings wait until that input sample is the next.
 *
 * A dictionary that is wrong is logged and changes nothing.
 */
class AIRCOMP_API channel_emulator : virtual public gr::sync_block {
public:
    typedef std::shared_ptr<channel_emulator> sptr;

    /*!
     * \param sample_rate_hz sampling rate of all streams, Hz.
     * \param transmitter_antennas antennas of each transmitting radio, [transmitters]; their sum is
     *        the number of inputs.
     * \param receiver_antennas antennas of each receiving radio, [receivers]; their sum is the
     *        number of outputs.
     * \param noise_power noise power a complex sample at every receive antenna, W.
     * \param most_delay longest path that may be set, samples.
     * \param most_offset samples that a radio may be early or late, at most.
     * \param seed seed of noise, phase noise and fading.
     *
     * Throws std::invalid_argument on values that are none.
     */
    static sptr make(double sample_rate_hz, const std::vector<size_t>& transmitter_antennas,
                     const std::vector<size_t>& receiver_antennas, double noise_power,
                     double most_delay = 64, double most_offset = 16, uint64_t seed = 1);

    /// Noise power per complex sample. Throws std::invalid_argument below 0.
    virtual void set_noise_power(double power) = 0;
    /// One value per transmitting radio, or one for all. Throw std::invalid_argument.
    virtual void set_carrier_offsets(const std::vector<double>& offsets_hz) = 0;
    virtual void set_sampling_offsets(const std::vector<double>& offsets_ppm) = 0;
    virtual void set_timing_offsets(const std::vector<double>& offsets) = 0;
    virtual void set_linewidths(const std::vector<double>& linewidths_hz) = 0;
    virtual void set_on(const std::vector<bool>& on) = 0;
    /// A link's paths: delays in samples and gains, one entry a path.
    virtual void set_link(size_t receive_stream, size_t transmit_stream,
                          const std::vector<double>& delays,
                          const std::vector<std::complex<double>>& gains) = 0;
    /// Samples by which outputs lag behind inputs.
    virtual size_t latency() const = 0;
    /// A link's frequency response, frequency in cycles per sample, relative to latency().
    virtual std::complex<double> response(size_t receive_stream, size_t transmit_stream,
                                          double frequency) const = 0;
};

}  // namespace aircomp
}  // namespace gr
