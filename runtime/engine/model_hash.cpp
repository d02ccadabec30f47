// SPDX-License-Identifier: GPL-3.0-or-later
// SHA-256 of a checkpoint, sampled.
#include "engine/model_hash.hpp"

#include <openssl/evp.h>

#include <memory>
#include <stdexcept>

namespace aircomp::runtime {
namespace {

constexpr std::size_t pieces = 16;
constexpr std::size_t piece_bytes = 4096;

class Sha256 {
public:
    Sha256() : context_(EVP_MD_CTX_new(), EVP_MD_CTX_free) {
        if (!context_ || EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) != 1) {
            throw std::runtime_error("SHA-256: OpenSSL does not offer it");
        }
    }

    void add(gsl::span<const std::byte> bytes) {
        EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size());
    }

    void add(const std::string& text) { add(gsl::as_bytes(gsl::span<const char>(text))); }

    ModelHash digest() {
        ModelHash hash;
        EVP_DigestFinal_ex(context_.get(), hash.data(), nullptr);
        return hash;
    }

private:
    std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
};

void add_sampled(Sha256& sha, gsl::span<const std::byte> bytes) {
    if (bytes.size() <= pieces * piece_bytes) return sha.add(bytes);
    const std::size_t last = bytes.size() - piece_bytes;
    for (std::size_t i = 0; i < pieces; ++i)
        sha.add(bytes.subspan(last * i / (pieces - 1), piece_bytes));
}

}  // namespace

ModelHash model_hash(const inference::Checkpoint& checkpoint) {
    Sha256 sha;
    for (const std::string& name : checkpoint.names()) {
        const inference::TensorView tensor = checkpoint.tensor(name);
        std::string head = name + "\n" + std::to_string(static_cast<int>(tensor.type));
        for (const std::int64_t size : tensor.shape)
            head += " " + std::to_string(size);
        sha.add(head + "\n");
        add_sampled(sha, tensor.bytes);
    }
    return sha.digest();
}

std::string to_hex(const ModelHash& hash) {
    static constexpr char digits[] = "0123456789abcdef";
    std::string text;
    for (const std::uint8_t byte : hash) {
        text += digits[byte >> 4];
        text += digits[byte & 15];
    }
    return text;
}

}  // namespace aircomp::runtime
