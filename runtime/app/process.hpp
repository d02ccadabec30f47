// SPDX-License-Identifier: GPL-3.0-or-later
// Other processes that a command starts: this program's commands, and programs beside it.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

namespace aircomp::app {

/// The file that this process runs.
std::filesystem::path own_program();

/// Ends with the object, and with this process, whatever ends that.
class Process {
public:
    /// `words` are a program's path and its arguments; its output and errors go to the file `log`,
    /// or where this process's go. Throws std::runtime_error where no process can be made; a program
    /// that is not there has exit status 127.
    explicit Process(std::vector<std::string> words, const std::string& log = "");
    ~Process();
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;

    pid_t id() const { return id_; }
    bool running();
    /// Ends it, by SIGTERM.
    void end();

    /// The exit status; 128 and the signal where a signal ended it.
    int wait();

private:
    pid_t id_;
    int status_ = 0;
};

/// From here on SIGINT, SIGTERM and SIGHUP end the command by CLI::RuntimeError(130) out of wait()
/// or end_where_interrupted(), so that destructors run.
void unwind_on_signals();
void end_where_interrupted();

}  // namespace aircomp::app
