// SPDX-License-Identifier: GPL-3.0-or-later
// A soak: run after run over four devices behind relays, while devices and coordinator are killed,
// stopped and cut off at random moments. Nothing hangs, no token is lost, and none differs from
// those of one process but at ties. scripts/soak runs it for as long as one likes.
#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <random>

#include "testbed/laboratory.hpp"
#include "testbed/relay.hpp"

namespace aircomp::test {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point begin) {
    return std::chrono::duration<double>(Clock::now() - begin).count();
}

/// No run rests for so long, however busy the machine: every process that is away comes back.
constexpr double longest_rest_s = 240;

/// Two logits closer than this part of the logits' range are a tie: float32 sums of other slices
/// may choose the other.
constexpr double tie = 1e-4;

const std::vector<std::string> prompts = {Laboratory::prompt,
                                          "The captain looked at the sea and",
                                          "To build the library, one needs",
                                          "It was late in the evening when",
                                          "The first rule of the laboratory is",
                                          "A radio wave"};

struct Plan {
    double duration_s = 0;
    int disturbances = 0;
    std::uint64_t seed = 0;
};

class Soak {
public:
    explicit Soak(const Plan& plan) : plan_(plan), random_(plan.seed) {
        std::uniform_real_distribution<double> moment(0, plan.duration_s);
        for (int i = 0; i < plan.disturbances; ++i)
            moments_.push_back(moment(random_));
        std::sort(moments_.begin(), moments_.end(), std::greater<>());
    }

    void run() {
        for (const std::string& words : prompts)
            Laboratory::undisturbed(words);
        begin_ = Clock::now();
        while (!moments_.empty() || seconds_since(begin_) < plan_.duration_s)
            write(prompts[static_cast<std::size_t>(runs_++) % prompts.size()]);
        report();
    }

private:
    // ---- one run ----

    void write(const std::string& words) {
        Laboratory lab("  join_timeout_s: 600\n", "", words);
        lab.start_coordinator();
        std::array<std::optional<Relay>, 4> relays;
        for (std::size_t n = 1; n <= 4; ++n) {
            relays[n - 1].emplace(lab.port());
            lab.start_device(n, {}, relays[n - 1]->address());
        }
        coming_.clear();
        auto progress = Clock::now();
        for (std::uintmax_t kept = 0; lab.coordinator().is_running();) {
            std::this_thread::sleep_for(std::chrono::milliseconds(2));
            if (!moments_.empty() && seconds_since(begin_) >= moments_.back()) {
                moments_.pop_back();
                disturb(lab, relays);
            }
            call_back();
            std::error_code none;
            const auto bytes = std::filesystem::file_size(lab.path("tokens"), none);
            // What a killed coordinator wrote by half is taken back: smaller is no loss.
            if (!none && bytes != std::exchange(kept, bytes)) progress = Clock::now();
            if (seconds_since(progress) > longest_rest_s) {
                FAIL("no token for " << longest_rest_s << " s\n" << lab.coordinator().log());
            }
        }
        epochs_ += epochs_of(lab.coordinator().log());
        compare(lab, Laboratory::undisturbed(words));
    }

    /// Assignments of slices, over all lives of the coordinator.
    static int epochs_of(const std::string& log) {
        int epochs = 0;
        std::string last;
        std::istringstream lines(log);
        for (std::string line; std::getline(lines, line);) {
            if (line.find("listening") != std::string::npos) last.clear();
            const auto at = line.find("epoch ");
            if (at == std::string::npos || line.find("slice assigned") == std::string::npos) {
                continue;
            }
            const std::string epoch = line.substr(at, line.find(',', at) - at);
            if (epoch != std::exchange(last, epoch)) ++epochs;
        }
        return epochs;
    }

    // ---- what happens to it ----

    void disturb(Laboratory& lab, std::array<std::optional<Relay>, 4>& relays) {
        const std::size_t n = random_() % 4 + 1;
        std::uniform_real_distribution<double> some_time(0, 5);  // Twice the heartbeat and more.
        const double away_s = some_time(random_);
        switch (random_() % 8) {
            case 0:
            case 1:
            case 2:
                count("device killed");
                lab.device(n).signal(SIGKILL);
                lab.device(n).wait();
                later(away_s, [&lab, &relays, n] {
                    if (lab.device(n).is_running()) return;  // It is back from another kill.
                    lab.start_device(n, {}, relays[n - 1]->address());
                });
                break;
            case 3:
            case 4:
                count("device stopped");
                lab.device(n).signal(SIGSTOP);
                later(away_s, [&lab, n] { lab.device(n).signal(SIGCONT); });
                break;
            case 5:
                count("connection cut");
                relays[n - 1]->cut();
                break;
            case 6: {
                count("coordinator killed");
                lab.coordinator().signal(SIGKILL);
                lab.coordinator().wait();
                const std::string address = lab.address();
                lab.start_coordinator({"--listen", address});
                break;
            }
            default:
                count("coordinator stopped");
                lab.coordinator().signal(SIGSTOP);
                later(away_s, [&lab] { lab.coordinator().signal(SIGCONT); });
        }
    }

