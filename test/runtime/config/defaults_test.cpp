// SPDX-License-Identifier: GPL-3.0-or-later
// What a configuration is that sets nothing, or little.
#include "config/config.hpp"

#include <cstdint>
#include <stdexcept>

#include "config_texts.hpp"
#include "equal_configs.hpp"
#include "schemes/registry.hpp"
#include "support/catch.hpp"

namespace aircomp::runtime {
namespace {

TEST_CASE("the default configuration is valid for any number of devices") {
    for (const std::int64_t devices : {1, 2, 4, 9, 1024}) {
        const Config config = default_config(devices);
        CHECK(static_cast<std::int64_t>(config.devices.size()) == devices);
        CHECK_NOTHROW(validate(config, "default", check_scheme));
    }
    check_equal(default_config(), default_config(4));
    CHECK(default_config(9).devices[8].name == "device-9");
    CHECK_THROWS_AS(default_config(0), std::invalid_argument);
    CHECK_THROWS_AS(default_config(1025), std::invalid_argument);
}

TEST_CASE("a file changes only what it sets") {
    Config expected = default_config();
    expected.radio.snr_db = 7;
    check_equal(read("radio: {snr_db: 7}"), expected);
    check_equal(read("radio: {}\nshares: []\n"), default_config());
    check_equal(read("\xef\xbb\xbfradio:\r\n  snr_db: 7\r\n"), expected);
}

}  // namespace
}  // namespace aircomp::runtime
