// SPDX-License-Identifier: GPL-3.0-or-later
// Standard files that are missing, and output that fails.
#include "standard_output.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <iostream>
#include <stdexcept>
#include <system_error>

namespace aircomp::app {

void occupy_standard_files() {
    for (const int number : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
        if (fcntl(number, F_GETFD) >= 0 || errno != EBADF) continue;
        // The lowest free number, which is this one.
        open("/dev/null", number == STDIN_FILENO ? O_WRONLY : O_RDONLY);
    }
}

void write_standard_output(const std::string& text) {
    errno = 0;
    std::cout << text << std::flush;
    if (std::cout && std::ferror(stdout) == 0) return;
    const std::string why = errno != 0 ? ": " + std::generic_category().message(errno) : "";
    std::cout.clear();  // said once
    std::clearerr(stdout);
    throw std::runtime_error("standard output: cannot be written" + why);
}

}  // namespace aircomp::app
