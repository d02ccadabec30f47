// SPDX-License-Identifier: GPL-3.0-or-later
// Writes the seeds of the control protocol's fuzzer into a folder: a message of every kind alone,
// and both sides of a run.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include "daemon/link/codec.hpp"
#include "testbed/every_message.hpp"

namespace {

using namespace aircomp::runtime::control;

void write(const std::filesystem::path& file, const std::vector<Message>& messages) {
    std::ofstream out(file, std::ios::binary);
    for (const Message& message : messages) {
        const Frame frame = encode(message);
        out.write(reinterpret_cast<const char*>(frame->data()),
                  static_cast<std::streamsize>(frame->size()));
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fprintf(stderr, "usage: aircomp_control_seeds FOLDER\n");
        return 2;
    }
    const std::filesystem::path folder = argv[1];
    for (const Message& message : aircomp::test::every_message()) {
        std::string name = name_of(message);
        std::replace(name.begin(), name.end(), ' ', '_');
        write(folder / name, {message});
    }
    write(folder / "to_device", aircomp::test::run_of_device());
    write(folder / "to_coordinator", aircomp::test::run_of_coordinator());
    return 0;
}
