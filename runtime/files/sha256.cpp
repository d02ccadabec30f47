// SPDX-License-Identifier: GPL-3.0-or-later
// SHA-256 on OpenSSL.
#include "files/sha256.hpp"

#include <openssl/evp.h>

#include <fstream>
#include <stdexcept>
#include <vector>

namespace aircomp::runtime {
namespace {

/// Hands a file over piece by piece.
template <typename Take>
void read_file(const std::filesystem::path& file, const Take& take) {
    std::ifstream in(file, std::ios::binary);
    std::vector<char> piece(std::size_t{1} << 16);
    while (in) {
        in.read(piece.data(), static_cast<std::streamsize>(piece.size()));
        const auto count = static_cast<std::size_t>(in.gcount());
        take(gsl::as_bytes(gsl::span<const char>(piece.data(), count)));
    }
    if (!in.eof()) throw std::runtime_error(file.string() + ": cannot be read");
}

using Context = std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)>;

Context begin(const EVP_MD* kind, const char* name) {
    Context context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    if (!context || EVP_DigestInit_ex(context.get(), kind, nullptr) != 1)
        throw std::runtime_error(std::string(name) + ": OpenSSL does not offer it");
    return context;
}

std::string hex_text(gsl::span<const std::uint8_t> digest) {
    static constexpr char digits[] = "0123456789abcdef";
    std::string text;
    for (const std::uint8_t byte : digest) {
        text += digits[byte >> 4];
        text += digits[byte & 15];
    }
    return text;
}

}  // namespace

Sha256::Sha256() : context_(begin(EVP_sha256(), "SHA-256")) {}

void Sha256::add(gsl::span<const std::byte> bytes) {
    EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size());
}

void Sha256::add(const std::string& text) {
    add(gsl::as_bytes(gsl::span<const char>(text)));
}

Sha256Digest Sha256::digest() {
    Sha256Digest digest;
    EVP_DigestFinal_ex(context_.get(), digest.data(), nullptr);
    return digest;
}

Sha256Digest sha256_of_file(const std::filesystem::path& file) {
    Sha256 sha;
    read_file(file, [&](gsl::span<const std::byte> piece) { sha.add(piece); });
    return sha.digest();
}

std::string to_hex(const Sha256Digest& digest) {
    return hex_text(digest);
}

std::string sha512_of_file(const std::filesystem::path& file) {
    const Context context = begin(EVP_sha512(), "SHA-512");
    read_file(file, [&](gsl::span<const std::byte> piece) {
        EVP_DigestUpdate(context.get(), piece.data(), piece.size());
    });
    std::array<std::uint8_t, 64> digest{};
    EVP_DigestFinal_ex(context.get(), digest.data(), nullptr);
    return hex_text(digest);
}

}  // namespace aircomp::runtime
