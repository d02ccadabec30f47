// SPDX-License-Identifier: GPL-3.0-or-later
// What an address looks like.
#include "config/address.hpp"

namespace aircomp::runtime {

bool is_address(const std::string& value) {
    const std::size_t colon = value.rfind(':');
    const std::string port = colon == std::string::npos ? "" : value.substr(colon + 1);
    const bool digits = !port.empty() && port.size() <= 5 &&
                        port.find_first_not_of("0123456789") == std::string::npos;
    return digits && colon > 0 && std::stoi(port) <= 65535;
}

bool is_address_or_none(const std::string& value) {
    return value == "none" || is_address(value);
}

}  // namespace aircomp::runtime
