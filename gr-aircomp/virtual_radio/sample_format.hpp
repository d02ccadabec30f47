// SPDX-License-Identifier: GPL-3.0-or-later
// Samples as a host may want them: complex floats or complex integers of full scale 1.
#pragma once

#include <string>

#include "gnuradio/aircomp/phy/burst_format.hpp"

namespace gr::aircomp::virtual_radio {

class SampleFormat {
public:
    /// "fc64", "fc32", "sc16" or "sc8"; throws uhd::value_error.
    explicit SampleFormat(const std::string& name);

    /// `count` samples from or to a host's buffer, beginning with its sample `first`.
    void read(const void* buffer, std::size_t first, std::size_t count, phy::Sample* out) const;
    void write(const phy::Sample* samples, std::size_t count, void* buffer,
               std::size_t first) const;

private:
    enum class Kind { fc64, fc32, sc16, sc8 };
    Kind kind_;
};

}  // namespace gr::aircomp::virtual_radio
