// SPDX-License-Identifier: GPL-3.0-or-later
// Virtual radios for a test.
#include "laboratory.hpp"

#include <chrono>
#include <cmath>
#include <thread>

#include "gnuradio/aircomp/phy/noise.hpp"
#include "support/catch.hpp"

namespace aircomp::test {

Samples gaussian(std::size_t count, std::uint64_t seed) {
    Samples samples(count);
    gr::aircomp::phy::NoiseGenerator(seed).fill(samples, 1.0F);
    return samples;
}

void set_times(uhd::usrp::multi_usrp& device) {
    device.set_time_next_pps(uhd::time_spec_t(0.0));
    // Until then the edges are at whatever fraction the board was opened.
    for (uhd::time_spec_t last(-1.0); last < 0.0 || last.get_frac_secs() != 0;) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
        last = device.get_time_last_pps();
    }
}

Laboratory::Laboratory(const std::string& air, const std::string& arguments)
    : file_(folder_.write("air.yaml", air).string()),
      device_(uhd::usrp::multi_usrp::make("type=aircomp,boards=all,clock=event,config=" + file_ +
                                          arguments)) {
    set_times(*device_);
}

uhd::time_spec_t Laboratory::soon(double seconds) {
    return std::ceil((device_->get_time_now().get_real_secs() + seconds) * 100) / 100;
}

void Laboratory::send(std::size_t channel, const Samples& samples, uhd::time_spec_t time) {
    uhd::stream_args_t args("fc32");
    args.channels = {channel};
    uhd::tx_streamer::sptr& sender = senders_[channel];
    if (!sender) sender = device_->get_tx_stream(args);
    uhd::tx_metadata_t metadata;
    metadata.has_time_spec = metadata.start_of_burst = metadata.end_of_burst = true;
    metadata.time_spec = time;
    REQUIRE(sender->send(samples.data(), samples.size(), metadata, 1) == samples.size());
}

std::vector<Samples> Laboratory::receive(const std::vector<std::size_t>& channels,
                                         std::size_t count, uhd::time_spec_t time) {
    uhd::stream_args_t args("fc32");
    args.channels = channels;
    const auto streamer = device_->get_rx_stream(args);
    uhd::stream_cmd_t command(uhd::stream_cmd_t::STREAM_MODE_NUM_SAMPS_AND_DONE);
    command.num_samps = count;
    command.stream_now = false;
    command.time_spec = time;
    streamer->issue_stream_cmd(command);
    std::vector<Samples> received(channels.size(), Samples(count));
    for (std::size_t done = 0; done < count;) {
        std::vector<void*> buffers;
        buffers.reserve(received.size());
        for (Samples& samples : received)
            buffers.push_back(samples.data() + done);
        uhd::rx_metadata_t metadata;
        const std::size_t n = streamer->recv(buffers, count - done, metadata, 5);
        INFO(metadata.strerror());
        REQUIRE(metadata.error_code == uhd::rx_metadata_t::ERROR_CODE_NONE);
        REQUIRE(metadata.time_spec ==
                time + uhd::time_spec_t::from_ticks(static_cast<long long>(done), 1e6));
        done += n;
    }
    return received;
}

}  // namespace aircomp::test
