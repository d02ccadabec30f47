// SPDX-License-Identifier: GPL-3.0-or-later
// What a round's answers come to where some are late.
#include "daemon/coordinator/round_answers.hpp"

#include <cmath>

#include "daemon/check.hpp"
#include "support/catch.hpp"

namespace aircomp::runtime::testbed {
namespace {

constexpr std::size_t one = 3, other = 7;  ///< Devices.

struct Word {
    std::size_t device;
    std::vector<float> partial;
    double foretold = 0;
};
using Words = std::vector<Word>;

/// Answers of two devices over links on which a wait lasts until what a test wants has come.
class AnswersTest final : public RoundLinks {
public:
    /// `words`: of the first wait, the second and so on.
    explicit AnswersTest(std::vector<Words> words) : words_(std::move(words)) {
        answers.begin_epoch({one, other});
    }

    bool wait(const std::function<bool()>& done, double) override {
        for (const Word& word : words_.at(waits_++))
            answers.take(word.device, control::Partial{1, 1, 0, word.partial, {}, word.foretold});
        return done();
    }
    std::optional<RoundFailure> lost() const override { return loss; }
    void send(std::size_t device, const control::Frame&) override { asked_again.push_back(device); }
    void note(std::size_t device, const std::string& what) override {
        noted.emplace_back(device, what);
    }
    void finish(const std::function<bool()>&) override {}
    void post(std::function<void()>) override {}

    std::optional<RoundFailure> wait_for_all(double foretold = 0) {
        Round round;
        round.number = 1;
        round.site.index = 5;
        round.position = 40;
        round.foretold = foretold;
        round.foretold_size = 100;
        return answers.wait(round);
    }

    RoundAnswers answers{*this, 30};
    std::optional<RoundFailure> loss;
    std::vector<std::size_t> asked_again;
    std::vector<std::pair<std::size_t, std::string>> noted;

private:
    std::vector<Words> words_;
    std::size_t waits_ = 0;
};

TEST_CASE("a device that is slow but in time is not asked again") {
    AnswersTest test({Words{{other, {2}}, {one, {1}}}});
    CHECK_FALSE(test.wait_for_all());
    CHECK(test.asked_again.empty());
    CHECK(test.answers.partials() == std::vector<std::vector<float>>{{1}, {2}});
}

TEST_CASE("who is late is asked once more, alone, and what it says twice counts once") {
    AnswersTest test({Words{{other, {2}}}, Words{{one, {1}}, {one, {10}}}});
    CHECK_FALSE(test.wait_for_all());
    CHECK(test.asked_again == std::vector<std::size_t>{one});
    CHECK(test.answers.repeated_rounds() == 1);
    CHECK(test.answers.partials() == std::vector<std::vector<float>>{{1}, {2}});
}

TEST_CASE("who does not answer when it is asked again is to blame") {
    AnswersTest test({Words{{one, {1}}}, Words{}});
    const auto failure = test.wait_for_all();
    REQUIRE(failure);
    CHECK(failure->device == other);
    CHECK(failure->reason == "it did not answer round 1, asked twice");
}

TEST_CASE("who foretells another sum than the coordinator is to blame") {
    AnswersTest test({Words{{one, {1}, 77}, {other, {2}, 77.1}}});
    const auto failure = test.wait_for_all(77);
    REQUIRE(failure);
    CHECK(failure->device == other);
    CHECK(failure->reason ==
          "what it foretells of the sum of site 5 at position 40 is not what the coordinator does");
    // Whose answer has no check leaves nothing out.
    AnswersTest silent({Words{{one, {1}, 77}, {other, {2}}}});
    CHECK(silent.wait_for_all(77)->device == other);
}

TEST_CASE("who foretells other bits is noted, and stays where that is what processors round") {
    AnswersTest agreed({Words{{one, {1}, 77}, {other, {2}, 77}}});
    CHECK_FALSE(agreed.wait_for_all(77));
    CHECK(agreed.noted.empty());
    AnswersTest rounded({Words{{one, {1}, 77}, {other, {2}, std::nextafter(77, 78)}}});
    CHECK_FALSE(rounded.wait_for_all(77));
    REQUIRE(rounded.noted.size() == 1);
    CHECK(rounded.noted[0].first == other);
    CHECK_THAT(rounded.noted[0].second, Catch::Contains("is not bit for bit"));
}

TEST_CASE("a check of values differs where one of them does, and as little as that") {
    std::vector<float> values(64);
    for (std::size_t i = 0; i < values.size(); ++i)
        values[i] = static_cast<float>(i) - 20;
    const double whole = check_sum(values);
    CHECK(check_sum(values) == whole);
    for (const std::size_t i : {0U, 1U, 33U, 63U}) {
        auto changed = values;
        changed[i] += 0.25F;
        CHECK(std::abs(check_sum(changed) - whole) == 0.25);
    }
    CHECK(check_sum({}) == 0);
}

TEST_CASE("nobody is asked again where a device was lost meanwhile") {
    AnswersTest test({Words{{one, {1}}}});
    test.loss = RoundFailure{other, "silent"};
    const auto failure = test.wait_for_all();
    REQUIRE(failure);
    CHECK(failure->reason == "silent");
    CHECK(test.asked_again.empty());
}

}  // namespace
}  // namespace aircomp::runtime::testbed
