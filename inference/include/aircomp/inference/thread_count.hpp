// SPDX-License-Identifier: GPL-3.0-or-later
// How many threads to compute with.
#pragma once

namespace aircomp::inference {

/// `wanted` where that is above 0; else this machine's cores, divided among `processes` that
/// compute at once, at least 1.
int thread_count(int wanted = 0, int processes = 1);

}  // namespace aircomp::inference
