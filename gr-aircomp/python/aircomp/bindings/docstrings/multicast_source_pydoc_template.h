// SPDX-License-Identifier: GPL-3.0-or-later
// Placeholders for the docstrings of multicast_source; Doxygen's texts replace them in the build.
#include "pydoc_macros.h"
#define D(...) DOC(gr, aircomp, __VA_ARGS__)

static const char* __doc_gr_aircomp_multicast_source = R"doc()doc";

static const char* __doc_gr_aircomp_multicast_source_make = R"doc()doc";
