// SPDX-License-Identifier: GPL-3.0-or-later
// Medium `radio`: over the air of real or virtual radios, all opened in this process. Radio time
// passes by itself; what a round took of it is charged, the way back of the sum over the control
// link as the configuration has it.
#include "coding/exact_sum.hpp"
#include "round/radio_testbed.hpp"
#include "schemes/up/media.hpp"

namespace aircomp::runtime {
namespace {

class RadioMedium final : public Medium {
public:
    RadioMedium(RadioCell cell, AnalogCodec codec, const std::string& design)
        : config_(cell.config()),
          codec_(std::move(codec)),
          testbed_(config_, codec_, cell.power_w(), design) {
        usage_.transmit_energy_j.assign(config_.devices.size(), 0);
    }

    void all_reduce(const SumRequest& request, gsl::span<float> sum) override {
        check_request(request, sum);
        const auto length = static_cast<std::size_t>(request.length);
        for (std::int64_t v = 0; v < request.vectors; ++v) {
            std::vector<gsl::span<const float>> partials;
            for (std::size_t n = 0; n < config_.devices.size(); ++n)
                partials.push_back(request.partial(n, v));
            const auto round =
                testbed_.sum(request.site.kind, codec_.common_scale(request, v), partials,
                             sum.subspan(static_cast<std::size_t>(v) * length, length));
            charge(round, request.length);
        }
        usage_.repeated_rounds = static_cast<std::int64_t>(testbed_.leader().faults().size());
        usage_.coherence_blocks = testbed_.leader().soundings();
        usage_.sounding_s = testbed_.leader().sounding_s();
    }
    void elapse(double) override {}
    const LinkUsage& usage() const override { return usage_; }

private:
    void charge(const WholeRound& round, std::int64_t length) {
        const double rate_hz = config_.radio.bandwidth_hz;
        const double header_s =
            static_cast<double>(round.order.burst - round.order.headers.front()) / rate_hz;
        const double burst_s =
            static_cast<double>(codec_.channel_uses()) / (rate_hz * config_.radio.overhead_factor);
        usage_.uplink_s += header_s + burst_s;
        usage_.uplink_channel_uses += codec_.channel_uses();
        ++usage_.all_reduces;
        if (config_.radio.downlink == Downlink::control) {
            usage_.control_s += config_.radio.control_latency_s +
                                static_cast<double>(length) * config_.radio.downlink_bits / 8 /
                                    config_.radio.control_rate_bytes_per_s;
        }
        for (std::size_t n = 0; n < round.devices.size(); ++n) {
            usage_.transmit_energy_j[n] += burst_s * round.devices[n].mean_power_w;
            usage_.clipped_reals += static_cast<std::int64_t>(round.devices[n].clipped_reals);
        }
    }

    Config config_;
    AnalogCodec codec_;
    RadioTestbed testbed_;
    LinkUsage usage_;
};

}  // namespace

std::unique_ptr<Medium> make_radio_medium(RadioCell cell, AnalogCodec codec,
                                          const std::string& design) {
    return std::make_unique<RadioMedium>(std::move(cell), std::move(codec), design);
}

}  // namespace aircomp::runtime
