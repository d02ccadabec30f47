// SPDX-License-Identifier: GPL-3.0-or-later
// Messages to symbols and back. Bursts and windows are those of sums: what a device sends of a partial,
// here the server sends of a message.
#include "gnuradio/aircomp/phy/multicast.hpp"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <stdexcept>
#include <string>
#include <tuple>

#include "convolutional_code.hpp"
#include "gnuradio/aircomp/phy/postprocessor.hpp"
#include "gnuradio/aircomp/phy/preprocessor.hpp"
#include "gnuradio/aircomp/phy/seed.hpp"
#include "gnuradio/aircomp/phy/sounder.hpp"
#include "quadrature.hpp"
#include "sizes.hpp"
#include "turning.hpp"

namespace gr::aircomp::phy {
namespace {

constexpr double two_pi = 6.28318530717958647692;
constexpr std::uint64_t interleaver_seed = 1, scrambler_seed = 2;
constexpr double never_clipped = 16;  // levels of QAM are below it

/// The burst format as the server's streams have it: they sound as one device's antennas do.
BurstFormat training_format(BurstFormat format, std::size_t streams) {
    format.device_antennas = {static_cast<std::uint16_t>(streams)};
    format.sounding_symbols = training_symbols;
    return format;
}

/// Symbols alone, each subcarrier under settings of its own.
BurstFormat symbols_format(BurstFormat format) {
    format.data_preamble = 0;
    format.resource_block = 1;
    return format;
}

/// Which bit of the code is where on the air.
class Placement {
public:
    Placement(std::size_t places, std::size_t coded_bits) : coded_bit_(places), flips_(places) {
        std::vector<std::size_t> order(places);
        std::iota(order.begin(), order.end(), std::size_t{0});
        for (std::size_t i = places; i > 1; --i)
            std::swap(order[i - 1], order[derive_seed(interleaver_seed, i) % i]);
        for (std::size_t i = 0; i < places; ++i) {
            coded_bit_[order[i]] = i % coded_bits;
            flips_[i] = derive_seed(scrambler_seed, i) & 1U;
        }
    }

    std::size_t places() const { return coded_bit_.size(); }
    std::size_t coded_bit(std::size_t place) const { return coded_bit_[place]; }
    bool is_flipped(std::size_t place) const { return flips_[place] != 0; }

private:
    std::vector<std::size_t> coded_bit_;
    std::vector<std::uint8_t> flips_;
};

/// What both ends have for one modulation.
struct Line {
    Line(const BurstFormat& format, std::size_t message_bytes, const Modulation& modulation)
        : code(message_bytes, modulation.rate),
          quadrature(modulation.bits),
          payload{2 * message_symbols(format, message_bytes, modulation) *
                      format.data_subcarriers() * modulation.streams,
                  modulation.streams, std::nullopt},
          placement(payload.length * quadrature.bits(), code.coded_bits()) {}

    ConvolutionalCode code;
    Quadrature quadrature;
    Payload payload;
    Placement placement;
};

/// Message bytes and modulation.
using Key = std::tuple<std::size_t, std::size_t, unsigned, CodeRate, unsigned>;

Key key_of(std::size_t message_bytes, const Modulation& modulation) {
    return {message_bytes, modulation.streams, modulation.bits, modulation.rate,
            modulation.repetitions};
}

void check(const Modulation& modulation) {
    (void)Quadrature(modulation.bits);
    require_payload("modulation", 1, modulation.streams);
    if (modulation.repetitions < 1)
        throw std::invalid_argument("modulation: expected at least 1 repetition, found 0");
}

}  // namespace

double value_of(CodeRate rate) {
    switch (rate) {
        case CodeRate::two_thirds:
            return 2.0 / 3;
        case CodeRate::three_quarters:
            return 3.0 / 4;
        case CodeRate::five_sixths:
            return 5.0 / 6;
        case CodeRate::half:
            break;
    }
    return 1.0 / 2;
}

bool operator==(const Modulation& a, const Modulation& b) {
    return key_of(0, a) == key_of(0, b);
}

std::size_t message_symbols(const BurstFormat& format, std::size_t message_bytes,
                            const Modulation& modulation) {
    check(modulation);
    const std::size_t bits =
        ConvolutionalCode::coded_bits(message_bytes, modulation.rate) * modulation.repetitions;
    const std::size_t in_symbol = format.data_subcarriers() * modulation.streams * modulation.bits;
    return (bits + in_symbol - 1) / in_symbol;
}

std::size_t message_samples(const BurstFormat& format, std::size_t message_bytes,
                            const Modulation& modulation) {
    return format.header_samples() +
           message_symbols(format, message_bytes, modulation) * format.symbol_samples();
}

std::size_t training_samples(const BurstFormat& format, std::size_t streams) {
    return training_format(format, streams).sounding_samples();
}

double required_information(CodeRate rate) {
    switch (rate) {
        case CodeRate::two_thirds:
            return 0.90;
        case CodeRate::three_quarters:
            return 0.94;
        case CodeRate::five_sixths:
            return 0.97;
        case CodeRate::half:
            break;
    }
    return 0.78;
}

// ---- the server ----

struct MulticastTransmitter::State {
    struct Sender {
        Sender(const BurstFormat& format, std::size_t message_bytes, const Modulation& modulation,
               std::size_t antennas)
            : line(format, message_bytes, modulation),
              preprocessor(symbols_format(format), line.payload, antennas) {}
        Line line;
        Preprocessor preprocessor;
    };

