// SPDX-License-Identifier: GPL-3.0-or-later
// How a device comes to hold the coordinator's calibration, and what it says where it cannot.
#include <fstream>

#include "daemon/coordinator/calibration_offer.hpp"
#include "daemon/device/device_session.hpp"
#include "runtime/small_calibration.hpp"
#include "support/catch.hpp"
#include "support/temporary_folder.hpp"
#include "testbed/given_time.hpp"

namespace aircomp::test {
namespace {

using namespace runtime;
using control::CalibrationPiece;
using control::CalibrationReport;
using control::CalibrationRequest;

const CodingUse all_of_it = {16, true, true, true, true, 16};

/// A device with the small model whose coordinator is in the test's hands, admitted.
struct FetchTest {
    explicit FetchTest(const std::filesystem::path& calibrations)
        : session(std::make_shared<testbed::DeviceSession>(
              time.loop(), small_checkpoint(), hello_of("device-1"), /*threads=*/1,
              inference::Compute(), nullptr, calibrations, log)) {
        session->start({"127.0.0.1", listener.port()}, nullptr);
        REQUIRE(time.comes(
            [&] { return coordinator && coordinator->heard<control::Hello>().size() == 1; }));
        coordinator->send(control::Welcome{2});
        REQUIRE(time.comes([&] { return session->was_admitted(); }));
    }

    std::size_t requests() const { return coordinator->heard<CalibrationRequest>().size(); }

    bool comes_request(std::size_t count) {
        return time.comes([&] { return requests() == count; });
    }

    /// What the device says in the end.
    std::string failure() {
        REQUIRE(time.comes([&] { return !coordinator->heard<CalibrationReport>().empty(); }));
        return coordinator->heard<CalibrationReport>().at(0).failure;
    }

    /// Offers a file and answers what the device asks, until it has said how that went; `bytes`, where
    /// there are any, go in place of the file's.
    std::string offer(const std::filesystem::path& file, const std::string& bytes = "") {
        testbed::CalibrationOffer its(file, all_of_it);
        coordinator->send(its.message());
        std::size_t answered = 0;
        const auto said = [&] { return !coordinator->heard<CalibrationReport>().empty(); };
        while (time.comes([&] { return said() || requests() > answered; }) && !said()) {
            const std::uint64_t offset = coordinator->heard<CalibrationRequest>().back().offset;
            ++answered;
            CalibrationPiece piece{offset, {}};
            const control::Frame whole = its.piece(offset);
            piece.bytes = std::get<CalibrationPiece>(control::decode(*whole)).bytes;
            if (!bytes.empty())
                piece.bytes =
                    gsl::as_bytes(gsl::span<const char>(bytes)).subspan(offset, piece.bytes.size());
            coordinator->send(piece);
        }
        return failure();
    }

    GivenTime time;
    std::unique_ptr<LinkEnd> coordinator;
    control::Listener listener{
        time.loop(), {"127.0.0.1", 0}, nullptr, [this](control::LinkPointer link) {
            coordinator = std::make_unique<LinkEnd>(std::move(link));
        }};
    testbed::Log log{{testbed::LogFormat::text, testbed::LogLevel::error}};
    std::shared_ptr<testbed::DeviceSession> session;
};

std::vector<std::filesystem::path> files_in(const std::filesystem::path& folder) {
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(folder))
        files.push_back(entry.path());
    return files;
}

TEST_CASE("a device gets a calibration in pieces, keeps it, and has it for the next coordinator") {
    const TemporaryFolder folder;
    {
        FetchTest first(folder.path());
        CHECK(first.offer(calibration_file()).empty());
        CHECK(first.requests() > 1);
    }
    REQUIRE(files_in(folder.path()).size() == 1);
    CHECK(contents(files_in(folder.path())[0]) == contents(calibration_file()));
    FetchTest next(folder.path());
    CHECK(next.offer(calibration_file()).empty());
    CHECK(next.requests() == 0);
}

TEST_CASE("a device uses its own file of the same bytes, whatever it is called") {
    const TemporaryFolder folder;
    std::filesystem::copy(calibration_file(), folder.path() / "mine.aircomp-calibration");
    FetchTest test(folder.path());
    CHECK(test.offer(calibration_file()).empty());
    CHECK(test.requests() == 0);
    CHECK(files_in(folder.path()).size() == 1);
}

TEST_CASE(
    "bytes that are not those that were announced are refused with both hashes, and not kept") {
    const TemporaryFolder folder;
    std::string changed = contents(calibration_file());
    changed[changed.size() / 2] ^= 1;
    FetchTest test(folder.path());
    const std::string failure = test.offer(calibration_file(), changed);
    const std::string hash = to_hex(sha256_of_file(calibration_file()));
    CHECK_THAT(failure, Catch::Contains((folder.path() / hash).string()) &&
                            Catch::Contains("expected SHA-256 " + hash.substr(0, 16)) &&
                            Catch::Contains("received "));
    CHECK(files_in(folder.path()).empty());
    CHECK_FALSE(test.session->ended());
}

TEST_CASE("a file that a device cannot use is refused with what was expected") {
    const TemporaryFolder folder, coordinators;
    std::string bytes = contents(calibration_file());
    std::string expected;
    SECTION("it was cut") {
        bytes.resize(bytes.size() / 2);
        expected = ".aircomp-calibration: ";
    }
    SECTION("it is another model's") {
        const std::string mark = "model-sha256\":\"";
        const auto digit = bytes.find(mark) + mark.size();
        bytes[digit] = bytes[digit] == '0' ? '1' : '0';
        expected = "expected a calibration of the model ";
    }
    const auto file = coordinators.path() / "its.aircomp-calibration";
    std::ofstream(file, std::ios::binary) << bytes;
    FetchTest test(folder.path());
    CHECK_THAT(test.offer(file),
               Catch::Contains(folder.path().string()) && Catch::Contains(expected));
}

TEST_CASE("a folder that cannot be written is named") {
    const TemporaryFolder folder;
    std::ofstream(folder.path() / "file") << "in the way";
    FetchTest test(folder.path() / "file");
    CHECK_THAT(test.offer(calibration_file()), Catch::Contains((folder.path() / "file").string()) &&
                                                   Catch::Contains("cannot be written"));
}

TEST_CASE("a device takes no piece that it did not ask for") {
    const TemporaryFolder folder;
    FetchTest test(folder.path());
    const testbed::CalibrationOffer offer(calibration_file(), all_of_it);
    test.coordinator->send(offer.message());
    REQUIRE(test.comes_request(1));
    const std::vector<char> bytes(100);
    test.coordinator->send(CalibrationPiece{100, gsl::as_bytes(gsl::span<const char>(bytes))});
    REQUIRE(test.time.comes([&] { return test.session->ended(); }));
    CHECK_THAT(test.session->reason(), Catch::Contains("expected none from byte 100"));
}

TEST_CASE("a calibration that became shorter meanwhile is named") {
    const TemporaryFolder folder;
    const auto file = folder.path() / "its.aircomp-calibration";
    std::ofstream(file) << std::string(100, 'x');
    testbed::CalibrationOffer offer(file, all_of_it);
    CHECK(std::get<CalibrationPiece>(control::decode(*offer.piece(90))).bytes.size() == 10);
    std::ofstream(file, std::ios::trunc) << "short";
    CHECK_THROWS_WITH(offer.piece(0), file.string() +
                                          ": expected 100 bytes, as at the start, found "
                                          "fewer");
}

}  // namespace
}  // namespace aircomp::test
