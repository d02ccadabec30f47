// SPDX-License-Identifier: GPL-3.0-or-later
// One board's receiver at one sampling rate.
#include "receiver.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "gnuradio/aircomp/phy/seed.hpp"

namespace gr::aircomp::virtual_radio {
namespace {

constexpr std::uint64_t oscillator_purpose = 21;
constexpr std::uint64_t receiver_purpose = 22;
/// Board time 0 in the emulator, whose positions begin at 0; a multiple of its blocks.
constexpr std::int64_t position_of_zero = 1 << 20;
/// Windows begin on the emulator's grid of blocks, so that no rounding depends on where.
constexpr std::int64_t grid = 64;
constexpr std::int64_t chunk = 4096;
constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();
constexpr std::size_t kernel_taps = 16;

phy::EmulatorConfig emulator_config(const AirConfig& config, std::size_t board, double rate_hz) {
    phy::EmulatorConfig emulator;
    emulator.sample_rate_hz = rate_hz;
    emulator.most_delay = config.most_delay;
    emulator.most_offset = config.most_offset;
    emulator.seed = phy::derive_seed(phy::derive_seed(config.seed, receiver_purpose), board);
    // A radio per antenna: each may be tuned elsewhere.
    std::size_t antennas = 0;
    for (const BoardConfig& b : config.boards)
        antennas += b.antennas;
    emulator.transmitter_antennas.assign(antennas, 1);
    emulator.receiver_antennas.assign(config.boards[board].antennas, 1);
    return emulator;
}

std::uint64_t oscillator_seed(const AirConfig& config, std::size_t board) {
    return phy::derive_seed(phy::derive_seed(config.seed, oscillator_purpose), board) | 1U;
}

std::size_t spread(const AirConfig& config) {
    return static_cast<std::size_t>(std::ceil(2 * config.most_offset));
}

double amplitude(double gain_db) {
    return std::pow(10, gain_db / 20);
}

}  // namespace

std::size_t emulator_latency(const AirConfig& config) {
    return kernel_taps / 2 + spread(config);
}

Reach reach(const AirConfig& config, Ticks period) {
    const std::size_t before = spread(config) + kernel_taps +
                               static_cast<std::size_t>(std::ceil(config.most_delay) + grid);
    return {static_cast<Ticks>(before + 1) * period,
            static_cast<Ticks>(emulator_latency(config) + 1) * period};
}

Receiver::Receiver(const AirConfig& config, std::size_t board, double tick_rate_hz, Ticks period)
    : config_(config),
      board_(board),
      rate_hz_(tick_rate_hz / static_cast<double>(period)),
      period_(period),
      emulator_(emulator_config(config, board, rate_hz_)) {
    for (std::size_t b = 0; b < config.boards.size(); ++b) {
        for (std::size_t a = 0; a < config.boards[b].antennas; ++a)
            senders_.push_back({{b, a}});
    }
    input_.assign(senders_.size(), std::vector<Sample>(chunk));
    output_.assign(config.boards[board].antennas, std::vector<Sample>(chunk));
}

std::vector<Receiver::Placed> Receiver::place(const Window& window,
                                              const Transmissions& heard) const {
    const Ticks into = floor_modulo(window.start + window.clock_ahead, period_);
    std::vector<Placed> placed;
    for (const auto& transmission : heard) {
        const Ticks time = transmission->start + window.clock_ahead - into;
        const auto sender = std::find_if(senders_.begin(), senders_.end(), [&](const Sender& s) {
            return s.antenna.board == transmission->board &&
                   s.antenna.antenna == transmission->antenna;
        });
        placed.push_back(
            {floor_divide(time, period_) + position_of_zero,
             static_cast<std::size_t>(sender - senders_.begin()), transmission.get(),
             static_cast<double>(floor_modulo(time, period_)) / static_cast<double>(period_)});
    }
    return placed;
}

void Receiver::set_receivers(const Window& window) {
    phy::RadioImpairments radio = config_.boards[board_].receiver;
    radio.oscillator_seed = oscillator_seed(config_, board_);
    radio.oscillator_ahead = -static_cast<std::int64_t>(emulator_.latency());
    const double offset_hz = radio.carrier_offset_hz;
    const double full_scale = radio.full_scale;
    for (std::size_t i = 0; i < window.antennas.size(); ++i) {
        radio.carrier_offset_hz =
            offset_hz + window.tunings[i].frequency_hz - window.tunings[0].frequency_hz;
        if (std::abs(radio.carrier_offset_hz) > rate_hz_ / 2) radio.carrier_offset_hz = offset_hz;
        // The emulator's samples are those before the receive gain.
        radio.full_scale = full_scale / amplitude(window.tunings[i].gain_db);
        emulator_.set_receiver(window.antennas[i], radio);
    }
    emulator_.set_noise_power(config_.boards[board_].noise_power);
}

bool Receiver::heard(const Window& window, const Sender& sender, std::size_t antenna) const {
    const double sent_hz = sender.now->tuning.frequency_hz;
    const double reference_hz = window.tunings[0].frequency_hz;
    const double offset_hz = config_.boards[sender.antenna.board].transmitter.carrier_offset_hz;
    return std::abs(sent_hz - window.tunings[antenna].frequency_hz) <= rate_hz_ / 2 &&
           std::abs(window.tunings[antenna].frequency_hz - reference_hz) <= rate_hz_ / 2 &&
           std::abs(offset_hz + sent_hz - reference_hz) <= rate_hz_ / 2;
}

void Receiver::set_sender(const Window& window, std::size_t index, const Placed& placed) {
    Sender& sender = senders_[index];
    sender.now = placed.transmission;
    sender.fraction = placed.fraction;
    const Ticks ahead = placed.transmission->clock_ahead - window.clock_ahead;
    sender.ahead = floor_divide(2 * ahead + period_, 2 * period_);
    phy::RadioImpairments radio = config_.boards[sender.antenna.board].transmitter;
    radio.oscillator_seed = oscillator_seed(config_, sender.antenna.board);
    radio.oscillator_ahead = sender.ahead;
    radio.timing_offset += placed.fraction;
    radio.carrier_offset_hz +=
        placed.transmission->tuning.frequency_hz - window.tunings[0].frequency_hz;
    if (std::abs(radio.carrier_offset_hz) > rate_hz_ / 2) radio.carrier_offset_hz = 0;
    emulator_.set_transmitter(index, radio);
}

std::int64_t Receiver::coherence_block(const Window& window, const Sender& sender,
                                       std::int64_t position) const {
    if (config_.coherence_time_s == 0) return 0;
    // A link keeps the time of its lower board, so that both directions change at once.
    const Ticks into = floor_modulo(window.start + window.clock_ahead, period_);
    Ticks time =
        (position - position_of_zero - static_cast<std::int64_t>(emulator_.latency())) * period_ +
        into;
    if (sender.antenna.board < board_) time += sender.now->clock_ahead - window.clock_ahead;
    const Ticks length = std::max<Ticks>(
        1, std::llround(config_.coherence_time_s * rate_hz_ * static_cast<double>(period_)));
    return floor_divide(time, length);
}

std::int64_t Receiver::next_block(const Window& window, std::int64_t position) const {
    if (config_.coherence_time_s == 0) return never;
    std::int64_t next = never;
    for (const Sender& sender : senders_) {
        if (sender.now == nullptr) continue;
        const std::int64_t block = coherence_block(window, sender, position);
        std::int64_t low = position;
        std::int64_t high =
            position + static_cast<std::int64_t>(config_.coherence_time_s * rate_hz_) + 2;
        while (high - low > 1) {
            const std::int64_t middle = low + (high - low) / 2;
            (coherence_block(window, sender, middle) == block ? low : high) = middle;
        }
        next = std::min(next, high);
    }
    return next;
}

void Receiver::set_links(const Window& window, std::size_t index, std::int64_t position) {
    const Sender& sender = senders_[index];
    for (std::size_t i = 0; i < window.antennas.size(); ++i) {
        std::vector<phy::Path> paths;
        if (sender.now != nullptr && heard(window, sender, i)) {
            paths = link_paths(config_, sender.antenna, {board_, window.antennas[i]},
                               coherence_block(window, sender, position));
            for (phy::Path& path : paths)
                path.gain *= std::polar(amplitude(sender.now->tuning.gain_db),
                                        sender.now->tuning.phase - window.tunings[i].phase);
        }
        emulator_.set_link(window.antennas[i], index, paths);
    }
}

void Receiver::fill(const std::vector<Placed>& placed, std::int64_t position, std::size_t count) {
    for (auto& stream : input_)
        std::fill_n(stream.begin(), count, Sample());
    for (const Placed& p : placed) {
        const auto& samples = p.transmission->samples;
        const std::int64_t first = std::max(position, p.start);
        const std::int64_t last = std::min(position + static_cast<std::int64_t>(count),
                                           p.start + static_cast<std::int64_t>(samples.size()));
        if (first < last)
            std::copy_n(samples.begin() + (first - p.start), last - first,
                        input_[p.sender].begin() + (first - position));
    }
}

std::vector<Sample> Receiver::receive(const Window& window, const Transmissions& heard) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto latency = static_cast<std::int64_t>(emulator_.latency());
    const std::int64_t first =
        floor_divide(window.start + window.clock_ahead, period_) + position_of_zero + latency;
    const std::int64_t end = first + static_cast<std::int64_t>(window.count);
    std::int64_t position = first - reach(config_, period_).before / period_ + grid;
    position = std::max<std::int64_t>(0, floor_divide(position, grid) * grid);