    Sender& sender(std::size_t message_bytes, const Modulation& modulation) {
        auto& made = senders[key_of(message_bytes, modulation)];
        if (!made) made = std::make_unique<Sender>(format, message_bytes, modulation, antennas);
        return *made;
    }

    BurstFormat format;
    std::size_t antennas;
    std::map<Key, std::unique_ptr<Sender>> senders;
};

MulticastTransmitter::MulticastTransmitter(const BurstFormat& format, std::size_t antennas) {
    validate(format);
    if (antennas < 1)
        throw std::invalid_argument("multicast: expected at least 1 antenna, found 0");
    state_ = std::make_unique<State>(State{format, antennas, {}});
}

MulticastTransmitter::~MulticastTransmitter() = default;
MulticastTransmitter::MulticastTransmitter(MulticastTransmitter&&) noexcept = default;
MulticastTransmitter& MulticastTransmitter::operator=(MulticastTransmitter&&) noexcept = default;

std::vector<Sample> MulticastTransmitter::training(gsl::span<const Sample> beams,
                                                   std::size_t streams, double power_w) const {
    const State& s = *state_;
    require_size("multicast: beams", beams.size(), s.antennas * streams);
    const BurstFormat format = training_format(s.format, streams);
    const std::size_t samples = format.sounding_samples();
    std::vector<Sample> by_stream(streams * samples);
    TransmitSettings settings;
    settings.preamble_power_w = power_w;
    Preprocessor(format, {1, streams, std::nullopt}, streams)
        .sounding_burst(0, power_w, settings, by_stream);
    std::vector<Sample> sent(s.antennas * samples);
    for (std::size_t r = 0; r < s.antennas; ++r) {
        for (std::size_t l = 0; l < streams; ++l) {
            const Sample beam = beams[r * streams + l];
            for (std::size_t i = 0; i < samples; ++i)
                sent[r * samples + i] += beam * by_stream[l * samples + i];
        }
    }
    return sent;
}

std::vector<Sample> MulticastTransmitter::message(gsl::span<const std::uint8_t> message,
                                                  const Modulation& modulation,
                                                  gsl::span<const Sample> beams, double power_w,
                                                  std::size_t header_antenna) const {
    State& s = *state_;
    check(modulation);
    require_size("multicast: beams", beams.size(), s.antennas * modulation.streams);
    State::Sender& sender = s.sender(message.size(), modulation);
    const Line& line = sender.line;
    const std::vector<std::uint8_t> coded = line.code.encode(message);
    std::vector<float> reals(line.payload.length);
    std::uint8_t label[4];
    for (std::size_t i = 0, place = 0; i < reals.size(); ++i) {
        for (std::size_t bit = 0; bit < line.quadrature.bits(); ++bit, ++place)
            label[bit] = coded[line.placement.coded_bit(place)] ^
                         static_cast<std::uint8_t>(line.placement.is_flipped(place));
        reals[i] = line.quadrature.map(label);
    }
    const auto amplitude =
        static_cast<float>(std::sqrt(power_w / static_cast<double>(modulation.streams)));
    std::vector<Sample> precoders;
    for (std::size_t k = 0; k < s.format.used_subcarriers(); ++k) {
        for (const Sample beam : beams)
            precoders.push_back(amplitude * beam);
    }
    TransmitSettings settings;
    settings.clip_level = never_clipped;
    settings.precoders = precoders;
    const std::size_t burst = sender.preprocessor.burst_samples();
    std::vector<Sample> symbols(s.antennas * burst);
    sender.preprocessor.data_burst(reals, settings, symbols);

    // The header's last ramp gives way to the first symbol.
    const std::size_t samples = message_samples(s.format, message.size(), modulation);
    const std::size_t ramp = s.format.ramp;
    const std::size_t head = s.format.header_samples() - ramp;
    std::vector<Sample> header(s.format.header_samples());
    write_header(s.format, power_w, header);
    std::vector<Sample> sent(s.antennas * samples);
    for (std::size_t r = 0; r < s.antennas; ++r) {
        if (r == header_antenna) std::copy_n(header.begin(), head, &sent[r * samples]);
        std::copy_n(&symbols[r * burst + ramp], burst - ramp, &sent[r * samples + head]);
    }
    return sent;
}

// ---- a device ----

struct MulticastReceiver::State {
    struct Learned {
        std::size_t streams = 0;
        std::ptrdiff_t reference = 0;  // where bursts begin in windows
        double noise_power_w = 0;
        std::vector<Sample>
            channel;  // times the root of the stream's power, [used, antennas, streams]
    };

