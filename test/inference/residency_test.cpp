// SPDX-License-Identifier: GPL-3.0-or-later
// A device keeps its slice in memory, not the model: measured in a process of its own.
#include <malloc.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <string>

#include "aircomp/inference/random_model.hpp"
#include "support/catch.hpp"
#include "support/temporary_folder.hpp"
#include "team.hpp"

// Sanitizers keep memory of their own for all that a program touches.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

using namespace aircomp::inference;
using namespace aircomp::test;

namespace {

/// Layers of 50 MB in F32, so that a slice outweighs what any process allocates on its way.
ModelConfig large_config() {
    ModelConfig config = small_config(16, 8);
    config.vocabulary_size = 64;
    config.hidden_size = 1024;
    config.head_dim = 64;
    config.ffn_size = 3072;
    config.layers = 3;
    return config;
}

/// Resident bytes of this process: anonymous memory and mapped pages of `folder`'s files.
std::size_t resident_bytes(const std::filesystem::path& folder) {
    std::ifstream maps("/proc/self/smaps");
    std::size_t total = 0;
    bool counts = false;
    for (std::string line; std::getline(maps, line);) {
        std::istringstream fields(line);
        std::string first;
        fields >> first;
        if (first.back() != ':') {
            // The head of a mapping: address, permissions, offset, device, inode, path.
            std::string skipped, path;
            fields >> skipped >> skipped >> skipped >> skipped >> path;
            counts = path.empty() || path == "[heap]" || path.find(folder.string()) == 0;
        } else if (counts && first == "Rss:") {
            std::size_t kib = 0;
            fields >> kib;
            total += kib * 1024;
        }
    }
    return total;
}

/// Bytes that become resident when a device of `slice` is made and computes three tokens, in a
/// child process, so that nothing of another slice is resident before.
std::size_t growth_in_a_child(const std::filesystem::path& folder, const Slice& slice) {
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        ::malloc_trim(0);  // free memory that is resident would hide what is taken from it
        const std::size_t before = resident_bytes(folder);
        const Checkpoint checkpoint(folder);
        const ModelConfig& config = checkpoint.config();
        const DeviceModel device(checkpoint, slice, 1);
        KvCache cache(config, slice, 16);
        std::vector<float> x(static_cast<std::size_t>(config.hidden_size), 1.0f), partial(x);
        for (std::int64_t token = 0; token < 3; ++token) {
            for (std::int64_t layer = 0; layer < config.layers; ++layer) {
                device.attention_partial(layer, x, token, cache, partial);
                device.mlp_partial(layer, x, 0, partial);
            }
        }
        const std::size_t grown = resident_bytes(folder) - before;
        const bool written = ::write(ends[1], &grown, sizeof grown) == sizeof grown;
        ::_exit(written ? 0 : 1);
    }
    std::size_t grown = 0;
    REQUIRE(::read(ends[0], &grown, sizeof grown) == sizeof grown);
    ::close(ends[0]);
    ::close(ends[1]);
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    REQUIRE(status == 0);
    return grown;
}

}  // namespace

TEST_CASE("a slice of share m keeps at most 1.1 m times the layers' bytes resident") {
    const ModelConfig config = large_config();
    const TemporaryFolder folder;
    write_random_model(folder.path(), config);
    const double layers = 3 * 4 * 1024.0 * (16 * 64 + 8 * 64 + 8 * 64 + 16 * 64 + 3 * 3072);

    struct Case {
        double share;
        Slice slice;
    };
    for (const Case& part : {Case{0.125, {{6, 8}, {1000, 1384}}}, Case{0.25, {{12, 16}, {0, 768}}},
                             Case{0.5, {{0, 8}, {1536, 3072}}}, Case{1, whole_model(config)}}) {
        CAPTURE(part.share);
        const auto grown = static_cast<double>(growth_in_a_child(folder.path(), part.slice));
        CHECK(grown <= 1.1 * part.share * layers);
        // The measurement sees the slice at all.
        CHECK(grown >= 0.95 * part.share * layers);
    }
}
#endif