    const std::vector<Placed> placed = place(window, heard);
    std::vector<Placed> changes;
    for (Sender& sender : senders_)
        sender.now = nullptr;
    set_receivers(window);
    for (const Placed& p : placed) {
        if (senders_[p.sender].now == nullptr)
            set_sender(window, p.sender, p);
        else
            changes.push_back(p);
    }
    for (std::size_t k = 0; k < senders_.size(); ++k)
        set_links(window, k, position);
    emulator_.seek(static_cast<std::uint64_t>(position));

    std::vector<Sample> received(window.antennas.size() * window.count);
    std::vector<gsl::span<const Sample>> in(input_.size());
    std::vector<gsl::span<Sample>> out(output_.size());
    std::int64_t block_end = next_block(window, position);
    for (auto change = changes.begin(); position < end;) {
        for (; change != changes.end() && change->start <= position; ++change) {
            const Sender& sender = senders_[change->sender];
            const Transmission& t = *change->transmission;
            const bool same = sender.fraction == change->fraction &&
                              sender.now->clock_ahead == t.clock_ahead &&
                              sender.now->tuning.frequency_hz == t.tuning.frequency_hz &&
                              sender.now->tuning.phase == t.tuning.phase &&
                              sender.now->tuning.gain_db == t.tuning.gain_db;
            if (same) continue;
            set_sender(window, change->sender, *change);
            set_links(window, change->sender, position);
        }
        if (position >= block_end) {
            for (std::size_t k = 0; k < senders_.size(); ++k)
                set_links(window, k, position);
            block_end = next_block(window, position);
        }
        std::int64_t stop = std::min({end, position + chunk, block_end});
        if (change != changes.end()) stop = std::min(stop, change->start);
        const auto count = static_cast<std::size_t>(stop - position);
        fill(placed, position, count);
        for (std::size_t k = 0; k < in.size(); ++k)
            in[k] = gsl::span<const Sample>(input_[k]).first(count);
        for (std::size_t r = 0; r < out.size(); ++r)
            out[r] = gsl::span<Sample>(output_[r]).first(count);
        emulator_.process(in, out);
        for (std::size_t i = 0; stop > first && i < window.antennas.size(); ++i) {
            const std::int64_t from = std::max(first, position);
            const auto gain = static_cast<float>(amplitude(window.tunings[i].gain_db));
            std::transform(
                output_[window.antennas[i]].begin() + (from - position),
                output_[window.antennas[i]].begin() + (stop - position),
                received.begin() + static_cast<std::int64_t>(i * window.count) + (from - first),
                [gain](Sample sample) { return gain * sample; });
        }
        position = stop;
    }
    return received;
}

}  // namespace gr::aircomp::virtual_radio
