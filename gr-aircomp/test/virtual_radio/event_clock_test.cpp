// SPDX-License-Identifier: GPL-3.0-or-later
// The rule of an event clock, and a device's view of it, without radios: members are moved by hand.
#include "event_clock.hpp"

#include <deque>
#include <memory>
#include <vector>

#include "seat.hpp"
#include "support/catch.hpp"

namespace gr::aircomp::virtual_radio {
namespace {

using std::chrono::seconds;

/// A clock whose wall stands where it is put.
struct Given {
    EventClock::Wall::time_point wall;
    EventClock clock{seconds(10), [this] { return wall; }};
};

/// A member that notes when what it waits for has come.
struct Noting {
    explicit Noting(EventClock& clock) : member(std::make_unique<EventClock::Member>(clock)) {}

    void wait(Ticks until) {
        member->wait(until, [this](Ticks now) { came.push_back(now); });
    }

    std::vector<Ticks> came;
    std::unique_ptr<EventClock::Member> member;
};

TEST_CASE("an event clock leaps to the first time that one waits for, once nobody holds it") {
    Given given;
    Noting a(given.clock), b(given.clock), resting(given.clock);
    CHECK(a.member->hold() == 0);
    CHECK(b.member->hold() == 0);
    b.wait(70);
    CHECK(given.clock.now() == 0);
    CHECK(b.came.empty());
    a.wait(50);
    CHECK(given.clock.now() == 50);
    CHECK(a.came == std::vector<Ticks>{50});
    // a computes: what b waits for does not come, however long that takes.
    CHECK(b.came.empty());
    a.wait(60);
    CHECK(a.came == std::vector<Ticks>{50, 60});
    a.member->rest();
    CHECK(b.came == std::vector<Ticks>{70});
    CHECK(given.clock.now() == 70);
}

TEST_CASE("members that wait for one time have it together, and all hold the clock") {
    Given given;
    Noting a(given.clock), b(given.clock), c(given.clock);
    c.member->hold();
    a.wait(10);
    b.wait(10);
    c.wait(1000);
    CHECK(a.came == std::vector<Ticks>{10});
    CHECK(b.came == std::vector<Ticks>{10});
    a.wait(2000);
    CHECK(given.clock.now() == 10);
    b.wait(3000);
    CHECK(given.clock.now() == 1000);
    CHECK(c.came == std::vector<Ticks>{1000});
}

TEST_CASE("a time that has come is not waited for, whoever holds the clock") {
    Given given;
    Noting a(given.clock), b(given.clock);
    a.wait(100);
    REQUIRE(given.clock.now() == 100);
    b.wait(40);
    CHECK(b.came == std::vector<Ticks>{100});
    CHECK(given.clock.now() == 100);
}

TEST_CASE("a member that is called holds the clock until it waits or rests") {
    Given given;
    Noting server(given.clock), device(given.clock);
    server.member->hold();
    device.member->call();
    // The order is on its way, the server waits for its window already.
    server.wait(500);
    CHECK(given.clock.now() == 0);
    device.wait(200);
    CHECK(given.clock.now() == 200);
    device.member->rest();
    CHECK(server.came == std::vector<Ticks>{500});
    // A call changes nothing for one that is at work.
    server.member->rest();
    device.wait(900);
    Noting third(given.clock);
    third.member->hold();
    device.wait(1000);
    device.member->call();
    third.member->rest();
    CHECK(device.came.back() == 1000);
}

TEST_CASE("a member that ends lets the clock go") {
    Given given;
    Noting a(given.clock), b(given.clock);
    a.member->hold();
    b.wait(30);
    CHECK(b.came.empty());
    a.member.reset();
    CHECK(b.came == std::vector<Ticks>{30});
    // What it waited for is gone with it.
    Noting c(given.clock);
    c.wait(40);
    c.member.reset();
    b.wait(1000);
    CHECK(given.clock.now() == 1000);
}

TEST_CASE("a member that is silent for longer than the patience holds the clock no more") {
    Given given;
    Noting silent(given.clock), other(given.clock);
    silent.member->hold();
    given.wall += seconds(100);
    // Nobody is kept waiting.
    given.clock.release_silent();
    other.wait(10);
    CHECK(other.came.empty());
    given.clock.release_silent();
    CHECK(other.came == std::vector<Ticks>{10});
    other.wait(20);
    CHECK(given.clock.now() == 20);
    // Its next call is like its first.
    silent.member->hold();
    other.wait(30);
    given.wall += seconds(10);
    given.clock.release_silent();
    CHECK(given.clock.now() == 20);
    given.wall += seconds(1);
    given.clock.release_silent();
    CHECK(given.clock.now() == 30);
}

/// A member that is alone with its clock, until the air is gone.
class Alone final : public Membership {
public:
    struct Seen {
        Ticks now = 0;
        bool is_gone = false;
        int holds = 0;
        std::vector<Ticks> waits;
    };
    explicit Alone(Seen& seen) : seen_(seen) {}

    Ticks peek() override { return time(); }
    Ticks hold() override {
        ++seen_.holds;
        return time();
    }
    Ticks wait(Ticks until) override {
        time();
        seen_.waits.push_back(until);
        return seen_.now = until;
    }
    void rest() override { time(); }
    void call(const std::vector<std::size_t>&) override { time(); }

private:
    Ticks time() const {
        if (seen_.is_gone) throw AirGone("gone");
        return seen_.now;
    }
    Seen& seen_;
};

constexpr double tick_rate_hz = 1e9;

TEST_CASE("a program that looks at the clock again and again sees it move") {
    Alone::Seen seen;
    EventSeat seat(std::make_unique<Alone>(seen), tick_rate_hz);
    seen.now = 1234;
    CHECK(seat.peek() == 1234);
    // Some looks see one time, the next one the next multiple of its step.
    for (int i = 0; i < 5; ++i)
        CHECK(seat.look(1000) == 1234);
    for (int i = 0; i < 5; ++i)
        CHECK(seat.look(1000) == 2000);
    CHECK(seat.look(500) == 2500);
    CHECK(seen.waits == std::vector<Ticks>{2000, 2500});
    // While it holds the clock, nobody else moves it, and it need not be asked.
    CHECK(seen.holds == 1);
    CHECK(seat.now() == 2500);
    seat.rest();
    seen.now = 9000;
    CHECK(seat.now() == 9000);
    CHECK(seen.holds == 2);
}

TEST_CASE("a clock whose air is gone goes on as the wall's does") {
    Alone::Seen seen;
    EventSeat seat(std::make_unique<Alone>(seen), tick_rate_hz);
    seen.now = 5000;
    CHECK(seat.now() == 5000);
    seen.is_gone = true;
    seat.rest();
    const Ticks before = seat.now();
    CHECK(before >= 5000);
    std::mutex mutex;
    std::condition_variable never;
    std::unique_lock<std::mutex> lock(mutex);
    while (seat.now() < before + 1000000)
        seat.wait(lock, never, before + 1000000);
    CHECK(seat.look(1) >= before + 1000000);
}

}  // namespace
}  // namespace gr::aircomp::virtual_radio
