// SPDX-License-Identifier: GPL-3.0-or-later
// A laboratory's wiring without its hardware: hosts as network namespaces, each with a cable of its
// own to the coordinator's.
#pragma once

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <stdexcept>
#include <string>
#include <vector>

namespace aircomp::test {

/// Whether this process may make network namespaces.
inline bool may_make_namespaces() {
    const std::string name = "aircomp-" + std::to_string(getpid()) + "-try";
    return std::system(("ip netns add " + name + " 2>/dev/null && ip netns del " + name).c_str()) ==
           0;
}

/// Host 0 is the coordinator's, 10.77.N.1 at its end of the cable to host N, who is 10.77.N.2.
class Namespaces {
public:
    explicit Namespaces(int devices) {
        for (int n = 0; n <= devices; ++n)
            names_.push_back("aircomp-" + std::to_string(getpid()) + "-" + std::to_string(n));
        hire_janitor();
        for (int n = 0; n <= devices; ++n) {
            run("ip netns add " + name(n));
            run("ip -n " + name(n) + " link set lo up");
            if (n > 0) lay_cable(n);
        }
    }
    ~Namespaces() {
        close(alive_);
        // Names are gone when the janitor is done.
        for (int i = 0; i < 500 && access(("/run/netns/" + name(0)).c_str(), F_OK) == 0; ++i)
            usleep(10000);
    }
    Namespaces(const Namespaces&) = delete;
    Namespaces& operator=(const Namespaces&) = delete;

    /// What a command line begins with that is to run on a host.
    std::vector<std::string> on(int host) const { return {"ip", "netns", "exec", name(host)}; }
    static std::string coordinator_address(int device) {
        return "10.77." + std::to_string(device) + ".1";
    }

    void cut_cable(int device) const {
        run("ip -n " + name(device) + " link set coordinator down");
    }

private:
    const std::string& name(int host) const { return names_.at(static_cast<std::size_t>(host)); }

    static void run(const std::string& command) {
        if (std::system(command.c_str()) != 0) throw std::runtime_error(command + ": failed");
    }

    void lay_cable(int n) const {
        const std::string cable = "cable" + std::to_string(n), net = "10.77." + std::to_string(n);
        run("ip link add " + cable + " netns " + name(0) +
            " type veth peer name coordinator netns " + name(n));
        run("ip -n " + name(0) + " address add " + net + ".1/30 dev " + cable);
        run("ip -n " + name(n) + " address add " + net + ".2/30 dev coordinator");
        run("ip -n " + name(0) + " link set " + cable + " up");
        run("ip -n " + name(n) + " link set coordinator up");
    }

    /// Whatever becomes of this process, somebody has to take the namespaces down: a process that
    /// is no child of ours any more waits until the pipe ends, which it does at the latest with us.
    void hire_janitor() {
        int ends[2];
        if (pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("pipe2: failed");
        alive_ = ends[1];
        std::string work = "cat >/dev/null";
        for (auto name = names_.rbegin(); name != names_.rend(); ++name) {
            work += "; ip netns pids " + *name + " | xargs -r kill -9; ip netns del " + *name;
        }
        const pid_t parent = fork();
        if (parent == 0) {
            if (fork() != 0) _exit(0);
            setsid();
            dup2(ends[0], STDIN_FILENO);
            const int nowhere = open("/dev/null", O_WRONLY);
            dup2(nowhere, STDOUT_FILENO);
            dup2(nowhere, STDERR_FILENO);
            execl("/bin/sh", "sh", "-c", work.c_str(), nullptr);
            _exit(127);
        }
        waitpid(parent, nullptr, 0);
        close(ends[0]);
    }

    std::vector<std::string> names_;
    int alive_ = -1;  ///< The janitor's cue.
};

}  // namespace aircomp::test
