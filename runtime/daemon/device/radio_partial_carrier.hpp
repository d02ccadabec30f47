// SPDX-License-Identifier: GPL-3.0-or-later
// A device's partials over its radio: they wait here for orders, which a thread of the radio's own
// carries out, so that neither computing nor heartbeats wait for the air.
//
//     computing thread:  carry            --partial, under a mutex-->
//     loop's thread:     command          --queue of jobs-->
//     radio's thread:    the job; reports go to the loop's thread
#pragma once

#include <array>
#include <atomic>
#include <functional>
#include <gsl/util>
#include <mutex>
#include <optional>
#include <vector>

#include "coding/partial_shaper.hpp"
#include "config/config.hpp"
#include "daemon/control_carrier.hpp"
#include "daemon/job_thread.hpp"
#include "round/device_radio.hpp"
#include "schemes/down/registry.hpp"

namespace aircomp::runtime::testbed {

class RadioPartialCarrier final : public PartialCarrier {
public:
    /// Sends a report to the coordinator; from any thread.
    using Say = std::function<void(control::Frame frame)>;

    /// `device` is an index of the configuration's; vectors are of `length` reals. Configuration and
    /// radio must outlive the carrier.
    RadioPartialCarrier(const Config& config, std::size_t device, std::int64_t length,
                        DeviceRadio& radio, const SendAnswer& answer, Say say);

    void carry(const Round& round, gsl::span<const float> partial, double compute_s) override;
    void command(const control::Message& message) override;
    std::vector<float> heard(const Round& round) override;
    void shape_by(const Shape& shape) override;
    void feed() override { radio_.feed(); }
    void silence() override {
        silent_ = true;
        thread_.end();
    }
    bool is_silent() const override { return thread_.has_ended(); }

private:
    /// What partials of one kind of sites are sent with.
    struct Settled {
        std::uint64_t from = 0;
        DeviceSettings settings;
    };

    void move_clock(const control::ClockCommand& command);
    void settle(const control::Settings& settings);
    void take_part(const control::Order& order);
    void check(const control::Listen& listen) const;
    void listen(const control::Listen& listen);
    MulticastReport hear(const control::Listen& listen);
    void keep(const control::Listen& listen, gsl::span<const std::uint8_t> message);
    /// `held`: what was held back of the vector for this order.
    DeviceReport burst(const control::Order& order, PartialShaper::HeldBack& held);
    /// Keeps the partial as it wants to be sent; returns the mean square of each vector of that.
    std::vector<float> keep(const Round& round, gsl::span<const float> partial);
    /// That of the round at hand, as the shaper sees it.
    SumRequest request() const;
    gsl::span<float> vector(std::int64_t v);

    /// The vector that an order is for, and with what.
    struct Ordered {
        std::vector<float> vector;
        SiteKind kind = SiteKind::attention;
        DeviceSettings settings;
        PartialShaper::HeldBack held;
    };
    Ordered ordered(const control::Order& order);

    const Config& config_;
    std::int64_t length_;
    std::size_t streams_, antennas_, resource_blocks_;
    DeviceRadio& radio_;
    ControlPartialCarrier by_link_;
    SendAnswer answer_;
    Say say_;
    std::atomic<bool> silent_ = false;
    /// By SiteKind; the radio's thread's alone.
    std::array<Settled, inference::site_kinds.size()> settled_;

    std::optional<SumMessage> by_air_;  ///< How sums come down by air, where they do.

    std::mutex mutex_;
    std::uint64_t heard_round_ = 0;          ///< Whose sum below is.
    std::vector<std::vector<float>> heard_;  ///< A vector each; empty where it has not come.
    Round round_;                            ///< Whose partial it is.
    std::vector<float> partial_;             ///< As it is sent, once that is so of a vector.
    std::vector<bool> held_back_;            ///< Of which vectors it is; their orders are repeated.
    std::optional<PartialShaper> shaper_;    ///< Without one, partials are sent as they are.

    /// After the last job: a round that the radio was called for may never have come.
    gsl::final_action<std::function<void()>> rest_;
    JobThread thread_;  // Uses all of the above: ends first.
};

}  // namespace aircomp::runtime::testbed
