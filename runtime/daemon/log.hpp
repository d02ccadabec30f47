// SPDX-License-Identifier: GPL-3.0-or-later
// What daemons say about themselves on standard error: one event a line, for people or for
// machines.
#pragma once

#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

namespace aircomp::runtime::testbed {

enum class LogFormat { text, json };
enum class LogLevel { debug, info, warning, error };

/// What a daemon writes on standard error, one event a line.
struct LogOptions {
    LogFormat format = LogFormat::text;
    LogLevel level = LogLevel::info;  ///< From which on.
};

/// A field's value; JSON has texts in quotes, numbers and truth values without.
struct LogValue {
    LogValue(std::string value) : text(std::move(value)) {}
    LogValue(const char* value) : text(value) {}
    LogValue(bool value) : text(value ? "true" : "false"), is_text(false) {}
    LogValue(double value);
    template <typename Integer, typename = std::enable_if_t<std::is_integral_v<Integer>>>
    LogValue(Integer value) : text(std::to_string(value)), is_text(false) {}

    std::string text;
    bool is_text = true;
};

class Log {
public:
    using Fields = std::initializer_list<std::pair<const char*, LogValue>>;

    explicit Log(const LogOptions& options);
    ~Log();

    void debug(const char* event, Fields fields = {}) { write(LogLevel::debug, event, fields); }
    void info(const char* event, Fields fields = {}) { write(LogLevel::info, event, fields); }
    void warning(const char* event, Fields fields = {}) { write(LogLevel::warning, event, fields); }
    void error(const char* event, Fields fields = {}) { write(LogLevel::error, event, fields); }

    /// Has `observer` see every event from info on, as a line of text, whatever is written.
    void observe(std::function<void(LogLevel level, const std::string& line)> observer);

private:
    void write(LogLevel level, const char* event, Fields fields);

    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace aircomp::runtime::testbed
