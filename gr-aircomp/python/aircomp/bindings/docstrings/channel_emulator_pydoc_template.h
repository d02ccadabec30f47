// SPDX-License-Identifier: GPL-3.0-or-later
// Placeholders for the docstrings of channel_emulator; Doxygen's texts replace them in the build.
#include "pydoc_macros.h"
#define D(...) DOC(gr, aircomp, __VA_ARGS__)

static const char* __doc_gr_aircomp_channel_emulator = R"doc()doc";

static const char* __doc_gr_aircomp_channel_emulator_latency = R"doc()doc";

static const char* __doc_gr_aircomp_channel_emulator_make = R"doc()doc";

static const char* __doc_gr_aircomp_channel_emulator_response = R"doc()doc";

static const char* __doc_gr_aircomp_channel_emulator_set_carrier_offsets = R"doc()doc";

static const char* __doc_gr_aircomp_channel_emulator_set_linewidths = R"doc()doc";

static const char* __doc_gr_aircomp_channel_emulator_set_link = R"doc()doc";

static const char* __doc_gr_aircomp_channel_emulator_set_noise_power = R"doc()doc";

static const char* __doc_gr_aircomp_channel_emulator_set_on = R"doc()doc";

static const char* __doc_gr_aircomp_channel_emulator_set_sampling_offsets = R"doc()doc";

static const char* __doc_gr_aircomp_channel_emulator_set_timing_offsets = R"doc()doc";
