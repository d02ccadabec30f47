// SPDX-License-Identifier: GPL-3.0-or-later
// What daemons say about themselves on standard error: one event a line, for people or for
// machines.
#pragma once

#include <initializer_list>
#include <memory>
#include <string>
#include <utility>

#include "aircomp/runtime/testbed.hpp"

namespace aircomp::runtime::testbed {

class Log {
public:
    using Fields = std::initializer_list<std::pair<const char*, std::string>>;

    explicit Log(LogFormat format);
    ~Log();

    void info(const std::string& event, Fields fields = {});
    void warning(const std::string& event, Fields fields = {});

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace aircomp::runtime::testbed
