// SPDX-License-Identifier: GPL-3.0-or-later
// SHA-256: by what two processes know that they hold the same bytes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <gsl/span>
#include <memory>
#include <string>

struct evp_md_ctx_st;  // of OpenSSL

namespace aircomp::runtime {

using Sha256Digest = std::array<std::uint8_t, 32>;

class Sha256 {
public:
    Sha256();

    void add(gsl::span<const std::byte> bytes);
    void add(const std::string& text);

    /// Of all that was added; nothing may be added afterwards.
    Sha256Digest digest();

private:
    std::unique_ptr<evp_md_ctx_st, void (*)(evp_md_ctx_st*)> context_;
};

/// Throws std::runtime_error, naming the file, where it cannot be read.
Sha256Digest sha256_of_file(const std::filesystem::path& file);

/// 64 hexadecimal digits.
std::string to_hex(const Sha256Digest& digest);

/// SHA-512, 128 hexadecimal digits, for formats that ask for it. Throws as sha256_of_file() does.
std::string sha512_of_file(const std::filesystem::path& file);

}  // namespace aircomp::runtime
