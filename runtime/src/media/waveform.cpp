// SPDX-License-Identifier: GPL-3.0-or-later
// Medium `waveform`: over the air, sample by sample. A round is the server's header, by which every
// device knows its oscillator's phase, then the burst of all devices; once a coherence block the
// devices sound the channel and the coordinator designs a transceiver per resource block.
#include <cmath>
#include <optional>
#include <stdexcept>

#include "aircomp/optimizer/design.hpp"
#include "exact_sum.hpp"
#include "gnuradio/aircomp/phy/offset_tracker.hpp"
#include "gnuradio/aircomp/phy/postprocessor.hpp"
#include "gnuradio/aircomp/phy/sounder.hpp"
#include "media/media.hpp"
#include "media/waveform_air.hpp"
#include "waveform_format.hpp"

namespace aircomp::runtime {
namespace {

constexpr std::uint64_t path_purpose = 14;
constexpr double bytes_per_coefficient = 8;  // a complex float32 of a precoder on its way
// Before the first sounding, headers until an offset is known to a few Hz: one is good for some
// 100.
constexpr int first_headers = 24;
constexpr double first_gap_s = 100e-6;

/// The transceivers of one coherence block, for the sites of one kind, as the kernels take them.
struct BlockSettings {
    std::vector<std::vector<phy::Sample>> precoders;  ///< By device, [blocks, antennas, streams].
    std::vector<phy::Sample> combiners;               ///< [blocks, streams, server antennas]
    std::vector<phy::Sample> pilot_reference;         ///< [blocks, streams]
    double smallest_part = 1;
    std::vector<double> parts;       ///< Of the devices in the pilots' power-weighted mean, sum 1.
    std::vector<double> path_power;  ///< v_n ||A H_n B_n||_F^2, mean over the resource blocks.
    std::vector<double> power_w;     ///< tr(v_n B_n B_n^H), mean over the resource blocks.
};

class WaveformMedium final : public Medium {
public:
    WaveformMedium(RadioCell cell, AnalogCodec codec, const std::string& design);

    void all_reduce(const SumRequest& request, gsl::span<float> sum) override {
        check_request(request, sum);
        if (config().analog.scale == ScalePolicy::exchanged) {
            cell_.charge_control(static_cast<double>(request.partials.size() * sizeof(float)) *
                                 static_cast<double>(request.vectors));
        }
        const auto length = static_cast<std::size_t>(request.length);
        for (std::int64_t v = 0; v < request.vectors; ++v) {
            if (cell_.enter_block(settings_bytes())) enter_block();
            const auto out = sum.subspan(static_cast<std::size_t>(v) * length, length);
            transmit(request, v, out);
            cell_.downlink(out);
        }
    }
    void elapse(double seconds) override {
        elapsed_s_ += seconds;
        cell_.elapse(seconds);
    }
    const LinkUsage& usage() const override { return cell_.usage(); }

private:
    const Config& config() const { return cell_.config(); }
    std::size_t devices() const { return config().devices.size(); }
    bool free_running() const {
        return config().waveform.carrier_offset_hz > 0 || config().waveform.linewidth_hz > 0;
    }
    double settings_bytes() const;
    bool sounds(std::size_t n) const;
    double air_s(std::size_t samples) const {
        return static_cast<double>(samples) / config().radio.bandwidth_hz;
    }

    void enter_block();
    bool acquire();
    bool hear_header();
    bool sound();
    void design_blocks();
    void design_blocks(SiteKind kind);
    optimizer::TransceiverProblem problem(SiteKind kind, std::size_t block) const;
    void apply(const optimizer::TransceiverProblem& problem,
               const optimizer::Transceiver& transceiver, BlockSettings& settings) const;
    void correct_oscillator(std::size_t n, phy::TransmitSettings& settings) const;

    void transmit(const SumRequest& request, std::int64_t v, gsl::span<float> out);
    bool try_round(const SumRequest& request, std::int64_t v, gsl::span<float> out);
    void send(const SumRequest& request, std::int64_t v, double scale);
    void measure_residual(SiteKind kind);
    [[noreturn]] void give_up() const;

