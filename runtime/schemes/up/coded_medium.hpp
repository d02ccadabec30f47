// SPDX-License-Identifier: GPL-3.0-or-later
// What digital schemes have in common: devices' bits come to the server without errors, at the rate
// that their channels carry.
#pragma once

#include <memory>
#include <vector>

#include "air/radio_cell.hpp"
#include "schemes/down/way_down.hpp"
#include "schemes/medium.hpp"
#include "schemes/up/uplink_access.hpp"

namespace aircomp::runtime {

class CodedMedium : public Medium {
public:
    CodedMedium(RadioCell cell, std::unique_ptr<UplinkAccess> access);

    void all_reduce(const SumRequest& request, SumCopies sum) override;
    void elapse(double seconds) override { cell_.elapse(seconds); }
    const Ledger& usage() const override { return cell_.ledger(); }

protected:
    const RadioCell& cell() const { return cell_; }

private:
    /// Writes what the server makes of the codes of vector `v`, [length]. Returns the bits that each
    /// device sends for it.
    virtual std::vector<double> add(const SumRequest& request, std::int64_t v,
                                    gsl::span<float> out) = 0;

    void transmit(const SumRequest& request, std::int64_t v, gsl::span<float> out);
    void charge(const std::vector<double>& bits);

    RadioCell cell_;
    std::unique_ptr<WayDown> down_;
    std::unique_ptr<UplinkAccess> access_;
};

}  // namespace aircomp::runtime
