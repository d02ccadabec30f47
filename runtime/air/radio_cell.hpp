// SPDX-License-Identifier: GPL-3.0-or-later
// The simulated radio cell that every scheme works in: channels that change from coherence block
// to block, their sounding, simulated time, and what each transmission costs.
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <optional>
#include <vector>

#include "air/ledger.hpp"
#include "air/sounded_link.hpp"
#include "aircomp/optimizer/transceiver.hpp"
#include "config/config.hpp"
#include "config/seeds.hpp"

namespace aircomp::runtime {

/// One coherence block as nature made it and as the coordinator knows it.
struct CoherenceBlock {
    std::int64_t index = -1;
    std::vector<Eigen::MatrixXcd> channels;   ///< H_n, true, of now.
    std::vector<Eigen::MatrixXcd> estimates;  ///< Conditional mean of H_n given the pilots.
    std::vector<double> error_variances;      ///< Of an entry of H_n given the pilots.
};

/// beta_n of every device: what the configuration says, drawn from its seed where it says nothing.
std::vector<double> path_gains(const Config& config);

/// sigma^2, W: the largest max_power_w over snr_db.
double noise_power_w(const Config& config);

/// A float32 on the control link, and a complex one.
constexpr double bytes_per_real = 4;
constexpr double bytes_per_coefficient = 2 * bytes_per_real;

/// Seconds that `channel_uses` take.
double air_time_s(const RadioConfig& radio, double channel_uses);

/// Error variance of an entry of H_n by least squares from the pilots, sent with full power.
double pilot_variance(const Config& config, std::size_t device);

/// What stands around the payload of a vector on its way up: the bursts that devices and relays send
/// one after the other, and the changes of direction before them. The server's header comes besides.
struct Frame {
    double bursts = 1;
    double turnarounds = 1;  ///< At the devices, and at relays before theirs.
};

/// Channels depend on the seed and the block's index alone: every scheme meets the same ones.
class RadioCell {
public:
    /// `power_w[n]`: what device n may send its partials with; 0 for one that holds nothing of the
    /// model, and so neither transmits nor listens. Pilots are sent with max_power_w.
    RadioCell(const Config& config, std::vector<double> power_w);

    const Config& config() const { return config_; }
    bool takes_part(std::size_t device) const { return power_w_[device] > 0; }
    std::size_t participants() const;
    const std::vector<double>& power_w() const { return power_w_; }
    /// beta_n of every device.
    const std::vector<double>& path_gains() const { return path_gains_; }
    double noise_power_w() const { return noise_power_w_; }

    /// From now on payloads go into the frame of the last one in their direction, or no longer do.
    void share_frame(bool shared) { shares_frame_ = shared; }

    /// Time passes without transmissions.
    void elapse(double seconds) { pass(seconds); }

    /// Called before a round: where a new coherence block has begun since the last one, draws and
    /// sounds its channels, charges the sounding, and returns true. Within a block, channels move
    /// where there is Doppler.
    bool enter_block();

    const CoherenceBlock& block() const { return block_; }
    /// Time since the block's channels were drawn, s.
    double block_age_s() const { return now_s_ - block_begin_s_; }
    /// H_n of every device where the block is `age_s` old.
    std::vector<Eigen::MatrixXcd> channels_at(double age_s) const;

    /// Charges one uplink transmission whose payload takes `seconds`; `power_w` per device is spent
    /// on it. With whole costs its frame is charged as well, at the same power.
    void charge_uplink(double seconds, std::int64_t channel_uses,
                       const std::vector<double>& power_w, const Frame& frame = {});
    /// Charges a sum's way back to the devices: a burst of the server whose payload takes `seconds`.
    /// With whole costs its frame is charged as well.
    void charge_downlink(double seconds);
    /// Charges a sum's way back over the control link.
    void charge_wired_downlink(double seconds);
    /// How long ago the burst began whose preamble the devices' next burst refers to; nothing where
    /// that burst has a header of its own.
    std::optional<double> reference_age_s() const;
    /// What devices still need to change direction, were they to send now.
    double turnaround_left_s() const;
    void charge_control(double bytes);
    /// Charges the pilots of all devices, and their burst's frame.
    void charge_sounding();
    /// Charges the relays' sounding at the server, one after the other, once a coherence block.
    void charge_relay_sounding();
    /// Charges pilots of the server, by which devices design their precoders.
    void charge_design_pilots(std::int64_t uses);
    void charge_relays(double energy_j) { ledger_.relay_energy_j += energy_j; }

    const Ledger& ledger() const { return ledger_; }
    /// For entries of a medium's own, and for what takes no time of the cell.
    Ledger& ledger() { return ledger_; }

    double air_time_s(double channel_uses) const {
        return runtime::air_time_s(config_.radio, channel_uses);
    }

private:
    void draw_block(std::int64_t index);
    void charge_sounding_uses(std::int64_t uses);
    void charge_frame(const Frame& frame, double preamble_s, const std::vector<double>& power_w);
    void charge_frame_s(double seconds);
    /// Time passes for all radios.
    void pass(double seconds);
    /// What radios take so long besides being idle; `pass` comes of its own.
    void server_sends(double seconds);
    void server_receives(double seconds);

    Config config_;
    std::vector<double> power_w_;
    std::vector<double> path_gains_;
    double noise_power_w_;
    double header_s_, data_head_s_;  // of samples of the server's bursts, of the devices' own
    bool shares_frame_ = false;
    double now_s_ = 0;
    std::optional<double> reference_s_;  // when the last way down began, as reference_age_s() says
    double silent_since_s_ = 0;          // the end of the last way down
    double block_begin_s_ = 0;
    std::vector<SoundedLink> links_;
    CoherenceBlock block_;
    Ledger ledger_;
};

}  // namespace aircomp::runtime
