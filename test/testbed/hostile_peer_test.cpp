// SPDX-License-Identifier: GPL-3.0-or-later
// A peer that follows the protocol until it does not: frames of a run, changed at random, to either
// side. What the fuzzer of test/fuzz does at length, short and always the same.
#include <algorithm>
#include <random>

#include "support/catch.hpp"
#include "testbed/conversation.hpp"

namespace aircomp::test {
namespace {

using Frames = std::vector<std::vector<std::byte>>;

Frames frames_of(const std::vector<control::Message>& messages) {
    Frames frames;
    for (const control::Message& message : messages)
        frames.push_back(*control::encode(message));
    return frames;
}

/// Sets a number within the frame to one that is likely to be a limit of something.
void set_number(std::vector<std::byte>& frame, std::mt19937_64& random) {
    constexpr std::array<std::uint64_t, 8> numbers = {
        0, 1, 0x7f, 0x7fffffff, 0xffffffff, 1U << 24, 0x7fffffffffffffff, 0xffffffffffffffff};
    const std::uint64_t number = numbers[random() % numbers.size()];
    const std::size_t width = std::min<std::size_t>(std::size_t{1} << random() % 4, frame.size());
    const std::size_t at = random() % (frame.size() - width + 1);
    for (std::size_t i = 0; i < width; ++i)
        frame[at + i] = static_cast<std::byte>(number >> (8 * i));
}

/// Changes what the frame holds, and mostly lets its length be true.
void change(std::vector<std::byte>& frame, std::mt19937_64& random) {
    switch (random() % 4) {
        case 0:
            frame[random() % frame.size()] ^= static_cast<std::byte>(1U << random() % 8);
            break;
        case 1:
            set_number(frame, random);
            break;
        case 2:
            frame.resize(5 + random() % (frame.size() - 4));
            break;
        default:
            frame.insert(frame.begin() + static_cast<std::ptrdiff_t>(random() % frame.size()),
                         random() % 9, static_cast<std::byte>(random()));
    }
    if (random() % 16 == 0) return;
    const std::size_t length = frame.size() - control::length_bytes;
    for (std::size_t i = 0; i < control::length_bytes; ++i)
        frame[i] = static_cast<std::byte>(length >> (8 * i));
}

struct Outcome {
    std::size_t messages = 0, refused = 0;
};

/// Plays `run` to a fresh End, with a few frames changed, again and again until so many messages
/// were given.
template <typename End>
Outcome play(const Frames& run, std::size_t least_messages, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    Outcome outcome;
    const auto read = [&](const std::vector<std::byte>& frame) {
        try {
            return control::decode(frame);
        } catch (const control::ProtocolError&) {
            ++outcome.refused;
            throw;
        }
    };
    while (outcome.messages < least_messages) {
        Frames frames = run;
        for (std::uint64_t changes = random() % 3 + 1; changes > 0; --changes)
            change(frames[random() % frames.size()], random);
        if (random() % 4 == 0) std::shuffle(frames.begin(), frames.end(), random);
        std::vector<std::byte> bytes;
        for (const auto& frame : frames)
            bytes.insert(bytes.end(), frame.begin(), frame.end());
        End end;
        outcome.messages += converse(bytes, end, read);
        // The largest frame that any assignment allows.
        const std::size_t most = control::frame_bytes(
            static_cast<std::size_t>(control::most_vectors_of_a_round * message_hidden_size));
        REQUIRE(end.most_frame_bytes() <= std::max(control::most_plain_bytes, most));
    }
    return outcome;
}

TEST_CASE("what either side hears in a run is heard to its end") {
    const auto whole = [](const Frames& frames, auto end) {
        std::vector<std::byte> bytes;
        for (const auto& frame : frames)
            bytes.insert(bytes.end(), frame.begin(), frame.end());
        return converse(bytes, end, control::decode);
    };
    CHECK(whole(frames_of(run_of_device()), DeviceEnd()) == run_of_device().size());
    CHECK(whole(frames_of(run_of_coordinator()), CoordinatorEnd()) == run_of_coordinator().size());
}

TEST_CASE("a hundred thousand changed messages are refused, or do what either side can stand") {
    const auto check = [](const Outcome& outcome) {
        CHECK(outcome.refused > outcome.messages / 100);
        CHECK(outcome.refused < outcome.messages / 2);
    };
    check(play<DeviceEnd>(frames_of(run_of_device()), 50000, 1));
    check(play<CoordinatorEnd>(frames_of(run_of_coordinator()), 50000, 2));
}

}  // namespace
}  // namespace aircomp::test
