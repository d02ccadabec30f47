// SPDX-License-Identifier: GPL-3.0-or-later
// Processes of a test: started, waited for, signalled, and gone at its end.
#pragma once

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

namespace aircomp::test {

/// Long enough for a busy machine; only a failure takes so long.
constexpr double patience_s = 60;

/// Whether `holds` comes true in time.
inline bool eventually(const std::function<bool()>& holds, double timeout_s = patience_s) {
    const auto begin = std::chrono::steady_clock::now();
    while (!holds()) {
        const auto waited = std::chrono::steady_clock::now() - begin;
        if (std::chrono::duration<double>(waited).count() > timeout_s) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return true;
}

inline std::string contents(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

/// One process, of aircomp unless said otherwise, killed at its end; both its outputs go to `log`.
class Process {
public:
    /// `prefix`: a command that becomes the program, such as `ip netns exec NAME`.
    Process(const std::vector<std::string>& arguments, std::filesystem::path log,
            const std::vector<std::string>& prefix = {}, const char* program = AIRCOMP_PROGRAM)
        : log_(std::move(log)) {
        std::vector<char*> words;
        for (const std::string& word : prefix)
            words.push_back(const_cast<char*>(word.c_str()));
        words.push_back(const_cast<char*>(program));
        for (const std::string& argument : arguments)
            words.push_back(const_cast<char*>(argument.c_str()));
        words.push_back(nullptr);
        id_ = fork();
        if (id_ == 0) {
            const int file = open(log_.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
            dup2(file, STDOUT_FILENO);
            dup2(file, STDERR_FILENO);
            execvp(words[0], words.data());
            _exit(127);
        }
    }
    ~Process() {
        if (code_) return;
        ::kill(id_, SIGKILL);
        waitpid(id_, nullptr, 0);
    }
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;

    pid_t id() const { return id_; }

    /// Nothing happens to one that has ended.
    void signal(int number) const {
        if (!code_) ::kill(id_, number);
    }

    /// Its exit code, 128 and more where a signal ended it; -1 where it does not end in time.
    int wait() {
        eventually([this] { return !is_running(); });
        return code_.value_or(-1);
    }

    bool is_running() {
        int status = 0;
        if (!code_ && waitpid(id_, &status, WNOHANG) == id_) {
            code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        }
        return !code_;
    }

    std::string log() const { return contents(log_); }
    bool says(const std::string& words) const { return log().find(words) != std::string::npos; }

private:
    std::filesystem::path log_;
    pid_t id_ = 0;
    std::optional<int> code_;
};

}  // namespace aircomp::test
