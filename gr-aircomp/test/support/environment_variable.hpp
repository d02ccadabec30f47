// SPDX-License-Identifier: GPL-3.0-or-later
// An environment variable that a test sets for itself.
#pragma once

#include <cstdlib>
#include <string>

namespace aircomp::test {

/// The variable has this value while the object lives.
class EnvironmentVariable {
public:
    EnvironmentVariable(const char* name, const std::string& value) : name_(name) {
        if (const char* const before = std::getenv(name)) before_ = before;
        setenv(name, value.c_str(), /*overwrite=*/1);
    }
    ~EnvironmentVariable() {
        if (before_.empty()) {
            unsetenv(name_);
        } else {
            setenv(name_, before_.c_str(), /*overwrite=*/1);
        }
    }
    EnvironmentVariable(const EnvironmentVariable&) = delete;
    EnvironmentVariable& operator=(const EnvironmentVariable&) = delete;

private:
    const char* name_;
    std::string before_;
};

}  // namespace aircomp::test