    void later(double wait_s, std::function<void()> action) {
        coming_.emplace_back(Clock::now() + std::chrono::duration_cast<Clock::duration>(
                                                std::chrono::duration<double>(wait_s)),
                             std::move(action));
    }

    void call_back() {
        for (std::size_t i = 0; i < coming_.size();) {
            if (Clock::now() < coming_[i].first) {
                ++i;
                continue;
            }
            const auto action = coming_[i].second;
            coming_.erase(coming_.begin() + static_cast<std::ptrdiff_t>(i));
            action();
        }
    }

    void count(const std::string& what) {
        ++counts_[what];
        std::cout << "soak: " << static_cast<int>(seconds_since(begin_)) << " s, run " << runs_
                  << ": " << what << std::endl;
    }

    // ---- what came of it ----

    /// Holds a run to the undisturbed text; where they part at a tie, puts it back on it and goes
    /// on from there.
    void compare(Laboratory& lab, const std::vector<int>& whole) {
        for (;;) {
            const auto made = lab.result()["tokens"].get<std::vector<int>>();
            REQUIRE(made.size() == whole.size());
            const auto [ours, theirs] = std::mismatch(made.begin(), made.end(), whole.begin());
            if (ours == made.end()) break;
            const std::vector<int> common(made.begin(), ours);
            INFO("after " << common.size() << " tokens: " << *ours << " for " << *theirs << "\n"
                          << lab.coordinator().log());
            REQUIRE(is_tie(lab, common, *ours, *theirs));
            ++ties_;
            force(lab, {whole.begin(), theirs + 1});
        }
        tokens_ += Laboratory::tokens;
    }

    static bool is_tie(const Laboratory& lab, const std::vector<int>& common, int one, int other) {
        std::string list;
        for (const int token : common)
            list += (list.empty() ? "" : ",") + std::to_string(token);
        Process alone({"logits", "--model", AIRCOMP_SOURCE_DIR "/inference/models/demo", "--scheme",
                       "exact", "--shares", "0.4,0.3,0.2,0.1", "--tokens", list, "--json",
                       lab.path("logits.json").string()},
                      lab.path("logits.log"));
        REQUIRE(alone.wait() == 0);
        const auto logits = nlohmann::json::parse(contents(lab.path("logits.json")))["logits"]
                                .get<std::vector<double>>();
        const auto [least, most] = std::minmax_element(logits.begin(), logits.end());
        const double gap = std::abs(logits.at(static_cast<std::size_t>(one)) -
                                    logits.at(static_cast<std::size_t>(other)));
        std::cout << "soak: two logits " << gap / (*most - *least) << " of the range apart"
                  << std::endl;
        return gap <= tie * (*most - *least);
    }

    /// Writes what is left of the run after `tokens`, undisturbed.
    static void force(Laboratory& lab, const std::vector<int>& tokens) {
        std::istringstream log(contents(lab.path("tokens")));
        std::string head;
        std::getline(log, head);
        std::ofstream again(lab.path("tokens"));
        again << head << "\n";
        for (const int token : tokens)
            again << token << "\n";
        again.close();
        lab.start_coordinator();
        lab.start_devices();
    }

    void report() const {
        std::cout << "soak: " << plan_.disturbances << " disturbances in "
                  << static_cast<int>(seconds_since(begin_)) << " s:";
        for (const auto& [what, times] : counts_)
            std::cout << " " << what << " " << times << " times,";
        std::cout << " over " << runs_ << " runs of " << tokens_ << " tokens and " << epochs_
                  << " assignments of slices; " << ties_
                  << " tokens differed at ties, none elsewhere" << std::endl;
    }

    Plan plan_;
    std::mt19937_64 random_;
    std::vector<double> moments_;  ///< Of disturbances, seconds from the beginning; latest first.
    Clock::time_point begin_;
    std::vector<std::pair<Clock::time_point, std::function<void()>>> coming_;
    std::map<std::string, int> counts_;
    int runs_ = 0, tokens_ = 0, epochs_ = 0, ties_ = 0;
};

double number_of(const char* variable, double otherwise) {
    const char* const text = std::getenv(variable);
    return text == nullptr ? otherwise : std::stod(text);
}

TEST_CASE("a minute of kills loses and changes no token") {
    Soak({60, 12, 1}).run();
}

TEST_CASE("a soak of as many minutes and kills as the environment says", "[.soak]") {
    Soak({60 * number_of("AIRCOMP_SOAK_MINUTES", 30),
          static_cast<int>(number_of("AIRCOMP_SOAK_KILLS", 200)),
          static_cast<std::uint64_t>(number_of("AIRCOMP_SOAK_SEED", 1))})
        .run();
}

}  // namespace
}  // namespace aircomp::test
