// SPDX-License-Identifier: GPL-3.0-or-later
// The text that scales are calibrated on, where a tokenizer is at hand.
#pragma once

namespace aircomp::runtime {

inline constexpr const char* calibration_text =
    "A small town lies where the river leaves the hills. In the morning the market fills with "
    "people who sell bread, apples and cloth, and who talk about the weather. The bridge was built "
    "two hundred years ago; before that, a ferry carried carts and animals across the water.\n\n"
    "To install the program, unpack the archive and read the file that comes with it. Every option "
    "has a default value, which can be changed in the configuration file or on the command line. "
    "If a value is missing, the program reports the name of the file and the line.\n\n"
    "A wave that meets an obstacle is partly reflected and partly absorbed. When several waves "
    "arrive at one place at the same time, their amplitudes add. This is why two sources of equal "
    "strength can be louder together than either of them alone, or cancel each other.\n\n"
    "She closed the book and looked out of the window. It had rained during the night, and the "
    "street was still wet. \"We should go before noon,\" he said, \"or we shall miss the train.\" "
    "Nobody answered. The clock in the hall struck nine.\n\n"
    "The committee met four times in 1998 and published its report the year after. It found that "
    "the costs had been estimated too low by about 12 percent, and recommended a second study.\n";

}  // namespace aircomp::runtime
