// SPDX-License-Identifier: GPL-3.0-or-later
// Contents of the folder page/ and of Chart.js, put here by CMake.
#pragma once

namespace aircomp::runtime::serve {

extern const char* const page_html;
extern const char* const page_css;
extern const char* const page_js;
extern const char* const chart_js;

}  // namespace aircomp::runtime::serve
