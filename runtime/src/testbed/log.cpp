// SPDX-License-Identifier: GPL-3.0-or-later
// Events as lines, on spdlog.
#include "testbed/log.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <nlohmann/json.hpp>

namespace aircomp::runtime::testbed {
namespace {

std::string text_line(const std::string& event, Log::Fields fields) {
    std::string line = event;
    const char* lead = ": ";
    for (const auto& [key, value] : fields) {
        line += lead + std::string(key) + " " + value;
        lead = ", ";
    }
    return line;
}

std::string json_line(const char* level, const std::string& event, Log::Fields fields) {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    nlohmann::ordered_json line = {
        {"time_s", std::chrono::duration<double>(now).count()}, {"level", level}, {"event", event}};
    for (const auto& [key, value] : fields)
        line[key] = value;
    // What peers call themselves need not be UTF-8.
    return line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

struct Log::State {
    explicit State(LogFormat its_format)
        : format(its_format), logger("aircomp", std::make_shared<spdlog::sinks::stderr_sink_mt>()) {
        logger.set_pattern(format == LogFormat::json ? "%v" : "%H:%M:%S.%e %l: %v");
        logger.flush_on(spdlog::level::info);
    }

    LogFormat format;
    spdlog::logger logger;
};

Log::Log(LogFormat format) : state_(std::make_unique<State>(format)) {}
Log::~Log() = default;

void Log::info(const std::string& event, Fields fields) {
    const bool json = state_->format == LogFormat::json;
    state_->logger.info("{}", json ? json_line("info", event, fields) : text_line(event, fields));
}

void Log::warning(const std::string& event, Fields fields) {
    const bool json = state_->format == LogFormat::json;
    state_->logger.warn("{}",
                        json ? json_line("warning", event, fields) : text_line(event, fields));
}

}  // namespace aircomp::runtime::testbed
