// SPDX-License-Identifier: GPL-3.0-or-later
// aircomp doctor: whether this host is fit for a testbed, and how to mend what is not.
#include <sys/resource.h>
#include <sys/timex.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <map>
#include <set>
#include <thread>

#include "aircomp/inference/compute.hpp"
#include "commands.hpp"
#include "engine/first_light.hpp"
#include "experiment_options.hpp"
#include "model_option.hpp"
#include "radio/open_radios.hpp"
#include "schemes/registry.hpp"

namespace aircomp::app {
namespace {

enum class Health { good, weak, bad };

struct Finding {
    std::string what;
    Health health = Health::good;
    std::string found;
    std::string mend = {};  ///< Empty where nothing is to be done.
};

struct DoctorOptions {
    std::string config_file;
    std::string certificates;
    std::string json;
};

/// What UHD asks for on fast Ethernet, bytes.
constexpr std::int64_t socket_buffer_bytes = 24912805;
constexpr double month_s = 30 * 86400;

std::string first_line(const std::string& file) {
    std::ifstream in(file);
    std::string line;
    std::getline(in, line);
    return line;
}

/// A word as the shell takes it, whatever is in it.
std::string quoted(const std::string& word) {
    std::string result = "'";
    for (const char c : word)
        result += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return result + "'";
}

struct Answer {
    int status = -1;  ///< 127 where there is no such program.
    std::string text;
};

/// Runs a program that stops within 30 s; both of its outputs.
Answer ask(const std::vector<std::string>& words) {
    std::string command = "timeout 30";
    for (const auto& word : words)
        command += " " + quoted(word);
    FILE* const pipe = popen((command + " 2>&1 </dev/null").c_str(), "r");
    Answer answer;
    if (pipe == nullptr) return answer;
    std::array<char, 4096> buffer;
    for (std::size_t n; (n = fread(buffer.data(), 1, buffer.size(), pipe)) > 0;)
        answer.text.append(buffer.data(), n);
    const int status = pclose(pipe);
    answer.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return answer;
}

/// What stands behind `label` in the line that has it.
std::string behind(const std::string& text, const std::string& label) {
    const auto at = text.find(label);
    if (at == std::string::npos) return "";
    const auto begin = text.find_first_not_of(" \t", at + label.size());
    if (begin == std::string::npos) return "";
    return text.substr(begin, text.find('\n', begin) - begin);
}

std::string last_line(const std::string& text) {
    const auto end = text.find_last_not_of(" \n");
    if (end == std::string::npos) return "no answer";
    const auto begin = text.rfind('\n', end);
    return text.substr(begin == std::string::npos ? 0 : begin + 1,
                       end - (begin == std::string::npos ? 0 : begin + 1) + 1);
}

Finding processor() {
    const bool wide = __builtin_cpu_supports("avx512f") != 0;
    const bool medium = __builtin_cpu_supports("avx2") != 0;
    const std::string cores = std::to_string(std::thread::hardware_concurrency()) + " cores, ";
    if (wide) return {"processor", Health::good, cores + "AVX-512"};
    if (medium) return {"processor", Health::good, cores + "AVX2"};
    return {"processor", Health::weak, cores + "neither AVX2 nor AVX-512",
            "weights are read without vector instructions: expect a few times fewer tokens/s"};
}

/// Why libtorch cannot compute so here; empty where it can.
std::string hindrance(const inference::Compute& compute) {
    try {
        inference::require_compute(compute);
    } catch (const std::runtime_error& error) {
        return error.what();
    }
    return "";
}

/// What the backend torch could be set to here.
Finding torch() {
    using inference::Compute;
    using inference::ComputeType;
    std::string found;
    try {
        found = "libtorch " + inference::torch_version();
    } catch (const std::runtime_error& error) {
        return {"torch", Health::weak, error.what(),
                "only calibrations and the backend torch need it: install aircomp whole"};
    }
    for (int n = -1;; ++n) {
        Compute compute{inference::ComputeBackend::torch,
                        n < 0 ? "cpu" : "cuda:" + std::to_string(n), ComputeType::float32};
        if (!hindrance(compute).empty()) break;
        found += ", " + compute.device + ":";
        for (const ComputeType type :
             {ComputeType::float32, ComputeType::bfloat16, ComputeType::float16}) {
            compute.dtype = type;
            if (hindrance(compute).empty()) found += std::string(" ") + inference::name_of(type);
        }
    }
    return {"torch", Health::good, found};
}

/// Of the configuration's section compute.
Finding compute_of(const runtime::Config& config) {
    const std::string problem = hindrance(config.compute);
    if (problem.empty()) return {"compute", Health::good, "as the configuration has it"};
    return {"compute", Health::bad, problem,
            "set what libtorch has here (see torch above), or build with the libtorch of PyPI's "
            "torch (docs/install.md)"};
}

Finding governor() {
    std::set<std::string> governors;
    for (unsigned i = 0; i < std::thread::hardware_concurrency(); ++i) {
        const auto one = first_line("/sys/devices/system/cpu/cpu" + std::to_string(i) +
                                    "/cpufreq/scaling_governor");
        if (!one.empty()) governors.insert(one);
    }
    if (governors.empty()) return {"CPU governor", Health::good, "this host cannot choose it"};
    std::string found;
    for (const auto& one : governors)
        found += (found.empty() ? "" : ", ") + one;
    if (found == "performance") return {"CPU governor", Health::good, found};
    return {"CPU governor", Health::weak, found,
            "run cpupower frequency-set --governor performance; otherwise radios may underflow "
            "while the CPU speeds up"};
}

Finding real_time() {
    rlimit limit{};
    getrlimit(RLIMIT_RTPRIO, &limit);
    if (geteuid() == 0 || limit.rlim_cur > 0) {
        return {"real-time priority", Health::good, "allowed"};
    }
    return {"real-time priority", Health::weak, "not allowed",
            "add the user to group usrp, which /etc/security/limits.d/uhd.conf of uhd-host grants "
            "it, and log in again"};
}

/// Certificates and the logs of several hosts go by it; radios have clocks of their own.
Finding system_clock() {
    timex state{};
    if (adjtimex(&state) >= 0 && (state.status & STA_UNSYNC) == 0) {
        return {"system clock", Health::good, "synchronised"};
    }
    return {
        "system clock", Health::weak, "not known to be synchronised",
        "run chrony or systemd-timesyncd; with a wrong clock, valid certificates may be refused"};
}

Finding socket_buffer(const std::string& key) {
    const std::string text = first_line("/proc/sys/net/core/" + key);
    const std::string what = "net.core." + key;
    if (text.empty()) {
        return {what, Health::weak, "cannot be read",
                "check it on a system where /proc/sys is mounted"};
    }
    const std::int64_t bytes = std::stoll(text);
    if (bytes >= socket_buffer_bytes) return {what, Health::good, text + " bytes"};
    return {what, Health::weak, text + " bytes",
            "sysctl -w " + what + "=" + std::to_string(socket_buffer_bytes) +
                " for radios on Ethernet (also in /etc/sysctl.d/)"};
}

Finding uhd(bool needed) {
    const auto answer = ask({"uhd_config_info", "--version"});
    const Health missing = needed ? Health::bad : Health::weak;
    if (answer.status != 0) {
        return {"UHD", missing, "not installed", "scripts/setup radio, or Debian's uhd-host"};
    }
    return {"UHD", Health::good, last_line(answer.text)};
}

/// All that UHD sees from here, for where no configuration says which are wanted.
Finding radios_in_sight() {
    const auto answer = ask({"uhd_find_devices"});
    std::string list;
    const std::string mark = "-- UHD Device ";
    for (auto at = answer.text.find(mark); at != std::string::npos;
         at = answer.text.find(mark, at + 1)) {
        const std::string one = answer.text.substr(at, answer.text.find(mark, at + 1) - at);
        list += (list.empty() ? "" : "; ") + behind(one, "type:") + " " + behind(one, "serial:");
    }
    if (!list.empty()) return {"radios in sight", Health::good, list};
    return {"radios in sight", Health::weak, "none",
            "radios are needed only for sums over the air: then check power, cable, network and "
            "access rights; virtual radios need UHD_MODULE_PATH (docs/virtual-radio.md)"};
}

/// As every command that needs the radio opens it: reference, channels, rates.
Finding bring_up(const std::string& what, const runtime::Config& config,
                 std::optional<std::size_t> device) {
    try {
        const auto options = runtime::try_radio(config, device);
        const bool is_own = options.clock_source == "internal";
        return {what, Health::good,
                "clock source " + options.clock_source + (is_own ? "" : " locked") +
                    ", channels: " + std::to_string(options.channels) + ", " +
                    number("%g", options.sample_rate_hz / 1e6) + " MHz"};
    } catch (const std::exception& error) {
        const std::string why = error.what();
        const bool is_reference = why.find("ref_locked") != std::string::npos;
        return {what, Health::bad, why,
                is_reference
                    ? "10 MHz at REF IN, 0 to 15 dBm; see docs/laboratory.md"
                    : "correct the section radios of the configuration; see docs/laboratory.md"};
    }
}

/// Found or not, which firmware, and whether it comes up.
void examine_radio(const runtime::Config& config, std::optional<std::size_t> device,
                   std::vector<Finding>& findings) {
    const std::string what = "radio " + (device ? config.devices[*device].name : "server");
    const auto& end = device ? config.radios.devices[*device] : config.radios.server;
    const std::string& args = end.args;
    const auto found = ask({"uhd_find_devices", "--args", args});
    if (found.status != 0) {
        const bool is_virtual = args.find("type=aircomp") != std::string::npos;
        findings.push_back({what, Health::bad, "no device at '" + args + "'",
                            is_virtual ? "set UHD_MODULE_PATH to the virtual radio's module "
                                         "(docs/virtual-radio.md)"
                                       : "check power, cable, address and access rights; "
                                         "uhd_find_devices lists what there is"});
        return;
    }
    const auto probe = ask({"uhd_usrp_probe", "--args", args});
    if (probe.status != 0) {
        findings.push_back({what, Health::bad, last_line(probe.text),
                            "if the firmware or FPGA image is wrong, run uhd_images_downloader, "
                            "then uhd_image_loader"});
        return;
    }
    std::string state = behind(probe.text, "Mboard:");
    for (const char* label : {"FW Version:", "FPGA Version:"}) {
        const auto version = behind(probe.text, label);
        if (!version.empty()) state += std::string(", ") + label + " " + version;
    }
    findings.push_back({what, Health::good, state});
    findings.push_back(bring_up(what + " bring-up", config, device));
}

Finding certificates(const std::filesystem::path& folder) {
    const auto file = folder / "certificate.pem";
    const std::string what = "certificate " + folder.string();
    for (const char* name : {"certificate.pem", "authority.pem", "key.pem"}) {
        if (access((folder / name).c_str(), R_OK) == 0) continue;
        return {what, Health::bad, std::string(name) + " is missing or cannot be read",
                "aircomp pki issue makes one; see docs/control.md"};
    }
    const auto chain = ask({"openssl", "verify", "-CAfile", folder / "authority.pem", file});
    if (chain.status != 0) {
        return {what, Health::bad, last_line(chain.text), "issue a new one: aircomp pki issue"};
    }
    const auto end =
        behind(ask({"openssl", "x509", "-enddate", "-noout", "-in", file}).text, "notAfter=");
    const auto soon =
        ask({"openssl", "x509", "-checkend", std::to_string(static_cast<std::int64_t>(month_s)),
             "-noout", "-in", file});
    if (soon.status != 0) {
        return {what, Health::weak, "ends " + end, "issue a new one: aircomp pki issue"};
    }
    return {what, Health::good, "until " + end};
}

std::vector<Finding> examine(const DoctorOptions& options) {
    setenv("UHD_LOG_CONSOLE_LEVEL", "error", /*overwrite=*/0);  // its banner is no answer
    runtime::Config config;
    if (!options.config_file.empty())
        config = runtime::read_config(options.config_file, runtime::check_scheme);
    const auto& radios = config.radios;
    std::vector<Finding> findings = {processor(),
                                     torch(),
                                     governor(),
                                     real_time(),
                                     system_clock(),
                                     socket_buffer("rmem_max"),
                                     socket_buffer("wmem_max"),
                                     uhd(/*needed=*/!radios.devices.empty())};
    const bool has_uhd = findings.back().health == Health::good;
    if (config.compute.backend == inference::ComputeBackend::torch)
        findings.push_back(compute_of(config));
    if (has_uhd && radios.devices.empty()) findings.push_back(radios_in_sight());
    if (has_uhd && !radios.devices.empty()) {
        examine_radio(config, std::nullopt, findings);
        for (std::size_t n = 0; n < radios.devices.size(); ++n)
            examine_radio(config, n, findings);
    }
    std::filesystem::path folder = config.testbed.certificates;
    if (!options.certificates.empty()) folder = options.certificates;
    if (!folder.empty()) findings.push_back(certificates(folder));
    return findings;
}

int run(const DoctorOptions& options) {
    const std::map<Health, const char*> names = {
        {Health::good, "good"}, {Health::weak, "weak"}, {Health::bad, "BAD"}};
    const auto findings = examine(options);
    std::vector<std::vector<std::string>> rows = {{"what", "health", "found"}};
    Json json = Json::array();
    bool fit = true;
    for (const Finding& finding : findings) {
        rows.push_back({finding.what, names.at(finding.health), finding.found});
        json.push_back({{"what", finding.what},
                        {"health", names.at(finding.health)},
                        {"found", finding.found},
                        {"mend", finding.mend}});
        fit = fit && finding.health != Health::bad;
    }
    std::ostream& out = options.json == "-" ? std::cerr : std::cout;
    out << table(rows);
    for (const Finding& finding : findings)
        if (!finding.mend.empty()) out << finding.what << ": " << finding.mend << "\n";
    write_json({{"fit", fit}, {"findings", json}}, options.json);
    return fit ? 0 : 1;
}

}  // namespace

void add_doctor(CLI::App& program) {
    auto options = std::make_shared<DoctorOptions>();
    CLI::App* command = program.add_subcommand(
        "doctor", "Check whether this host is fit for a testbed, and say how to solve problems");
    command
        ->add_option("config", options->config_file,
                     "YAML configuration whose radios and certificates are examined")
        ->transform(shipped_file());
    command->add_option("--certificates", options->certificates,
                        "Folder of this host's certificate, in place of the configuration's");
    command->add_option("--json", options->json, "Write the result to FILE, - for standard output");
    command->footer(
        "Exit code 0: fit, 1: something is bad.\nExamples:\n  aircomp doctor\n"
        "  aircomp doctor configs/b210-x310.yaml --certificates /etc/aircomp/device-1");
    command->callback([options] {
        const int code = run(*options);
        if (code != 0) throw CLI::RuntimeError(code);
    });
}

}  // namespace aircomp::app
