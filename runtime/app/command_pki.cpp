// SPDX-License-Identifier: GPL-3.0-or-later
// aircomp pki: a laboratory's authority, and certificates for its daemons.
#include <iostream>

#include "commands.hpp"
#include "daemon/link/certificates.hpp"
#include "validators.hpp"

namespace aircomp::app {
namespace {

struct PkiOptions {
    std::string folder;
    std::string laboratory = "aircomp laboratory";
    std::string name;
    bool coordinator = false;
    int authority_days = 3650;
    int days = 365;
};

void init(const PkiOptions& options) {
    runtime::testbed::make_authority(options.folder, options.laboratory, options.authority_days);
    std::cout << options.folder << "/authority.pem: the authority; keep authority.key secret\n";
}

void issue(const PkiOptions& options) {
    using runtime::testbed::CertificateRole;
    const auto own = runtime::testbed::issue_certificate(
        options.folder, options.name,
        options.coordinator ? CertificateRole::coordinator : CertificateRole::device, options.days);
    std::cout << own.string() << ": give it to " << (options.coordinator ? "the coordinator" : "")
              << (options.coordinator ? "" : options.name) << " as --certificates, for "
              << options.days << " days\n";
}

}  // namespace

void add_pki(CLI::App& program) {
    auto options = std::make_shared<PkiOptions>();
    CLI::App* command = program.add_subcommand("pki", "Certificates of a laboratory");
    command->require_subcommand(1);
    CLI::App* first = command->add_subcommand("init", "Make a certificate authority");
    first->add_option("folder", options->folder, "Folder of the authority")->required();
    first->add_option("--laboratory", options->laboratory, "Name of the authority")
        ->capture_default_str();
    first->add_option("--days", options->authority_days, "Days that it is valid")
        ->check(between(1, 36500))
        ->capture_default_str();
    first->callback([options] { init(*options); });
    CLI::App* then = command->add_subcommand("issue", "Issue a certificate into FOLDER/NAME");
    then->add_option("folder", options->folder, "Folder of the authority")->required();
    then->add_option("name", options->name, "Name of the device; any name for a coordinator")
        ->required();
    then->add_flag("--coordinator", options->coordinator, "For a coordinator, not for a device");
    then->add_option("--days", options->days, "Days that it is valid")
        ->check(between(1, 36500))
        ->capture_default_str();
    then->callback([options] { issue(*options); });
    command->footer(
        "Examples:\n  aircomp pki init lab\n  aircomp pki issue lab coordinator --coordinator\n"
        "  aircomp pki issue lab device-1");
}

}  // namespace aircomp::app
