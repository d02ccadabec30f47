// SPDX-License-Identifier: GPL-3.0-or-later
// Where in the model an all-reduce happens: the model says.
#pragma once

#include "aircomp/inference/site.hpp"

namespace aircomp::runtime {

using inference::Site;
using inference::SiteKind;

}  // namespace aircomp::runtime
