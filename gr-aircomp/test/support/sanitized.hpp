// SPDX-License-Identifier: GPL-3.0-or-later
// Whether a test runs under sanitizers, which make a program several times slower.
#pragma once

namespace aircomp::test {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool sanitized = true;
#else
constexpr bool sanitized = false;
#endif

}  // namespace aircomp::test
