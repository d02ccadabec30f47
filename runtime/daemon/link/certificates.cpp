// SPDX-License-Identifier: GPL-3.0-or-later
// A laboratory's certificates on OpenSSL: P-256 keys, X.509 version 3, an authority of its own.
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <fstream>
#include <memory>
#include <stdexcept>

#include "daemon/link/certificates.hpp"

namespace aircomp::runtime::testbed {
namespace {

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;

constexpr long day_s = 86400;

void require(bool worked, const char* what) {
    if (!worked) throw std::runtime_error(std::string("OpenSSL cannot ") + what);
}

Key make_key() {
    Key key(EVP_EC_gen("P-256"), EVP_PKEY_free);
    require(key != nullptr, "make a P-256 key");
    return key;
}

/// Writes PEM text into a new file that only its owner may read where it is secret.
void write_new(const std::filesystem::path& file, bool secret, BIO* text) {
    const int descriptor =
        open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, secret ? 0600 : 0644);
    if (descriptor < 0) {
        throw std::runtime_error(file.string() + ": expected to make it, found " +
                                 (std::filesystem::exists(file) ? "that it is there already"
                                                                : "that it cannot be written"));
    }
    char* bytes = nullptr;
    const long size = BIO_get_mem_data(text, &bytes);
    const bool whole = write(descriptor, bytes, static_cast<std::size_t>(size)) == size;
    if (close(descriptor) != 0 || !whole) {
        unlink(file.c_str());
        throw std::runtime_error(file.string() + ": cannot be written");
    }
}

void write_key(const std::filesystem::path& file, EVP_PKEY* key) {
    const Bio text(BIO_new(BIO_s_mem()), BIO_free);
    require(PEM_write_bio_PrivateKey(text.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1,
            "write a key");
    write_new(file, /*secret=*/true, text.get());
}

void write_certificate(const std::filesystem::path& file, X509* certificate) {
    const Bio text(BIO_new(BIO_s_mem()), BIO_free);
    require(PEM_write_bio_X509(text.get(), certificate) == 1, "write a certificate");
    write_new(file, /*secret=*/false, text.get());
}

Bio open_file(const std::filesystem::path& file) {
    Bio bio(BIO_new_file(file.c_str(), "r"), BIO_free);
    if (!bio)
        throw std::runtime_error(file.string() + ": cannot be read; aircomp pki init makes it");
    return bio;
}

void add_extension(X509* certificate, X509* issuer, int id, const char* value) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, &context, id, value);
    require(extension != nullptr && X509_add_ext(certificate, extension, -1) == 1,
            "write an extension");
    X509_EXTENSION_free(extension);
}

/// A certificate for `name`'s key, not signed yet.
Certificate make_certificate(const std::string& name, EVP_PKEY* key, int begin_days, int days) {
    Certificate certificate(X509_new(), X509_free);
    require(certificate != nullptr, "make a certificate");
    X509_set_version(certificate.get(), X509_VERSION_3);
    std::uint64_t serial = 0;
    require(RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial) == 1,
            "draw a serial number");
    ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate.get()), serial >> 1);
    // Clocks of a laboratory are not all alike: valid from an hour ago.
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), begin_days * day_s - 3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), (begin_days + days) * day_s);
    X509_set_pubkey(certificate.get(), key);
    X509_NAME* const subject = X509_get_subject_name(certificate.get());
    require(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                                       reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1,
                                       0) == 1,
            "put a name into a certificate");
    return certificate;
}

void sign(X509* certificate, X509* issuer, EVP_PKEY* key) {
    X509_set_issuer_name(certificate, X509_get_subject_name(issuer));
    add_extension(certificate, issuer, NID_subject_key_identifier, "hash");
    require(X509_sign(certificate, key, EVP_sha256()) > 0, "sign a certificate");
}

void require_name(const std::string& name) {
    const bool plain = !name.empty() && name.size() <= 64 && name != "." && name != ".." &&
                       name.find('/') == std::string::npos &&
                       std::none_of(name.begin(), name.end(),
                                    [](char c) { return static_cast<unsigned char>(c) < 0x20; });
    if (!plain) {
        throw std::invalid_argument("name: expected 1 to 64 characters without '/', found '" +
                                    name + "'");
    }
}

/// Whether a host could be called so: what clients of HTTPS look for is such a name.
bool is_host_name(const std::string& name) {
    return std::all_of(name.begin(), name.end(), [](unsigned char c) {
        return std::isalnum(c) != 0 || c == '-' || c == '.';
    });
}

void make_folder(const std::filesystem::path& folder) {
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error) throw std::runtime_error(folder.string() + ": cannot be made: " + error.message());
}

}  // namespace

void make_authority(const std::filesystem::path& folder, const std::string& laboratory, int days) {
    require_name(laboratory);
    make_folder(folder);
    const Key key = make_key();
    const Certificate certificate = make_certificate(laboratory, key.get(), 0, days);
    add_extension(certificate.get(), certificate.get(), NID_basic_constraints,
                  "critical,CA:TRUE,pathlen:0");
    add_extension(certificate.get(), certificate.get(), NID_key_usage,
                  "critical,keyCertSign,cRLSign");
    sign(certificate.get(), certificate.get(), key.get());
    write_key(folder / "authority.key", key.get());
    write_certificate(folder / "authority.pem", certificate.get());
}

std::filesystem::path issue_certificate(const std::filesystem::path& folder,
                                        const std::string& name, CertificateRole role, int days,
                                        int begin_days) {
    require_name(name);
    const Certificate authority(
        PEM_read_bio_X509(open_file(folder / "authority.pem").get(), nullptr, nullptr, nullptr),
        X509_free);
    const Key authority_key(PEM_read_bio_PrivateKey(open_file(folder / "authority.key").get(),
                                                    nullptr, nullptr, nullptr),
                            EVP_PKEY_free);
    if (!authority || !authority_key) {
        throw std::runtime_error(folder.string() + ": expected an authority's authority.pem and " +
                                 "authority.key, found something else");
    }
    const Key key = make_key();
    const Certificate certificate = make_certificate(name, key.get(), begin_days, days);
    add_extension(certificate.get(), authority.get(), NID_basic_constraints, "critical,CA:FALSE");
    add_extension(certificate.get(), authority.get(), NID_key_usage, "critical,digitalSignature");
    add_extension(certificate.get(), authority.get(), NID_ext_key_usage,
                  role == CertificateRole::coordinator ? "serverAuth" : "clientAuth");
    if (is_host_name(name)) {
        add_extension(certificate.get(), authority.get(), NID_subject_alt_name,
                      ("DNS:" + name).c_str());
    }
    sign(certificate.get(), authority.get(), authority_key.get());
    std::filesystem::path own = folder / name;
    make_folder(own);
    write_key(own / "key.pem", key.get());
    write_certificate(own / "certificate.pem", certificate.get());
    write_certificate(own / "authority.pem", authority.get());
    return own;
}

}  // namespace aircomp::runtime::testbed
