// SPDX-License-Identifier: GPL-3.0-or-later
// A socket between processes of one host, and the length-prefixed messages on it.
#pragma once

#include <string>
#include <vector>

namespace gr::aircomp::virtual_radio {

using Bytes = std::vector<char>;

/// Owns a file descriptor. Everything throws std::runtime_error, saying what failed and where.
class LocalSocket {
public:
    /// The longest message that is taken, bytes; longer ones are refused before anything is
    /// allocated for them.
    static constexpr std::size_t most_bytes = std::size_t{1} << 28;

    explicit LocalSocket(int descriptor) : descriptor_(descriptor) {}
    ~LocalSocket();
    LocalSocket(LocalSocket&& other) noexcept;
    LocalSocket& operator=(LocalSocket&& other) noexcept;

    static LocalSocket connect(const std::string& path);
    /// Listens at `path`; takes the place of a socket there that nobody listens at, and of nothing
    /// else.
    static LocalSocket listen(const std::string& path);
    /// The next who connects; throws once shut down.
    LocalSocket accept() const;

    /// The process at the other end.
    int peer() const;

    void send(const Bytes& message) const;
    /// False where the other end has closed the connection.
    bool receive(Bytes& message) const;
    /// Ends what is waited for on it, in whatever thread.
    void shut_down() const;

private:
    bool read(char* bytes, std::size_t count) const;
    int descriptor_;
};

}  // namespace gr::aircomp::virtual_radio
