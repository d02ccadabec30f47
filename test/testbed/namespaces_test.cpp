// SPDX-License-Identifier: GPL-3.0-or-later
// Coordinator and devices on hosts of their own, with addresses, certificates and cables.
#include "testbed/namespaces.hpp"

#include "daemon/testbed.hpp"
#include "support/skip.hpp"
#include "testbed/laboratory.hpp"

namespace aircomp::test {
namespace {

TEST_CASE("over a network with certificates a cable is cut, and the text stays the same") {
    if (!may_make_namespaces())
        return skip("this process may not make network namespaces (ip netns add), run as root");
    Laboratory lab;
    lab.issue_certificates();
    const Namespaces hosts(4);
    lab.start_coordinator(
        {"--listen", "0.0.0.0:0", "--certificates", lab.certificates("coordinator")}, hosts.on(0));
    const std::string port = ":" + std::to_string(lab.port());
    for (int n = 1; n <= 4; ++n) {
        lab.start_device(static_cast<std::size_t>(n),
                         {"--certificates", lab.certificates("device-" + std::to_string(n))},
                         Namespaces::coordinator_address(n) + port, hosts.on(n));
    }
    REQUIRE(lab.reaches(20));
    hosts.cut_cable(3);
    const auto result = lab.result();
    CHECK(result["tokens"] == Laboratory::undisturbed());
    CHECK(result["devices"][2]["losses"] == 1);
    CHECK(lab.coordinator().says("device lost: device device-3, reason silent for"));
    CHECK(lab.coordinator().says("peer 10.77.4.2:"));
    CHECK(eventually([&] { return lab.device(3).says("the coordinator was silent for"); }));
}

}  // namespace
}  // namespace aircomp::test
