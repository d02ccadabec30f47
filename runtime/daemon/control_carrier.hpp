// SPDX-License-Identifier: GPL-3.0-or-later
// Carriers over the control link: partials as they are, for a medium of one process to sum.
#pragma once

#include <utility>

#include "daemon/coordinator/round_answers.hpp"
#include "schemes/medium.hpp"

namespace aircomp::runtime::testbed {

class ControlPartialCarrier final : public PartialCarrier {
public:
    explicit ControlPartialCarrier(SendAnswer send) : send_(std::move(send)) {}

    void carry(const Round& round, gsl::span<const float> partial, double compute_s) override;
    void command(const control::Message&) override {}  // There is no radio.
    std::vector<float> heard(const Round&) override {
        throw control::ProtocolError("sum: by air, of a device without a radio");
    }
    void shape_by(const Shape&) override {}
    void feed() override {}
    void silence() override {}

private:
    SendAnswer send_;
};

class ControlSumCarrier final : public SumCarrier {
public:
    /// `medium` sums what the links have brought; it must outlive the carrier, as `links` must. A
    /// partial that has not come after `round_timeout_s` is asked for once more.
    ControlSumCarrier(RoundLinks& links, double round_timeout_s, Medium& medium)
        : answers_(links, round_timeout_s), medium_(medium) {}

    void begin_epoch(std::uint32_t epoch, const std::vector<std::size_t>& devices) override;
    std::optional<RoundFailure> collect(const Round& round, const RoundStream& stream,
                                        gsl::span<float> sum) override;
    void report(std::size_t device, const control::Message& message) override;
    std::uint64_t repeated_rounds() const override { return answers_.repeated_rounds(); }

private:
    RoundAnswers answers_;
    Medium& medium_;
};

}  // namespace aircomp::runtime::testbed
