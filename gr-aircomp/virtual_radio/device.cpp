// SPDX-License-Identifier: GPL-3.0-or-later
// The virtual radio as a device of UHD: several boards of one air. UHD finds this module in its
// module path; device_arguments.hpp has the arguments.
#include <unistd.h>

#include <stdexcept>
#include <string>
#include <uhd/device.hpp>
#include <uhd/exception.hpp>
#include <uhd/utils/log.hpp>
#include <uhd/utils/static.hpp>

#include "board_tree.hpp"
#include "device_arguments.hpp"
#include "receive_streamer.hpp"
#include "transmit_streamer.hpp"

namespace gr::aircomp::virtual_radio {
namespace {

class Device : public uhd::device {
public:
    explicit Device(const uhd::device_addr_t& arguments) {
        const Opening opening = open_air(arguments);
        send_buffer_samples_ = opening.send_buffer_samples;
        try {
            seat_ = opening.air->claim(opening.boards, ::getpid());
        } catch (const std::runtime_error& error) {
            throw uhd::runtime_error(std::string("aircomp: ") + error.what());
        }
        _type = uhd::device::USRP;
        _tree = uhd::property_tree::make();
        _tree->create<std::string>("/name").set("aircomp virtual radio");
        for (const std::size_t index : opening.boards) {
            boards_.push_back(std::make_shared<Board>(opening.air, seat_, index));
            add_board(_tree, boards_.size() - 1, boards_.back());
        }
        if (opening.air->config().clock == ClockKind::event) add_clock(opening.air->config());
    }

    uhd::tx_streamer::sptr get_tx_stream(const uhd::stream_args_t& args) override {
        const std::vector<Port> chosen = ports(args, Direction::transmit);
        for (const Port& port : chosen) {
            if (port.board->has_transmitter(port.antenna))
                throw uhd::runtime_error("aircomp: antenna " + std::to_string(port.antenna) +
                                         " of board '" + port.board->config().name +
                                         "': has a transmit streamer already");
        }
        auto streamer =
            std::make_shared<TransmitStreamer>(chosen, format(args), send_buffer_samples_);
        for (const Port& port : chosen)
            port.board->set_transmitter(port.antenna, streamer);
        last_transmit_ = streamer;
        return streamer;
    }

    uhd::rx_streamer::sptr get_rx_stream(const uhd::stream_args_t& args) override {
        return std::make_shared<ReceiveStreamer>(ports(args, Direction::receive), format(args));
    }

    bool recv_async_msg(uhd::async_metadata_t& message, double timeout) override {
        const auto streamer = last_transmit_.lock();
        return streamer && streamer->recv_async_msg(message, timeout);
    }

private:
    /// What programs that know of an event clock tell it: that they are at rest, and which devices,
    /// by their arguments, they are about to set to work.
    void add_clock(const AirConfig& config) {
        const auto board = boards_.front();  // Keeps the seat, and the air for longer.
        _tree->create<bool>("/air/rest").add_coerced_subscriber([board](bool) {
            board->seat().rest();
        });
        _tree->create<std::string>("/air/call")
            .add_coerced_subscriber([board, config](const std::string& arguments) {
                board->seat().call(chosen_boards(uhd::device_addr_t(arguments), config));
            });
    }

    static std::string format(const uhd::stream_args_t& args) {
        return args.cpu_format.empty() ? "fc32" : args.cpu_format;
    }

    std::vector<Port> ports(const uhd::stream_args_t& args, Direction direction) const {
        std::vector<Port> all;
        for (const auto& board : boards_) {
            const auto antennas = board->antennas(direction);
            for (std::size_t c = 0; c < antennas.size(); ++c)
                all.push_back({board, antennas[c], c});
        }
        std::vector<Port> chosen;
        const auto channels = args.channels.empty() ? std::vector<std::size_t>{0} : args.channels;
        for (const std::size_t channel : channels) {
            if (channel >= all.size()) {
                throw uhd::index_error("streamer channels: expected below " +
                                       std::to_string(all.size()) + ", found " +
                                       std::to_string(channel));
            }
            chosen.push_back(all[channel]);
        }
        return chosen;
    }

    std::vector<std::shared_ptr<Board>> boards_;
    std::shared_ptr<Seat> seat_;  ///< Goes before the air, which the boards keep.
    std::size_t send_buffer_samples_;
    std::weak_ptr<TransmitStreamer> last_transmit_;
};

uhd::device_addrs_t find(const uhd::device_addr_t& hint) {
    if (!asks_for_virtual_radio(hint)) return {};
    try {
        return find_boards(hint);
    } catch (const uhd::value_error&) {
        // Opening it says what is wrong; UHD would say that it found nothing.
        return {hint};
    }
}

uhd::device::sptr make(const uhd::device_addr_t& arguments) {
    return std::make_shared<Device>(arguments);
}

}  // namespace
}  // namespace gr::aircomp::virtual_radio

UHD_STATIC_BLOCK(register_aircomp_virtual_radio) {
    using namespace gr::aircomp::virtual_radio;
    uhd::device::register_device(&find, &make, uhd::device::USRP);
}
