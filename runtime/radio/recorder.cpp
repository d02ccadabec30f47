// SPDX-License-Identifier: GPL-3.0-or-later
// A session around each session, which writes what passes.
#include "radio/recorder.hpp"

#include <algorithm>
#include <fstream>
#include <stdexcept>

namespace aircomp::runtime {

/// Of one radio: its data files, and what stands beside them.
class RecordedTrack {
public:
    RecordedTrack(const std::filesystem::path& base, const RadioOptions& options) {
        radio_.name = options.name;
        radio_.antennas = options.channels;
        radio_.sample_rate_hz = options.sample_rate_hz;
        radio_.frequency_hz = options.frequency_hz;
        for (std::size_t antenna = 0; antenna < options.channels; ++antenna) {
            paths_.push_back(recorded_data(base, options.name, antenna));
            files_.emplace_back(paths_.back(), std::ios::binary);
            check(antenna);
        }
    }

    void add(const RecordedBurst& burst) { radio_.bursts.push_back(burst); }

    void add(RecordedWindow window, gsl::span<const std::complex<float>> samples) {
        window.samples = samples.size() / radio_.antennas;
        // The server receives what devices send together, a device the server's headers.
        if (radio_.name != "server") {
            window.label = "header";
            window.site.clear();
        }
        for (std::size_t a = 0; a < files_.size() && window.report.state == WindowState::whole;
             ++a) {
            const auto of_antenna =
                gsl::as_bytes(samples.subspan(a * window.samples, window.samples));
            files_[a].write(reinterpret_cast<const char*>(of_antenna.data()),
                            static_cast<std::streamsize>(of_antenna.size()));
            check(a);
        }
        radio_.windows.push_back(std::move(window));
    }

    void set_pulse(Ticks pulse) { pulse_ = pulse; }
    Ticks pulse() const { return pulse_; }

    RecordedRadio finish() {
        for (std::size_t a = 0; a < files_.size(); ++a) {
            files_[a].close();
            check(a);
        }
        return radio_;
    }

private:
    void check(std::size_t antenna) const {
        if (!files_[antenna])
            throw std::runtime_error(paths_[antenna].string() + ": cannot be written");
    }

    RecordedRadio radio_;
    std::vector<std::filesystem::path> paths_;
    std::vector<std::ofstream> files_;
    Ticks pulse_ = 0;
};

namespace {

class RecordingSession final : public RadioSession {
public:
    /// `next` is what the recorder knows of the next window.
    RecordingSession(std::unique_ptr<RadioSession> radio, RecordedTrack& track,
                     const RecordedWindow& next)
        : radio_(std::move(radio)), track_(track), next_(next) {}

    const RadioOptions& options() const override { return radio_->options(); }
    std::vector<Ticks> last_pulse() override {
        auto pulses = radio_->last_pulse();
        if (!pulses.empty()) track_.set_pulse(pulses.front());
        return pulses;
    }
    void set_time_at_next_pulse(Ticks time) override { radio_->set_time_at_next_pulse(time); }
    void tune(Ticks time) override { radio_->tune(time); }
    Ticks now() override { return radio_->now(); }
    void rest() override { radio_->rest(); }
    void call(gsl::span<const std::string> radios) override { radio_->call(radios); }

    void transmit(Ticks begin, gsl::span<const std::complex<float>> samples) override {
        radio_->transmit(begin, samples);
        begin_ = begin;
    }
    BurstReport finish_burst() override {
        const BurstReport report = radio_->finish_burst();
        track_.add({begin_, report});
        return report;
    }
    WindowReport receive(Ticks begin, gsl::span<std::complex<float>> samples) override {
        RecordedWindow window = next_;
        window.begin = begin;
        window.report = radio_->receive(begin, samples);
        track_.add(window, samples);
        return window.report;
    }

private:
    std::unique_ptr<RadioSession> radio_;
    RecordedTrack& track_;
    const RecordedWindow& next_;
    Ticks begin_ = 0;
};

}  // namespace

Recorder::Recorder(std::filesystem::path base) : base_(std::move(base)) {}

Recorder::~Recorder() = default;

RadioOpener Recorder::opener(RadioOpener open) {
    return [this, open = std::move(open)](const RadioOptions& options) {
        auto radio = open(options);
        tracks_.push_back(std::make_unique<RecordedTrack>(base_, options));
        return std::make_unique<RecordingSession>(std::move(radio), *tracks_.back(), next_);
    };
}

void Recorder::begin_round(std::int64_t number, bool sounding, const std::string& site) {
    next_.round = number;
    next_.label = sounding ? "sounding" : "burst";
    next_.site = sounding ? "" : site;
}

void Recorder::finish(Recording recording) {
    for (const auto& track : tracks_) {
        recording.radios.push_back(track->finish());
        recording.pulse = std::max(recording.pulse, track->pulse());
    }
    write_recording(base_, recording);
}

}  // namespace aircomp::runtime
