// SPDX-License-Identifier: GPL-3.0-or-later
// Starting, watching and ending processes.
#include "process.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <iostream>
#include <stdexcept>

namespace aircomp::app {
namespace {

volatile std::sig_atomic_t signal_came = 0;

/// In the new process; does not return.
[[noreturn]] void become(char* const* words, const char* log) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (*log != '\0') {
        const int file = open(log, O_WRONLY | O_CREAT | O_TRUNC, 0666);
        if (file < 0 || dup2(file, STDOUT_FILENO) < 0 || dup2(file, STDERR_FILENO) < 0) _exit(126);
    }
    execv(words[0], words);
    _exit(127);
}

}  // namespace

std::filesystem::path own_program() {
    return std::filesystem::read_symlink("/proc/self/exe");
}

Process::Process(std::vector<std::string> words, const std::string& log) {
    std::vector<char*> arguments(words.size() + 1, nullptr);
    std::transform(words.begin(), words.end(), arguments.begin(),
                   [](std::string& word) { return word.data(); });
    std::cout << std::flush;
    id_ = fork();
    if (id_ == 0) become(arguments.data(), log.c_str());
    if (id_ < 0) throw std::runtime_error(words[0] + ": cannot start: " + std::strerror(errno));
}

Process::~Process() {
    end();
}

void Process::end() {
    if (id_ < 0) return;
    kill(id_, SIGTERM);
    while (waitpid(id_, nullptr, 0) < 0 && errno == EINTR) {
    }
    id_ = -1;
}

bool Process::running() {
    if (id_ >= 0 && waitpid(id_, &status_, WNOHANG) == id_) id_ = -1;
    return id_ >= 0;
}

int Process::wait() {
    while (id_ >= 0) {
        if (waitpid(id_, &status_, 0) == id_)
            id_ = -1;
        else if (errno == EINTR)
            end_where_interrupted();
    }
    return WIFSIGNALED(status_) ? 128 + WTERMSIG(status_) : WEXITSTATUS(status_);
}

void unwind_on_signals() {
    struct sigaction action {};
    action.sa_handler = [](int) { signal_came = 1; };  // No SA_RESTART: waiting ends.
    for (const int signal : {SIGINT, SIGTERM, SIGHUP})
        sigaction(signal, &action, nullptr);
}

void end_where_interrupted() {
    if (signal_came != 0) throw CLI::RuntimeError(130);
}

}  // namespace aircomp::app
