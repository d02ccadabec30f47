// SPDX-License-Identifier: GPL-3.0-or-later
// Fuzzes the control protocol: any frames, one after the other, are refused or lead both state
// machines where they may be, in memory that docs/control.md bounds. Prints at its end how many
// messages were read.
#include <sanitizer/allocator_interface.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>

#include "testbed/conversation.hpp"

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t most);

namespace {

using namespace aircomp::test;

/// Of a refusal: the exception and its text.
constexpr std::size_t most_refusal_bytes = 1024;

std::size_t allocated_bytes = 0;
std::uint64_t messages = 0;

/// Decodes, and allows no more memory for it than the strings in the frame take.
control::Message read(const std::vector<std::byte>& frame) {
    allocated_bytes = 0;
    try {
        control::Message message = control::decode(frame);
        if (allocated_bytes > frame.size()) std::abort();
        // What was read can be said again, and is then the same.
        const control::Frame again = control::encode(message);
        if (*control::encode(control::decode(*again)) != *again) std::abort();
        return message;
    } catch (const control::ProtocolError&) {
        if (allocated_bytes > frame.size() + most_refusal_bytes) std::abort();
        throw;
    }
}

/// Where the frames of an input begin, and the end of the last.
std::vector<std::size_t> bounds_of(const std::uint8_t* data, std::size_t size) {
    std::vector<std::size_t> bounds = {0};
    while (size - bounds.back() > control::length_bytes) {
        std::size_t length = 0;
        for (std::size_t i = 0; i < control::length_bytes; ++i)
            length |= std::size_t{data[bounds.back() + i]} << (8 * i);
        if (length > size - bounds.back() - control::length_bytes) break;
        bounds.push_back(bounds.back() + control::length_bytes + length);
    }
    return bounds;
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
    __sanitizer_install_malloc_and_free_hooks(
        [](const volatile void*, std::size_t size) { allocated_bytes += size; },
        [](const volatile void*) {});
    std::atexit([] {
        std::fprintf(stderr, "control: %llu messages\n", static_cast<unsigned long long>(messages));
    });
    return 0;
}

/// Changes one frame of an input, whose length then still is its own; sometimes any byte of it all.
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t most, unsigned int seed) {
    std::minstd_rand random(seed);
    const auto bounds = bounds_of(data, size);
    if (bounds.size() == 1 || random() % 16 == 0) return LLVMFuzzerMutate(data, size, most);
    const std::size_t frame = random() % (bounds.size() - 1);
    const std::size_t begin = bounds[frame] + control::length_bytes, end = bounds[frame + 1];
    const std::vector<std::uint8_t> rest(data + end, data + size);
    std::size_t length = LLVMFuzzerMutate(data + begin, end - begin, most - begin - rest.size());
    for (std::size_t i = 0; i < control::length_bytes; ++i)
        data[bounds[frame] + i] = static_cast<std::uint8_t>(length >> (8 * i));
    std::copy(rest.begin(), rest.end(), data + begin + length);
    return begin + length + rest.size();
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto bytes = gsl::as_bytes(gsl::span<const std::uint8_t>(data, size));
    DeviceEnd device;
    messages += converse(bytes, device, read);
    CoordinatorEnd coordinator;
    messages += converse(bytes, coordinator, read);
    return 0;
}
