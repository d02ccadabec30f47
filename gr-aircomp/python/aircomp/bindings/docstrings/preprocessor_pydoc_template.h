// SPDX-License-Identifier: GPL-3.0-or-later
// Placeholders for the docstrings of preprocessor; Doxygen's texts replace them in the build.
#include "pydoc_macros.h"
#define D(...) DOC(gr, aircomp, __VA_ARGS__)

static const char* __doc_gr_aircomp_preprocessor = R"doc()doc";

static const char* __doc_gr_aircomp_preprocessor_burst_samples = R"doc()doc";

static const char* __doc_gr_aircomp_preprocessor_make = R"doc()doc";

static const char* __doc_gr_aircomp_preprocessor_sounding_samples = R"doc()doc";
