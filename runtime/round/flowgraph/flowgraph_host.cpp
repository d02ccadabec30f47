// SPDX-License-Identifier: GPL-3.0-or-later
// Starting flowgraphs, and waiting for them.
#include "round/flowgraph/flowgraph_host.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <stdexcept>
#include <thread>

#include "files/places.hpp"
#include "files/python.hpp"

namespace aircomp::runtime {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr auto poll_interval = milliseconds(100);
// For Python, GNU Radio and UHD to come up on a machine that has other things to do.
constexpr auto start_patience = seconds(120);
constexpr auto stop_patience = seconds(10);

std::filesystem::path temporary_folder() {
    std::string name = std::filesystem::temp_directory_path() / "aircomp-XXXXXX";
    if (mkdtemp(name.data()) == nullptr)
        throw std::runtime_error("cannot make the folder '" + name + "': " + std::strerror(errno));
    return name;
}

/// Where flowgraphs that are opened in Companion look for this program: a folder of the user's own.
std::filesystem::path companion_folder() {
    const char* const named = std::getenv("AIRCOMP_SOCKETS");
    std::filesystem::path folder =
        named != nullptr && *named != '\0' ? named : "/tmp/aircomp-" + std::to_string(getuid());
    struct stat found {};
    if (mkdir(folder.c_str(), S_IRWXU) != 0 && errno != EEXIST)
        throw std::runtime_error("cannot make the folder '" + folder.string() +
                                 "': " + std::strerror(errno));
    if (lstat(folder.c_str(), &found) != 0 || !S_ISDIR(found.st_mode) || found.st_uid != getuid())
        throw std::runtime_error("'" + folder.string() +
                                 "': expected a folder of this user's, for the sockets of "
                                 "flowgraphs, found something else");
    return folder;
}

void await_companion(const std::string& radio, const std::filesystem::path& place,
                     const FlowgraphKind& kind, FlowgraphLink& link,
                     std::optional<seconds> patience) {
    std::fprintf(stderr, "radio '%s': waiting at %s for flowgraphs/%s.grc to run in Companion\n",
                 radio.c_str(), place.c_str(), kind.file.c_str());
    const auto begin = std::chrono::steady_clock::now();
    while (!link.accept(poll_interval)) {
        if (patience && std::chrono::steady_clock::now() > begin + *patience)
            throw std::runtime_error("radio '" + radio + "': its flowgraph has ended");
    }
}

}  // namespace

/// Made when it is first needed.
const std::filesystem::path& FlowgraphHost::folder() {
    if (folder_.empty()) folder_ = temporary_folder();
    return folder_;
}

FlowgraphHost::~FlowgraphHost() {
    if (process_ > 0) {
        orders_ = Descriptor();  // Its end of input ends the process; where it does not, a signal.
        const auto deadline = std::chrono::steady_clock::now() + stop_patience;
        while (running() && std::chrono::steady_clock::now() < deadline)
            std::this_thread::sleep_for(poll_interval / 10);
        if (running()) {
            kill(process_, SIGKILL);
            waitpid(process_, nullptr, 0);
        }
    }
    std::error_code ignored;
    if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
}

bool FlowgraphHost::running() const {
    siginfo_t ended{};
    return process_ > 0 &&
           waitid(P_PID, static_cast<id_t>(process_), &ended, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           ended.si_pid == 0;
}

void FlowgraphHost::start() {
    if (process_ > 0) waitpid(process_, nullptr, 0);
    std::string script = data_folder() / "gr-aircomp/examples/run_radios.py";
    std::string python = python_with("gnuradio.gr", "gnuradio"), place = folder();
    offer_virtual_radios();
    const std::string log = folder() / "log";
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("cannot make a pipe");
    const Descriptor input(ends[0]);
    orders_ = Descriptor(ends[1]);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, input.get(), STDIN_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, log.c_str(),
                                     O_WRONLY | O_CREAT | O_APPEND, S_IRUSR | S_IWUSR);
    posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
    // A process group of its own: an interrupt is for this program, which then ends the flowgraphs.
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
    char* const arguments[] = {python.data(), script.data(), place.data(), nullptr};
    const int error =
        posix_spawn(&process_, python.c_str(), &actions, &attributes, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    if (error != 0) {
        process_ = -1;
        throw std::runtime_error("cannot start " + python + ": " + std::strerror(error));
    }
}

std::string FlowgraphHost::last_words() const {
    std::ifstream log(folder_ / "log");
    std::string line, last;
    while (std::getline(log, line)) {
        if (!line.empty()) last = line;
    }
    return last;
}

void FlowgraphHost::await_start(const std::string& radio, FlowgraphLink& link) const {
    const auto deadline = std::chrono::steady_clock::now() + start_patience;
    while (!link.accept(poll_interval)) {
        if (running() && std::chrono::steady_clock::now() < deadline) continue;
        throw std::runtime_error("radio '" + radio +
                                 "': its flowgraph did not start: " + last_words());
    }
}

/// Where it ends instead, its last words say why.
std::optional<FlowgraphMessage> FlowgraphHost::first_answer(FlowgraphLink& link,
                                                            RadioChain chain) const {
    try {
        return link.receive(start_patience);
    } catch (const std::runtime_error& error) {
        const std::string words = chain == RadioChain::companion ? "" : last_words();
        throw std::runtime_error(error.what() + (words.empty() ? "" : ": " + words));
    }
}

std::unique_ptr<FlowgraphLink> FlowgraphHost::open(const std::string& radio, RadioChain chain,
                                                   const FlowgraphKind& kind,
                                                   const pmt::pmt_t& setup,
                                                   std::optional<seconds> companion_patience) {
    const auto place = chain == RadioChain::companion ? companion_folder() : folder();
    auto link = std::make_unique<FlowgraphLink>(place / radio, "radio '" + radio + "'");
    if (chain == RadioChain::companion) {
        await_companion(radio, place, kind, *link, companion_patience);
    } else {
        if (!running()) start();
        const std::string order =
            radio + "\t" + kind.file + "\t" + std::to_string(kind.antennas) + "\n";
        if (write(orders_.get(), order.data(), order.size()) != static_cast<ssize_t>(order.size()))
            throw std::runtime_error("radio '" + radio +
                                     "': the flowgraphs have ended: " + last_words());
        await_start(radio, *link);
    }
    link->send("setup", setup);
    const auto answer = first_answer(*link, chain);
    if (answer && answer->port == "ready") return link;
    throw std::runtime_error(
        "radio '" + radio + "': its flowgraph " +
        (answer ? "refuses: " + pmt::symbol_to_string(answer->value) : "says nothing"));
}

}  // namespace aircomp::runtime
