// SPDX-License-Identifier: GPL-3.0-or-later
// Turned and scaled samples by VOLK, whose functions for it have other names since version 3.1.
#pragma once

#include <volk/volk.h>
#include <volk/volk_version.h>

#include <cstddef>

#include "gnuradio/aircomp/phy/burst_format.hpp"

namespace gr::aircomp::phy {

#if VOLK_VERSION_MAJOR > 3 || (VOLK_VERSION_MAJOR == 3 && VOLK_VERSION_MINOR >= 1)
#define AIRCOMP_VOLK_BY_POINTER 1
#else
#define AIRCOMP_VOLK_BY_POINTER 0
#endif

/// out[i] = phase step^i in[i]; `phase` becomes that of the sample behind the last. `out` may be `in`.
inline void turn(Sample* out, const Sample* in, Sample step, Sample& phase, std::size_t count) {
#if AIRCOMP_VOLK_BY_POINTER
    volk_32fc_s32fc_x2_rotator2_32fc(out, in, &step, &phase, static_cast<unsigned>(count));
#else
    volk_32fc_s32fc_x2_rotator_32fc(out, in, step, &phase, static_cast<unsigned>(count));
#endif
}

/// out[i] = factor in[i]; `out` may be `in`.
inline void scale(Sample* out, const Sample* in, Sample factor, std::size_t count) {
#if AIRCOMP_VOLK_BY_POINTER
    volk_32fc_s32fc_multiply2_32fc(out, in, &factor, static_cast<unsigned>(count));
#else
    volk_32fc_s32fc_multiply_32fc(out, in, factor, static_cast<unsigned>(count));
#endif
}

#undef AIRCOMP_VOLK_BY_POINTER

}  // namespace gr::aircomp::phy
