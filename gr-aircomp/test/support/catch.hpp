// SPDX-License-Identifier: GPL-3.0-or-later
// Catch2 under one name: version 2 (Debian 12) and version 3 differ in their headers, and in what
// they call two things that the tests use.
#pragma once

#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>

#include <string>

using Catch::Approx;

namespace Catch {

inline auto Contains(const std::string& text) {
    return Matchers::ContainsSubstring(text);
}

}  // namespace Catch
#else
#include <catch2/catch.hpp>
#endif
