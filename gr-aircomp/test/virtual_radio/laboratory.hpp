// SPDX-License-Identifier: GPL-3.0-or-later
// Virtual radios for a test: an air from a few lines of YAML, its boards in one device, their times
// set by one edge.
#pragma once

#include <complex>
#include <map>
#include <string>
#include <uhd/usrp/multi_usrp.hpp>
#include <vector>

#include "support/temporary_folder.hpp"

namespace aircomp::test {

using Samples = std::vector<std::complex<float>>;

/// An air in this process, and all its boards as one device of UHD with equal times.
class Laboratory {
public:
    /// `air` is the file's text; `arguments` are added to the device's.
    explicit Laboratory(const std::string& air, const std::string& arguments = "");

    uhd::usrp::multi_usrp& device() { return *device_; }
    /// A board time this many seconds ahead, on a grid of 10 ms.
    uhd::time_spec_t soon(double seconds = 0.05);
    /// What `device()` does with this configuration's file.
    std::string file() const { return file_; }

    /// Sends a burst from one channel at `time`.
    void send(std::size_t channel, const Samples& samples, uhd::time_spec_t time);
    /// What channels receive from `time` on, in order.
    std::vector<Samples> receive(const std::vector<std::size_t>& channels, std::size_t count,
                                 uhd::time_spec_t time);

private:
    TemporaryFolder folder_;
    std::string file_;
    uhd::usrp::multi_usrp::sptr device_;
    std::map<std::size_t, uhd::tx_streamer::sptr> senders_;  ///< By channel.
};

/// Samples of unit power, fixed by the seed.
Samples gaussian(std::size_t count, std::uint64_t seed);

/// Sets the times of all boards to 0 at one edge and waits for it.
void set_times(uhd::usrp::multi_usrp& device);

}  // namespace aircomp::test
