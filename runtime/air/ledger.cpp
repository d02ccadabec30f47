// SPDX-License-Identifier: GPL-3.0-or-later
// Entries by key.
#include "air/ledger.hpp"

namespace aircomp::runtime {

void Ledger::add(const LedgerEntry& entry, double amount) {
    own_[entry.key] += amount;
}

double Ledger::of(const LedgerEntry& entry) const {
    const auto found = own_.find(entry.key);
    return found == own_.end() ? 0 : found->second;
}

}  // namespace aircomp::runtime
