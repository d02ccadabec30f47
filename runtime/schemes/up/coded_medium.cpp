// SPDX-License-Identifier: GPL-3.0-or-later
// Codes up, sums down, and what both take.
#include "schemes/up/coded_medium.hpp"

#include <cmath>
#include <utility>

#include "schemes/down/registry.hpp"
#include "schemes/up/rounds.hpp"

namespace aircomp::runtime {

CodedMedium::CodedMedium(RadioCell cell, std::unique_ptr<UplinkAccess> access)
    : cell_(std::move(cell)), down_(make_way_down(cell_.config())), access_(std::move(access)) {}

void CodedMedium::all_reduce(const SumRequest& request, SumCopies sum) {
    all_reduce_by({0, [this] { access_->measure(cell_); },
                   [this](const SumRequest& sent, std::int64_t v, gsl::span<float> out) {
                       transmit(sent, v, out);
                   }},
                  cell_, *down_, request, sum);
}

void CodedMedium::transmit(const SumRequest& request, std::int64_t v, gsl::span<float> out) {
    // Rates follow a moving channel at once.
    if (cell_.config().radio.doppler_hz > 0) access_->measure(cell_);
    charge(add(request, v, out));
}

void CodedMedium::charge(const std::vector<double>& bits) {
    const UplinkTime time = access_->time(bits);
    // A device spends its power while it transmits.
    std::vector<double> power_w(bits.size(), 0);
    for (std::size_t n = 0; n < bits.size(); ++n) {
        if (cell_.takes_part(n) && time.uses > 0)
            power_w[n] = cell_.power_w()[n] * time.device_uses[n] / time.uses;
    }
    Frame frame;
    frame.bursts = time.bursts;
    cell_.charge_uplink(cell_.air_time_s(time.uses), std::llround(time.uses), power_w, frame);
}

}  // namespace aircomp::runtime