    RadioCell cell_;
    AnalogCodec codec_;
    optimizer::Designer designer_;
    phy::BurstFormat format_;
    phy::CarrierPlan plan_;
    WaveformAir air_;
    std::vector<phy::Preprocessor> transmitters_;
    std::vector<phy::HeaderReceiver> header_receivers_;
    std::vector<phy::OffsetTracker> trackers_;
    std::vector<phy::Sample> header_;
    phy::Sounder sounder_;
    std::optional<phy::Postprocessor> receiver_;
    std::vector<std::vector<phy::Sample>> bursts_;
    std::vector<phy::TransmitSettings> corrections_;       // of the last bursts, by device
    std::vector<std::complex<double>> sounding_residual_;  // exp(j residual) while sounding
    const phy::SoundingReport* sounding_ = nullptr;
    BlockSettings settings_[2];  // by SiteKind
    std::size_t header_antenna_ = 0;
    std::string failure_;  // of the last attempt
    double elapsed_s_ = 0;
};

WaveformMedium::WaveformMedium(RadioCell cell, AnalogCodec codec, const std::string& design)
    : cell_(std::move(cell)),
      codec_(std::move(codec)),
      designer_(optimizer::make_designer(design)),
      format_(burst_format(cell_.config())),
      plan_(phy::carrier_plan(format_)),
      air_(cell_.config(), format_, path_gains(cell_.config()), cell_.noise_power_w()),
      header_(format_.header_samples()),
      sounder_(format_, static_cast<std::size_t>(cell_.config().radio.server_antennas),
               air_.window(format_.sounding_samples())),
      bursts_(cell_.config().devices.size()),
      corrections_(bursts_.size()),
      sounding_residual_(bursts_.size(), 1) {
    const phy::Payload payload{static_cast<std::size_t>(codec_.length()),
                               static_cast<std::size_t>(codec_.streams()), codec_.rotation_seed()};
    phy::OscillatorModel oscillator;
    oscillator.linewidth_hz = config().waveform.linewidth_hz;
    oscillator.initial_offset_hz = std::max(1.0, config().waveform.carrier_offset_hz);
    for (const auto& device : config().devices) {
        const auto antennas = static_cast<std::size_t>(device.antennas);
        transmitters_.emplace_back(format_, payload, antennas);
        header_receivers_.emplace_back(format_, antennas, air_.window(header_.size()));
        trackers_.emplace_back(oscillator);
    }
    phy::write_header(format_, config().radio.server_power_w, header_);
    receiver_.emplace(format_, payload, static_cast<std::size_t>(config().radio.server_antennas),
                      air_.window(transmitters_[0].burst_samples()));
}

double WaveformMedium::settings_bytes() const {
    double coefficients = 0;
    for (std::size_t n = 0; n < devices(); ++n) {
        if (!cell_.participants()[n]) continue;
        coefficients += 2.0 * config().devices[n].antennas * config().radio.streams *
                        static_cast<double>(format_.resource_blocks());
    }
    return coefficients * bytes_per_coefficient;
}

bool WaveformMedium::sounds(std::size_t n) const {
    return cell_.participants()[n] && (codec_.second_moments(SiteKind::attention)[n] > 0 ||
                                       codec_.second_moments(SiteKind::mlp)[n] > 0);
}

// ---- once a coherence block ----

void WaveformMedium::enter_block() {
    const auto number = static_cast<std::uint64_t>(cell_.block().index);
    air_.set_channels(cell_.block().channels, derive_seed(config().seed, path_purpose, number));
    for (int attempt = 0; attempt < config().waveform.attempts; ++attempt) {
        // Another antenna may be out of the fade that hid the last one from a device.
        header_antenna_ = static_cast<std::size_t>(attempt) %
                          static_cast<std::size_t>(config().radio.server_antennas);
        if (acquire() && sound()) {
            design_blocks();
            return;
        }
        cell_.count_repeated_round();
    }
    give_up();
}

/// Phases of the new channel, and, the first time, the oscillators' offsets.
bool WaveformMedium::acquire() {
    if (!free_running()) return true;
    const bool is_first = sounding_ == nullptr;
    for (std::size_t n = 0; n < devices(); ++n) {
        header_receivers_[n].reset();
        trackers_[n].forget_phase();
    }
    if (!hear_header()) return false;
    for (int i = 1; is_first && i < first_headers; ++i) {
        // Further and further apart, as the offset known so far allows to count the turns.
        const int longer = 1 + i / 4;
        const double gap_s = first_gap_s * longer;
        air_.idle(gap_s * config().radio.bandwidth_hz);
        if (!hear_header()) return false;
    }
    return true;
}

/// One header; every device that takes part measures it.
bool WaveformMedium::hear_header() {
    const double rate = config().radio.bandwidth_hz;
    const double begin = air_.now();
    const auto& received = air_.downlink(header_, header_antenna_);
    for (std::size_t n = 0; n < devices(); ++n) {
        if (!sounds(n)) continue;
        const auto heard = header_receivers_[n].measure(received[n]);
        if (!heard.found) {
            failure_ = "device '" + config().devices[n].name + "' did not find the header";
            return false;
        }
        // The header shows the server's oscillator relative to the device's.
        trackers_[n].update((begin + heard.middle_samples) / rate, -heard.phase,
                            heard.phase_variance, -heard.sync.offset * rate,
                            heard.sync.offset_variance * rate * rate);
    }
    return true;
}

/// For a burst that begins lead() samples from now.
void WaveformMedium::correct_oscillator(std::size_t n, phy::TransmitSettings& settings) const {
    if (!free_running()) return;
    const double rate = config().radio.bandwidth_hz;
    const auto at =
        trackers_[n].predict((air_.now() + static_cast<double>(WaveformAir::lead())) / rate);
    settings.phase = at.phase;
    settings.offset = at.offset_hz / rate;
}

bool WaveformMedium::sound() {
    std::vector<double> power_w(devices(), 0);
    for (std::size_t n = 0; n < devices(); ++n) {
        bursts_[n].clear();
        if (!sounds(n)) continue;
        power_w[n] = config().devices[n].max_power_w;
        phy::TransmitSettings settings;
        settings.preamble_power_w = power_w[n];
        correct_oscillator(n, settings);
        corrections_[n] = settings;
        bursts_[n].resize(transmitters_[n].antennas() * format_.sounding_samples());
        transmitters_[n].sounding_burst(n, power_w[n], settings, bursts_[n]);
    }
    const bool perfect = config().radio.channel_knowledge == ChannelKnowledge::perfect;
    if (perfect) air_.set_noise(false);
    sounding_ = &sounder_.process(air_.uplink(bursts_, format_.sounding_samples()), power_w);
    if (perfect) air_.set_noise(true);
    const std::size_t slot = format_.sounding_symbols * format_.symbol_samples();
    for (std::size_t n = 0; n < devices(); ++n) {
        const std::size_t begin = WaveformAir::lead() + format_.ramp + format_.preamble_samples() +
                                  format_.first_slot(n) * slot;
        sounding_residual_[n] = air_.residual(n, corrections_[n].phase, corrections_[n].offset,
                                              begin, begin + format_.device_antennas[n] * slot);
    }
    if (!sounding_->found) failure_ = "the server did not find the sounding of any device";
    for (std::size_t n = 0; n < devices() && sounding_->found; ++n) {
        if (!sounds(n) || sounding_->devices[n].found) continue;
        failure_ = "the sounding of device '" + config().devices[n].name + "' was not found";
        return false;
    }
    return sounding_->found;
}

void WaveformMedium::design_blocks() {
    for (const SiteKind kind : {SiteKind::attention, SiteKind::mlp})
        design_blocks(kind);
}

void WaveformMedium::design_blocks(SiteKind kind) {
    BlockSettings& settings = settings_[static_cast<std::size_t>(kind)];
    settings = {};
    settings.precoders.resize(devices());
    settings.power_w.assign(devices(), 0);
    optimizer::DesignOptions options;
    std::vector<std::complex<double>> parts(devices());
    settings.path_power.assign(devices(), 0);
    for (std::size_t block = 0; block < format_.resource_blocks(); ++block) {
        const auto of_block = problem(kind, block);
        const auto design = designer_(of_block, options);
        options.warm_start = design.transceiver.combiner;
        apply(of_block, design.transceiver, settings);
        const Eigen::VectorXcd ones = Eigen::VectorXcd::Ones(of_block.streams);
        Eigen::VectorXcd reference = Eigen::VectorXcd::Zero(of_block.streams);
        std::vector<Eigen::VectorXcd> own(devices(), reference);
        for (std::size_t n = 0; n < devices(); ++n) {
            const Eigen::MatrixXcd path = design.transceiver.combiner * of_block.channels[n] *
                                          design.transceiver.precoders[n];
            own[n] = std::sqrt(of_block.second_moments[n]) * (path * ones);
            reference += own[n];
            settings.path_power[n] += of_block.second_moments[n] * path.squaredNorm() /
                                      static_cast<double>(format_.resource_blocks());
        }
        for (Eigen::Index l = 0; l < reference.size(); ++l)
            settings.pilot_reference.emplace_back(reference(l));
        for (std::size_t n = 0; n < devices(); ++n)
            parts[n] += reference.dot(own[n]);
    }
    std::complex<double> whole;
    for (const auto& part : parts)
        whole += part;
    for (std::size_t n = 0; n < devices(); ++n) {
        settings.parts.push_back((parts[n] / whole).real());
        if (codec_.second_moments(kind)[n] > 0) {
            settings.smallest_part = std::min(settings.smallest_part, settings.parts[n]);
        }
    }
}

/// Equation (5) of one resource block: estimates are means over its subcarriers.
optimizer::TransceiverProblem WaveformMedium::problem(SiteKind kind, std::size_t block) const {
    const bool perfect = config().radio.channel_knowledge == ChannelKnowledge::perfect;
    const std::size_t first = block * format_.resource_block;
    const std::size_t last =
        std::min<std::size_t>(first + format_.resource_block, format_.used_subcarriers());
    optimizer::TransceiverProblem problem;
    problem.second_moments = codec_.second_moments(kind);
    problem.streams = config().radio.streams;
    problem.noise_power_w = cell_.noise_power_w();
    for (std::size_t n = 0; n < devices(); ++n) {
        const auto& device = sounding_->devices[n];
        const auto& estimates = perfect ? device.least_squares : device.mmse;
        const Eigen::Index rows = config().radio.server_antennas;
        const Eigen::Index columns = config().devices[n].antennas;
        Eigen::MatrixXcd h = Eigen::MatrixXcd::Zero(rows, columns);
        for (std::size_t k = first; k < last; ++k) {
            const phy::Sample* entry = &estimates[k * static_cast<std::size_t>(rows * columns)];
            for (Eigen::Index r = 0; r < rows; ++r) {
                for (Eigen::Index t = 0; t < columns; ++t)
                    h(r, t) += std::complex<double>(*entry++);
            }
        }
        problem.channels.push_back(h / static_cast<double>(last - first));
        problem.error_variances.push_back(perfect ? 0 : device.mmse_variance[block]);
        problem.power_w.push_back(config().devices[n].max_power_w);
    }
    return problem;
}

void WaveformMedium::apply(const optimizer::TransceiverProblem& problem,
                           const optimizer::Transceiver& transceiver,
                           BlockSettings& settings) const {
    const auto& [combiner, precoders] = transceiver;
    for (Eigen::Index l = 0; l < combiner.rows(); ++l) {
        for (Eigen::Index r = 0; r < combiner.cols(); ++r)
            settings.combiners.emplace_back(combiner(l, r));
    }
    for (std::size_t n = 0; n < precoders.size(); ++n) {
        for (Eigen::Index t = 0; t < precoders[n].rows(); ++t) {
            for (Eigen::Index l = 0; l < precoders[n].cols(); ++l)
                settings.precoders[n].emplace_back(precoders[n](t, l));
        }
        settings.power_w[n] += optimizer::transmit_power(problem, transceiver, n) /
                               static_cast<double>(format_.resource_blocks());
    }
}

// ---- every round ----

void WaveformMedium::transmit(const SumRequest& request, std::int64_t v, gsl::span<float> out) {
    if (free_running()) {
        const double target = (usage().total_s() + elapsed_s_) * config().radio.bandwidth_hz;
        air_.idle(target - air_.now());
    }
    for (int attempt = 0; attempt < config().waveform.attempts; ++attempt) {
        if (try_round(request, v, out)) return;
        cell_.count_repeated_round();
        // What is known of the channel may be why.
        if (acquire() && sound()) design_blocks();
    }
    give_up();
}

bool WaveformMedium::try_round(const SumRequest& request, std::int64_t v, gsl::span<float> out) {
    const BlockSettings& settings = settings_[static_cast<std::size_t>(request.site.kind)];
    const std::size_t samples = transmitters_[0].burst_samples();
    double seconds = air_s(samples);
    if (free_running()) {
        seconds += air_s(header_.size()) + config().waveform.turnaround_s;
        if (!hear_header()) return false;
        air_.idle(config().waveform.turnaround_s * config().radio.bandwidth_hz);
    }
    const double scale = codec_.common_scale(request, v);
    send(request, v, scale);
    phy::ReceiveSettings receive;
    receive.scale = scale;
    receive.combiners = settings.combiners;
    receive.pilot_reference = settings.pilot_reference;
    receive.smallest_part = settings.smallest_part;
    receive.channel_reference = sounding_->reference;
    const auto& report = receiver_->process(air_.uplink(bursts_, samples), receive, out);
    cell_.charge_uplink(seconds, codec_.channel_uses(), settings.power_w);
    if (free_running()) measure_residual(request.site.kind);
    if (report.found && report.confidence >= config().waveform.least_confidence) return true;
    failure_ = report.found ? "the sum lacked a device, or had one twice"
                            : "the server did not find the burst";
    return false;
}

void WaveformMedium::send(const SumRequest& request, std::int64_t v, double scale) {
    const auto& moments = codec_.second_moments(request.site.kind);
    const BlockSettings& settings = settings_[static_cast<std::size_t>(request.site.kind)];
    for (std::size_t n = 0; n < devices(); ++n) {
        bursts_[n].clear();
        if (moments[n] == 0) continue;
        phy::TransmitSettings transmit;
        transmit.scale = scale;
        transmit.second_moment = moments[n];
        transmit.clip_level = config().analog.clip_level;
        transmit.precoders = settings.precoders[n];
        transmit.preamble_power_w = config().devices[n].max_power_w;
        correct_oscillator(n, transmit);
        corrections_[n] = transmit;
        bursts_[n].resize(transmitters_[n].antennas() * transmitters_[n].burst_samples());
        const auto report =
            transmitters_[n].data_burst(request.partial(n, v), transmit, bursts_[n]);
        cell_.count_clipped(static_cast<std::int64_t>(report.clipped));
    }
}

// What sounding saw is the channel; the pilots take out what the devices have in common.
void WaveformMedium::measure_residual(SiteKind kind) {
    const BlockSettings& settings = settings_[static_cast<std::size_t>(kind)];
    const auto& moments = codec_.second_moments(kind);
    const std::size_t begin = WaveformAir::lead() + format_.ramp + format_.preamble_samples();
    const std::size_t end = WaveformAir::lead() + transmitters_[0].burst_samples();
    std::vector<std::complex<double>> turns(devices());
    std::complex<double> common;
    for (std::size_t n = 0; n < devices(); ++n) {
        if (moments[n] == 0) continue;
        turns[n] = std::conj(sounding_residual_[n]) *
                   air_.residual(n, corrections_[n].phase, corrections_[n].offset, begin, end);
        common += settings.parts[n] * turns[n];
    }
    double square = 0, cost = 0, active = 0, power = 0;
    for (std::size_t n = 0; n < devices(); ++n) {
        if (moments[n] == 0) continue;
        const double phase = std::arg(turns[n] * std::conj(common));
        square += phase * phase;
        cost += phase * phase * settings.path_power[n];  // (13)
        power += config().radio.streams * moments[n];
        ++active;
    }
    cell_.count_residual_phase(square / active, cost / power);
}

void WaveformMedium::give_up() const {
    throw std::runtime_error("waveform: no whole round in " +
                             std::to_string(config().waveform.attempts) + " attempts: " + failure_);
}

}  // namespace

std::unique_ptr<Medium> make_waveform_medium(RadioCell cell, AnalogCodec codec,
                                             const std::string& design) {
    return std::make_unique<WaveformMedium>(std::move(cell), std::move(codec), design);
}

}  // namespace aircomp::runtime
