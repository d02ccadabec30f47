// SPDX-License-Identifier: GPL-3.0-or-later
// The event loop as Boost.Asio has it, for the few files that speak to Asio themselves.
#pragma once

#include <boost/asio.hpp>
#include <boost/asio/ssl.hpp>
#include <optional>

#include "control/net.hpp"

namespace aircomp::runtime::control {

struct Loop::State {
    boost::asio::io_context io{1};  // One thread runs it.
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work{
        io.get_executor()};
    std::optional<boost::asio::signal_set> signals;
};

}  // namespace aircomp::runtime::control
