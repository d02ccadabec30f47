// SPDX-License-Identifier: GPL-3.0-or-later
// Which symbols the module's library exports.
#pragma once

#include <gnuradio/attributes.h>

#ifdef gnuradio_aircomp_EXPORTS
#define AIRCOMP_API __GR_ATTR_EXPORT
#else
#define AIRCOMP_API __GR_ATTR_IMPORT
#endif
