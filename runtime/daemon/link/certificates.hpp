// SPDX-License-Identifier: GPL-3.0-or-later
// A laboratory's certificates: an authority of its own, and what it issues.
#pragma once

#include <filesystem>
#include <string>

namespace aircomp::runtime::testbed {

/// Makes a laboratory's authority: `folder`/authority.pem and authority.key (mode 0600). Throws
/// std::runtime_error where there is one already or files cannot be written.
void make_authority(const std::filesystem::path& folder, const std::string& laboratory, int days);

enum class CertificateRole { coordinator, device };

/// Issues a certificate for `name` into `folder`/`name`: authority.pem, certificate.pem and key.pem
/// (mode 0600), valid for `days` from `begin_days` from now. Returns that folder. Throws as above.
std::filesystem::path issue_certificate(const std::filesystem::path& folder,
                                        const std::string& name, CertificateRole role, int days,
                                        int begin_days = 0);

}  // namespace aircomp::runtime::testbed
