// SPDX-License-Identifier: GPL-3.0-or-later
// A shared object that is named like a driver and is none.
extern "C" __attribute__((visibility("default"))) int aircomp_something_else() {
    return 0;
}
