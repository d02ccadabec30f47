// SPDX-License-Identifier: GPL-3.0-or-later
// Coordinators by name: names that do not resolve, not yet or not any more.
#include <cstdlib>
#include <fstream>

#include "daemon/link/net.hpp"
#include "support/skip.hpp"
#include "testbed/laboratory.hpp"
#include "testbed/relay.hpp"

namespace aircomp::test {
namespace {

namespace control = runtime::control;

/// No such name ever resolves (RFC 6761).
constexpr const char* nowhere = "lab.invalid";

/// Why a link to the address ends.
std::string end_of_link(control::Loop& loop, const control::Address& address) {
    std::optional<std::string> end;
    const auto link = control::connect(loop, address, nullptr);
    link->start({[] {}, [] { return std::size_t{0}; }, [](gsl::span<const std::byte>) {},
                 [&](const std::string& reason) { end = reason; }});
    REQUIRE(loop.run_until([&] { return end.has_value(); }, patience_s));
    return *end;
}

TEST_CASE("a link to a name that does not resolve ends with that, as one to a closed port does") {
    control::Loop loop;
    CHECK(end_of_link(loop, {nowhere, 5810}).rfind("lab.invalid: cannot be resolved: ", 0) == 0);
    CHECK(end_of_link(loop, {"127.0.0.1", 1}).rfind("cannot connect: ", 0) == 0);
}

TEST_CASE("a link that is closed while its name is looked up says nothing") {
    control::Loop loop;
    bool said = false;
    const auto link = control::connect(loop, {nowhere, 5810}, nullptr);
    link->start({[&] { said = true; }, [] { return std::size_t{0}; },
                 [](gsl::span<const std::byte>) {}, [&](const std::string&) { said = true; }});
    link->close();
    end_of_link(loop, {nowhere, 5810});  // Names are looked up one after the other.
    CHECK(!said);
}

TEST_CASE("a device whose coordinator's name does not resolve at its start says which option") {
    Laboratory lab;
    lab.issue_certificates();
    const std::string address = std::string(nowhere) + ":5810";
    lab.start_device(1, {}, address);
    lab.start_device(2, {"--certificates", lab.certificates("device-2")}, address);
    for (const std::size_t n : {1, 2}) {
        CHECK(lab.device(n).wait() == 2);
        CHECK(lab.device(n).says("aircomp: --coordinator: lab.invalid: cannot be resolved: "));
    }
}

/// /etc/hosts as one process sees it.
class Hosts {
public:
    explicit Hosts(std::filesystem::path file) : file_(std::move(file)) { write(""); }

    /// In place: the process sees this file, whatever its path.
    void write(const std::string& lines) const { std::ofstream(file_) << lines << std::flush; }

    /// What the command line of that process begins with.
    std::vector<std::string> prefix() const {
        return {
            "unshare",     "--mount", "sh", "-c", "mount --bind \"$0\" /etc/hosts && exec \"$@\"",
            file_.string()};
    }

    bool may_be_changed() const {
        return std::system(
                   ("unshare --mount mount --bind " + file_.string() + " /etc/hosts 2>/dev/null")
                       .c_str()) == 0;
    }

private:
    std::filesystem::path file_;
};

TEST_CASE("a device goes on trying while its coordinator's name does not resolve") {
    Laboratory lab("", small_devices());
    const Hosts hosts(lab.path("hosts"));
    if (!hosts.may_be_changed())
        return skip("this process may not mount a file over /etc/hosts, run as root");
    const std::string line = "127.0.0.1 " + std::string(nowhere) + "\n";
    hosts.write(line);
    lab.start_coordinator();
    Relay relay(lab.port());
    for (const std::size_t n : {2, 3, 4})
        lab.start_device(n);
    const std::string address = relay.address();
    lab.start_device(1, {}, nowhere + address.substr(address.rfind(':')), hosts.prefix());
    REQUIRE(lab.reaches(10));
    hosts.write("");
    relay.cut();  // No token is made without it.
    REQUIRE(eventually([&] { return lab.device(1).says("lab.invalid: cannot be resolved: "); }));
    hosts.write(line);
    const auto result = lab.result();
    CHECK(result["tokens"] == Laboratory::undisturbed());
    CHECK(result["devices"][0]["losses"] == 1);
    CHECK(lab.device(1).wait() == 0);
}

}  // namespace
}  // namespace aircomp::test