    struct Listener {
        Listener(const BurstFormat& format, std::size_t message_bytes, const Modulation& modulation,
                 std::size_t antennas, std::size_t around)
            : line(format, message_bytes, modulation),
              window(around + message_samples(format, message_bytes, modulation)),
              postprocessor(symbols_format(format), line.payload, antennas, window) {}
        Line line;
        std::size_t window;
        Postprocessor postprocessor;
    };

    Listener& listener(std::size_t message_bytes, const Modulation& modulation) {
        auto& made = listeners[key_of(message_bytes, modulation)];
        if (!made) {
            made = std::make_unique<Listener>(format, message_bytes, modulation, antennas,
                                              lead + tail);
        }
        return *made;
    }

    void combine();
    std::vector<Sample> turned(gsl::span<const Sample> received, double phase, double offset) const;

    BurstFormat format;
    std::size_t antennas, lead, tail;
    CarrierPlan plan;
    std::map<std::size_t, std::unique_ptr<Sounder>> sounders;  // by streams
    std::map<Key, std::unique_ptr<Listener>> listeners;
    Learned learned;
    std::vector<Sample> combiners;  // [used, streams, antennas]
    std::vector<Sample> pilots;     // [used, streams]
    std::vector<float> snr;         // after the combiner, [used, streams]
};

/// Linear minimum mean-square error, scaled so that every stream comes out with gain 1.
void MulticastReceiver::State::combine() {
    using Matrix =
        Eigen::Matrix<std::complex<float>, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    const auto streams = static_cast<Eigen::Index>(learned.streams);
    const auto rows = static_cast<Eigen::Index>(antennas);
    const std::size_t size = antennas * learned.streams;
    const std::size_t used = plan.used_bin.size();
    combiners.resize(used * size);
    pilots.resize(used * learned.streams);
    snr.resize(used * learned.streams);
    for (std::size_t k = 0; k < used; ++k) {
        const Eigen::Map<const Matrix> h(&learned.channel[k * size], rows, streams);
        Matrix gram = h.adjoint() * h;
        gram.diagonal().array() += static_cast<float>(std::max(learned.noise_power_w, 1e-30));
        Eigen::Map<Matrix> a(&combiners[k * size], streams, rows);
        a = gram.llt().solve(Matrix(h.adjoint()));
        const Matrix through = a * h;
        for (Eigen::Index l = 0; l < streams; ++l) {
            const float gain = std::clamp(through(l, l).real(), 1e-6F, 1 - 1e-6F);
            a.row(l) /= gain;
            const std::size_t at = k * learned.streams + static_cast<std::size_t>(l);
            pilots[at] = through.row(l).sum() / gain;
            snr[at] = gain / (1 - gain);
        }
    }
}

/// `received` without what the oscillator turned it by, which is `phase` at the burst's first sample.
std::vector<Sample> MulticastReceiver::State::turned(gsl::span<const Sample> received, double phase,
                                                     double offset) const {
    std::vector<Sample> samples(received.begin(), received.end());
    if (phase == 0 && offset == 0) return samples;
    const std::size_t window = samples.size() / antennas;
    const Sample step(std::polar(1.0, -two_pi * offset));
    for (std::size_t t = 0; t < antennas; ++t) {
        Sample now(std::polar(1.0, two_pi * offset * static_cast<double>(lead) - phase));
        Sample* const own = &samples[t * window];
        turn(own, own, step, now, window);
    }
    return samples;
}

MulticastReceiver::MulticastReceiver(const BurstFormat& format, std::size_t antennas,
                                     std::size_t lead, std::size_t tail) {
    validate(format);
    if (antennas < 1)
        throw std::invalid_argument("multicast: expected at least 1 antenna, found 0");
    state_ = std::make_unique<State>(
        State{format, antennas, lead, tail, carrier_plan(format), {}, {}, {}, {}, {}, {}});
}

MulticastReceiver::~MulticastReceiver() = default;
MulticastReceiver::MulticastReceiver(MulticastReceiver&&) noexcept = default;
MulticastReceiver& MulticastReceiver::operator=(MulticastReceiver&&) noexcept = default;

bool MulticastReceiver::train(gsl::span<const Sample> received, std::size_t streams, double power_w,
                              double phase, double offset) {
    State& s = *state_;
    const BurstFormat format = training_format(s.format, streams);
    auto& sounder = s.sounders[streams];
    if (!sounder) {
        sounder = std::make_unique<Sounder>(format, s.antennas,
                                            s.lead + s.tail + format.sounding_samples());
    }
    s.learned.streams = 0;
    const double powers[] = {power_w};
    const SoundingReport& report = sounder->process(s.turned(received, phase, offset), powers);
    if (!report.found || !report.devices[0].found) return false;
    s.learned.streams = streams;
    s.learned.reference = report.reference;
    s.learned.noise_power_w = report.noise_power_w;
    s.learned.channel = report.devices[0].mmse;
    const auto amplitude = static_cast<float>(std::sqrt(power_w / static_cast<double>(streams)));
    for (Sample& entry : s.learned.channel)
        entry *= amplitude;
    s.combine();
    return true;
}

MulticastReport MulticastReceiver::receive(gsl::span<const Sample> received,
                                           const Modulation& modulation, double phase,
                                           double offset, gsl::span<std::uint8_t> message) {
    State& s = *state_;
    check(modulation);
    require_size("multicast: streams learned", s.learned.streams, modulation.streams);
    State::Listener& listener = s.listener(message.size(), modulation);
    const Line& line = listener.line;
    require_size("multicast: received", received.size(), s.antennas * listener.window);
    ReceiveSettings settings;
    settings.combiners = s.combiners;
    settings.pilot_reference = s.pilots;
    settings.channel_reference =
        s.learned.reference + static_cast<std::ptrdiff_t>(s.format.preamble_samples());
    std::vector<float> reals(line.payload.length);
    const ReceiveReport& found =
        listener.postprocessor.process(s.turned(received, phase, offset), settings, reals);
    MulticastReport report;
    if (!found.found) return report;
    report.noise_power_w = found.noise_power_w;
    report.evm = std::accumulate(found.evm.begin(), found.evm.end(), 0.0) /
                 static_cast<double>(found.evm.size());
    std::vector<float> llr(line.code.coded_bits());
    float bits[4];
    const std::size_t carriers = s.plan.data.size();
    for (std::size_t i = 0, place = 0; i < reals.size(); ++i) {
        const std::size_t carrier = s.plan.data[i / 2 % carriers];
        const std::size_t stream = i / (2 * carriers) % modulation.streams;
        line.quadrature.demap(reals[i], s.snr[carrier * modulation.streams + stream], bits);
        for (std::size_t bit = 0; bit < line.quadrature.bits(); ++bit, ++place)
            llr[line.placement.coded_bit(place)] +=
                line.placement.is_flipped(place) ? -bits[bit] : bits[bit];
    }
    report.decoded = line.code.decode(llr, message);
    return report;
}

}  // namespace gr::aircomp::phy
