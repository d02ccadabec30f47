// SPDX-License-Identifier: GPL-3.0-or-later
// Fuzzes chat templates: any text is refused or renders a conversation within its bounds.
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "text/jinja/template.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace aircomp::inference::jinja;
    List messages;
    messages.depth = 2;
    for (const char* role : {"user", "assistant"}) {
        Dict message;
        message.set(Value(std::string("role")), Value(std::string(role)));
        message.set(Value(std::string("content")), Value(std::string(" h\xC3\xA9 <b>\n")));
        messages.items.emplace_back(std::move(message));
    }
    const std::vector<std::pair<std::string, Value>> names = {
        {"messages", Value(std::move(messages))}, {"add_generation_prompt", Value(true)}};
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    try {
        Template(text, "fuzzed").render(names, 0);
    } catch (const std::runtime_error&) {
        return 0;  // refused, as most inputs are
    }
    return 0;
}
