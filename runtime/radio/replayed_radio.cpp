// SPDX-License-Identifier: GPL-3.0-or-later
// Sessions over the files of a recording.
#include "radio/replayed_radio.hpp"

#include <algorithm>
#include <fstream>
#include <stdexcept>

namespace aircomp::runtime {
namespace {

class ReplayedSession final : public RadioSession {
public:
    ReplayedSession(RadioOptions options, const std::filesystem::path& base,
                    const RecordedRadio& radio, Ticks pulse, Ticks lead)
        : options_(std::move(options)), radio_(radio), pulse_(pulse), lead_(lead) {
        for (std::size_t antenna = 0; antenna < radio.antennas; ++antenna)
            files_.emplace_back(recorded_data(base, radio.name, antenna), std::ios::binary);
    }

    const RadioOptions& options() const override { return options_; }

    /// One after another until the time is set, so that nobody waits for them.
    std::vector<Ticks> last_pulse() override { return {is_set_ ? pulse_ : --before_}; }
    void set_time_at_next_pulse(Ticks) override { is_set_ = true; }
    void tune(Ticks) override {}
    Ticks now() override {
        if (radio_.bursts.empty()) return 0;
        return radio_.bursts[std::min(burst_, radio_.bursts.size() - 1)].begin - lead_;
    }

    void transmit(Ticks begin, gsl::span<const std::complex<float>>) override {
        if (burst_ == radio_.bursts.size() || radio_.bursts[burst_].begin != begin)
            fail("burst", begin);
        ++burst_;
    }
    BurstReport finish_burst() override { return radio_.bursts.at(burst_ - 1).report; }

    WindowReport receive(Ticks begin, gsl::span<std::complex<float>> samples) override {
        if (window_ == radio_.windows.size() || radio_.windows[window_].begin != begin ||
            radio_.windows[window_].samples * radio_.antennas != samples.size())
            fail("window of " + std::to_string(samples.size() / radio_.antennas) + " samples",
                 begin);
        const RecordedWindow& window = radio_.windows[window_++];
        if (window.report.state != WindowState::whole) return window.report;
        for (std::size_t a = 0; a < radio_.antennas; ++a) {
            const auto of_antenna =
                gsl::as_writable_bytes(samples.subspan(a * window.samples, window.samples));
            files_[a].read(reinterpret_cast<char*>(of_antenna.data()),
                           static_cast<std::streamsize>(of_antenna.size()));
            if (!files_[a]) throw std::runtime_error(name() + ": data cannot be read");
        }
        return window.report;
    }

private:
    std::string name() const { return "recorded radio '" + radio_.name + "'"; }
    [[noreturn]] void fail(const std::string& what, Ticks begin) const {
        throw std::runtime_error(name() + ": expected a " + what + " at tick " +
                                 std::to_string(begin) +
                                 ", found none: the rounds went another way");
    }

    RadioOptions options_;
    const RecordedRadio& radio_;
    Ticks pulse_, lead_;
    Ticks before_ = 0;
    bool is_set_ = false;
    std::vector<std::ifstream> files_;
    std::size_t burst_ = 0, window_ = 0;  ///< The next.
};

}  // namespace

RadioOpener replay_opener(const std::filesystem::path& base, const Recording& recording,
                          Ticks lead) {
    return [base, &recording, lead](const RadioOptions& options) {
        const auto radio =
            std::find_if(recording.radios.begin(), recording.radios.end(),
                         [&](const auto& each) { return each.name == options.name; });
        if (radio == recording.radios.end() || radio->antennas != options.channels) {
            throw std::runtime_error(base.string() + ".sigmf-collection: expected a radio '" +
                                     options.name + "' of " + std::to_string(options.channels) +
                                     " antennas, found none");
        }
        return std::make_unique<ReplayedSession>(options, base, *radio, recording.pulse, lead);
    };
}

}  // namespace aircomp::runtime
