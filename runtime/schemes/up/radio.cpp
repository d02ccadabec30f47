// SPDX-License-Identifier: GPL-3.0-or-later
// Medium `radio`: over the air of real or virtual radios, all opened in this process. Radio time
// passes by itself; what a round took of it is charged.
#include "config/waveform_format.hpp"
#include "round/radio_testbed.hpp"
#include "schemes/down/modulated_broadcast.hpp"
#include "schemes/down/registry.hpp"
#include "schemes/entries.hpp"
#include "schemes/up/media.hpp"
#include "schemes/up/rounds.hpp"

namespace aircomp::runtime {
namespace {

/// What tells a device of a burst of the server: time, streams and modulation, bytes.
constexpr double order_bytes = 16;

class RadioMedium final : public Medium {
public:
    RadioMedium(RadioCell cell, AnalogCodec codec, const std::string& design)
        : cell_(std::move(cell)),
          codec_(std::move(codec)),
          format_(burst_format(config())),
          testbed_(config(), codec_, cell_.power_w(), design),
          down_(make_way_down(config(), std::make_shared<ModulatedBroadcast>(
                                            config(), format_, testbed_.multicast(),
                                            testbed_.scheduler(), order_bytes))) {}

    void all_reduce(const SumRequest& request, SumCopies sum) override {
        all_reduce_by({std::nullopt, nullptr,
                       [this](const SumRequest& sent, std::int64_t v, gsl::span<float> out) {
                           transmit(sent, v, out);
                       },
                       &codec_},
                      cell_, *down_, request, sum);
        Ledger& ledger = cell_.ledger();
        const auto faults = static_cast<double>(testbed_.scheduler().faults().size());
        ledger.add(repeated_rounds, faults - ledger.of(repeated_rounds));
        ledger.coherence_blocks = testbed_.scheduler().soundings();
        ledger.sounding_s = testbed_.scheduler().sounding_s();
    }
    void elapse(double) override {}
    const Ledger& usage() const override { return cell_.ledger(); }

private:
    const Config& config() const { return cell_.config(); }

    void transmit(const SumRequest& request, std::int64_t v, gsl::span<float> out) {
        std::vector<gsl::span<const float>> partials;
        for (std::size_t n = 0; n < config().devices.size(); ++n)
            partials.push_back(request.partial(n, v));
        charge(testbed_.sum(request.site.kind, codec_.common_scale(request, v), partials, out));
    }

    void charge(const WholeRound& round) {
        Ledger& ledger = cell_.ledger();
        const double rate_hz = config().radio.bandwidth_hz;
        const double ordered_s =
            static_cast<double>(round.order.burst - round.order.headers.front()) / rate_hz;
        const double preamble_s = static_cast<double>(format_.burst_samples(0)) / rate_hz;
        const double burst_s = payload_s(config(), format_, codec_.payload());
        ledger.frame_s += ordered_s + preamble_s;
        ledger.server_energy_j += config().radio.server_power_w *
                                  static_cast<double>(round.order.headers.size()) *
                                  static_cast<double>(format_.header_samples()) / rate_hz;
        ledger.uplink_s += burst_s;
        ledger.uplink_channel_uses += codec_.channel_uses();
        ++ledger.all_reduces;
        for (std::size_t n = 0; n < round.devices.size(); ++n) {
            ledger.transmit_energy_j[n] += (preamble_s + burst_s) * round.devices[n].mean_power_w;
            ledger.add(clipped_reals, static_cast<double>(round.devices[n].clipped_reals));
        }
    }

    RadioCell cell_;  // for what it charges; its simulated channels are never drawn
    AnalogCodec codec_;
    phy::BurstFormat format_;
    RadioTestbed testbed_;
    std::unique_ptr<WayDown> down_;
};

}  // namespace

std::unique_ptr<Medium> make_radio_medium(RadioCell cell, AnalogCodec codec,
                                          const std::string& design) {
    return std::make_unique<RadioMedium>(std::move(cell), std::move(codec), design);
}

}  // namespace aircomp::runtime
