// SPDX-License-Identifier: GPL-3.0-or-later
// Events as lines, on spdlog.
#include "daemon/log.hpp"

#include <fmt/format.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <cmath>
#include <nlohmann/json.hpp>

namespace aircomp::runtime::testbed {
namespace {

std::string text_line(const char* event, Log::Fields fields) {
    std::string line = event;
    const char* lead = ": ";
    for (const auto& [key, value] : fields) {
        line += lead + std::string(key) + " " + value.text;
        lead = ", ";
    }
    return line;
}

std::string json_line(const char* level, const char* event, Log::Fields fields) {
    using Json = nlohmann::ordered_json;
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    Json line = {
        {"time_s", std::chrono::duration<double>(now).count()}, {"level", level}, {"event", event}};
    for (const auto& [key, value] : fields)
        line[key] = value.is_text ? Json(value.text) : Json::parse(value.text);
    // What peers call themselves need not be UTF-8.
    return line.dump(-1, ' ', false, Json::error_handler_t::replace);
}

spdlog::level::level_enum spdlog_level(LogLevel level) {
    switch (level) {
        case LogLevel::debug:
            return spdlog::level::debug;
        case LogLevel::info:
            return spdlog::level::info;
        case LogLevel::warning:
            return spdlog::level::warn;
        case LogLevel::error:
            break;
    }
    return spdlog::level::err;
}

}  // namespace

LogValue::LogValue(double value)
    : text(fmt::format("{:.6g}", value)), is_text(!std::isfinite(value)) {}

struct Log::State {
    explicit State(const LogOptions& options)
        : format(options.format),
          logger("aircomp", std::make_shared<spdlog::sinks::stderr_sink_mt>()) {
        logger.set_pattern(format == LogFormat::json ? "%v" : "%Y-%m-%d %H:%M:%S.%e %l: %v");
        logger.set_level(spdlog_level(options.level));
        logger.flush_on(spdlog::level::debug);
    }

    LogFormat format;
    spdlog::logger logger;
    std::function<void(LogLevel, const std::string&)> observer;
};

Log::Log(const LogOptions& options) : state_(std::make_unique<State>(options)) {}
Log::~Log() = default;

void Log::observe(std::function<void(LogLevel, const std::string&)> observer) {
    state_->observer = std::move(observer);
}

void Log::write(LogLevel level, const char* event, Fields fields) {
    if (state_->observer && level >= LogLevel::info)
        state_->observer(level, text_line(event, fields));
    const auto own = spdlog_level(level);
    if (!state_->logger.should_log(own)) return;
    const auto name = spdlog::level::to_string_view(own);
    const std::string line =
        state_->format == LogFormat::json
            ? json_line(std::string(name.data(), name.size()).c_str(), event, fields)
            : text_line(event, fields);
    state_->logger.log(own, "{}", line);
}

}  // namespace aircomp::runtime::testbed
