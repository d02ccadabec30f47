// SPDX-License-Identifier: GPL-3.0-or-later
// What analog schemes over the simulated cell have in common: partials are shaped, sent as symbols and
// decoded, vector by vector.
#pragma once

#include <memory>

#include "air/radio_cell.hpp"
#include "coding/analog_codec.hpp"
#include "schemes/down/way_down.hpp"
#include "schemes/medium.hpp"

namespace aircomp::runtime {

class AnalogMedium : public Medium {
public:
    AnalogMedium(RadioCell cell, AnalogCodec codec);

    void all_reduce(const SumRequest& request, SumCopies sum) override;
    void elapse(double seconds) override { cell_.elapse(seconds); }
    const Ledger& usage() const override { return cell_.ledger(); }

protected:
    RadioCell& cell() { return cell_; }
    const RadioCell& cell() const { return cell_; }
    const AnalogCodec& codec() const { return codec_; }

private:
    /// To the devices, once a coherence block.
    virtual double settings_bytes() const = 0;
    /// See Rounds.
    virtual double expected_loss_nats(SiteKind) const { return 0; }
    /// In a new block, after it has been drawn and sounded.
    virtual void enter_block() = 0;
    /// Sends vector `v` of the request; the estimate of the sum goes to `out`, [length].
    virtual void transmit(const SumRequest& request, std::int64_t v, gsl::span<float> out) = 0;

    RadioCell cell_;
    std::unique_ptr<WayDown> down_;
    AnalogCodec codec_;
};

}  // namespace aircomp::runtime
