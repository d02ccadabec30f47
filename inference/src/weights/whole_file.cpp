// SPDX-License-Identifier: GPL-3.0-or-later
// Files written whole: a temporary one beside the target takes its place by renaming.
#include "aircomp/inference/whole_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <optional>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace aircomp::inference {
namespace {

using Pieces = gsl::span<const std::string_view>;

/// An error in the middle; write_whole() puts the file's name before it.
[[noreturn]] void fail(int error) {
    throw std::system_error(error, std::generic_category());
}

class Descriptor {
public:
    explicit Descriptor(int number) : number_(number) {
        if (number_ < 0) fail(errno);
    }
    ~Descriptor() {
        if (number_ >= 0) ::close(number_);
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;

    int number() const { return number_; }

    void write(Pieces pieces) const {
        for (const std::string_view piece : pieces) {
            for (std::size_t done = 0; done < piece.size();) {
                const ssize_t count = ::write(number_, piece.data() + done, piece.size() - done);
                if (count < 0 && errno != EINTR) fail(errno);
                if (count > 0) done += static_cast<std::size_t>(count);
            }
        }
    }

    /// Where storage is on another host, some errors come only here.
    void close() {
        const int number = std::exchange(number_, -1);
        if (::close(number) != 0 && errno != EINTR) fail(errno);
    }

private:
    int number_;
};

/// The end of a chain of links.
struct Target {
    std::filesystem::path path;
    std::optional<int> own_descriptor;  ///< Where the chain goes through /proc/self/fd.
};

std::optional<int> own_descriptor(const std::filesystem::path& link) {
    std::error_code ignored;
    if (!std::filesystem::equivalent(link.parent_path(), "/proc/self/fd", ignored)) return {};
    const std::string name = link.filename();
    int number = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
    if (error != std::errc() || end != name.data() + name.size()) return {};
    return number;
}

Target target_of(std::filesystem::path path) {
    constexpr int most_links = 40;  // as the kernel has it
    for (int links = 0; std::filesystem::is_symlink(std::filesystem::symlink_status(path));
         ++links) {
        if (links == most_links) fail(ELOOP);
        if (const auto number = own_descriptor(path)) return {path, number};
        // An absolute one replaces the whole path.
        path = path.parent_path() / std::filesystem::read_symlink(path);
    }
    return {path, std::nullopt};
}

void write_through(const Target& target, Pieces pieces, int flags) {
    std::fflush(stdout);  // what was said before comes before
    Descriptor out(target.own_descriptor
                       ? ::dup(*target.own_descriptor)
                       : ::open(target.path.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY | flags));
    out.write(pieces);
    out.close();
}

/// A file that is gone again unless it took its place.
class Temporary {
public:
    /// Of this process alone, for several may write the same file.
    explicit Temporary(const std::filesystem::path& target)
        : path_(target.string() + ".part" + std::to_string(::getpid())) {
        ::unlink(path_.c_str());
    }
    ~Temporary() {
        if (!path_.empty()) ::unlink(path_.c_str());
    }
    Temporary(const Temporary&) = delete;
    Temporary& operator=(const Temporary&) = delete;

    const std::filesystem::path& path() const { return path_; }

    bool replace(const std::filesystem::path& target) {
        if (::rename(path_.c_str(), target.c_str()) != 0) return false;
        path_.clear();
        return true;
    }

private:
    std::filesystem::path path_;
};

/// Gives the file that `out` is the mode and owner of the old one; false where that is not allowed.
bool take_over(const Descriptor& out, const struct stat& old) {
    struct stat fresh {};
    if (::fstat(out.number(), &fresh) != 0) fail(errno);
    const bool is_same = fresh.st_uid == old.st_uid && fresh.st_gid == old.st_gid;
    if (!is_same && ::fchown(out.number(), old.st_uid, old.st_gid) != 0) return false;
    return ::fchmod(out.number(), old.st_mode & 07777) == 0;  // after the owner, which clears bits
}

/// Through a temporary file; false, with nothing changed, where the folder does not allow that but
/// the file itself may be written, as one that is mounted or another user's.
bool replace(const std::filesystem::path& target, const struct stat* old, Pieces pieces) {
    Temporary part(target);
    const int number =
        ::open(part.path().c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (number < 0 && old != nullptr && (errno == EACCES || errno == EROFS)) return false;
    Descriptor out(number);
    if (old != nullptr && !take_over(out, *old)) return false;
    out.write(pieces);
    if (::fsync(out.number()) != 0) fail(errno);
    out.close();
    if (part.replace(target)) return true;
    if (old == nullptr || errno != EBUSY) fail(errno);
    return false;
}

void write_regular(const Target& target, const struct stat* old, Pieces pieces) {
    // A file that may not be written is not replaced either.
    if (old != nullptr && ::faccessat(AT_FDCWD, target.path.c_str(), W_OK, AT_EACCESS) != 0) {
        fail(errno);
    }
    if (!replace(target.path, old, pieces)) write_through(target, pieces, O_TRUNC);
}

void write(const std::filesystem::path& file, Pieces pieces) {
    if (file.has_parent_path()) std::filesystem::create_directories(file.parent_path());
    const Target target = target_of(file);
    struct stat old {};
    const bool exists = ::stat(file.c_str(), &old) == 0;
    if (exists && S_ISDIR(old.st_mode)) {
        throw std::runtime_error(file.string() + ": is a folder, expected a file");
    }
    if (target.own_descriptor || (exists && !S_ISREG(old.st_mode))) {
        write_through(target, pieces, 0);
    } else {
        write_regular(target, exists ? &old : nullptr, pieces);
    }
}

}  // namespace

void write_whole(const std::filesystem::path& file, gsl::span<const std::string_view> pieces) {
    try {
        write(file, pieces);
    } catch (const std::system_error& error) {
        throw std::runtime_error(file.string() + ": cannot be written: " + error.code().message());
    }
}

void write_whole(const std::filesystem::path& file, const std::string& text) {
    const std::string_view piece = text;
    write_whole(file, gsl::span<const std::string_view>(&piece, 1));
}

}  // namespace aircomp::inference
