// SPDX-License-Identifier: GPL-3.0-or-later
// Placeholders for the docstrings of multicast_receiver; Doxygen's texts replace them in the build.
#include "pydoc_macros.h"
#define D(...) DOC(gr, aircomp, __VA_ARGS__)

static const char* __doc_gr_aircomp_multicast_receiver = R"doc()doc";

static const char* __doc_gr_aircomp_multicast_receiver_make = R"doc()doc";
