// SPDX-License-Identifier: GPL-3.0-or-later
// What processes and the server of an air tell each other.
#include "air_messages.hpp"

#include <cmath>
#include <cstring>
#include <stdexcept>
#include <type_traits>

namespace gr::aircomp::virtual_radio {
namespace {

constexpr std::uint32_t version = 0x41495206;
/// Samples of a window over all its antennas: with them an answer stays within a message.
constexpr std::size_t most_samples = LocalSocket::most_bytes / sizeof(Sample) - 64;
constexpr Ticks most_ticks = Ticks{1} << 60;

class Writer {
public:
    template <typename T>
    Writer& put(T value) {
        static_assert(std::is_arithmetic_v<T>);
        append(&value, sizeof value);
        return *this;
    }
    Writer& put(const std::string& text) {
        put(static_cast<std::uint64_t>(text.size()));
        append(text.data(), text.size());
        return *this;
    }
    Writer& put(const std::vector<Sample>& samples) {
        put(static_cast<std::uint64_t>(samples.size()));
        append(samples.data(), samples.size() * sizeof(Sample));
        return *this;
    }
    Bytes take() { return std::move(bytes_); }

private:
    void append(const void* data, std::size_t count) {
        const char* const begin = static_cast<const char*>(data);
        bytes_.insert(bytes_.end(), begin, begin + count);
    }
    Bytes bytes_;
};

class Reader {
public:
    explicit Reader(const Bytes& bytes) : bytes_(bytes) {}

    template <typename T>
    T get() {
        static_assert(std::is_arithmetic_v<T>);
        T value;
        std::memcpy(&value, take(sizeof value), sizeof value);
        return value;
    }
    /// A whole number from `least` to `most`.
    template <typename T>
    T get(const char* what, T least, T most) {
        const T value = get<T>();
        if (!(value >= least && value <= most)) {
            throw std::runtime_error("message: " + std::string(what) + ": expected from " +
                                     std::to_string(least) + " to " + std::to_string(most) +
                                     ", found " + std::to_string(value));
        }
        return value;
    }
    std::string text() {
        const auto count = get<std::uint64_t>();
        const char* const begin = take(count);
        return {begin, begin + count};
    }
    std::vector<Sample> samples() {
        const auto count = get<std::uint64_t>("samples", 0, most_samples);
        const char* const data = take(count * sizeof(Sample));
        std::vector<Sample> samples(count);
        if (count > 0) std::memcpy(samples.data(), data, count * sizeof(Sample));
        return samples;
    }
    void finish() const {
        if (at_ != bytes_.size())
            throw std::runtime_error("message: expected its end, found more bytes");
    }

private:
    const char* take(std::uint64_t count) {
        if (count > bytes_.size() - at_)
            throw std::runtime_error("message: expected " + std::to_string(count) +
                                     " more bytes, found " + std::to_string(bytes_.size() - at_));
        const char* const here = bytes_.data() + at_;
        at_ += count;
        return here;
    }
    const Bytes& bytes_;
    std::size_t at_ = 0;
};

void put_tuning(Writer& writer, const Tuning& tuning) {
    writer.put(tuning.frequency_hz).put(tuning.gain_db).put(tuning.phase);
}

Tuning get_tuning(Reader& reader) {
    Tuning tuning;
    tuning.frequency_hz = reader.get<double>("frequency", -1e12, 1e12);
    tuning.gain_db = reader.get<double>("gain", -1e3, 1e3);
    tuning.phase = reader.get<double>("phase", -10, 10);
    return tuning;
}

std::size_t get_index(Reader& reader, const char* what, std::size_t count) {
    return static_cast<std::size_t>(reader.get<std::uint64_t>(what, 0, count - 1));
}

}  // namespace

Bytes encode_air(const AirConfig& config, const AirClock& clock) {
    Writer writer;
    writer.put(version);
    writer.put(static_cast<std::int64_t>(
        std::chrono::nanoseconds(clock.start.time_since_epoch()).count()));
    writer.put(static_cast<std::uint8_t>(config.clock));
    writer.put(clock.tick_rate_hz).put(clock.time_scale).put(config.receive_buffer_s);
    writer.put(config.most_delay).put(config.most_offset);
    writer.put(static_cast<std::uint64_t>(config.boards.size()));
    for (const BoardConfig& board : config.boards) {
        writer.put(board.name).put(board.serial).put(static_cast<std::uint64_t>(board.antennas));
        writer.put(static_cast<std::uint8_t>(board.reference));
        writer.put(static_cast<std::uint8_t>(board.pulse));
        writer.put(static_cast<std::uint8_t>(board.automatic_gain));
        writer.put(board.tune_seed).put(board.packet_loss).put(board.loss_seed);
        writer.put(board.oscillator_ppm);
        writer.put(board.trigger_jitter_samples).put(board.jitter_seed);
    }
    return writer.take();
}

Joined decode_air(const Bytes& message) {
    Reader reader(message);
    reader.get<std::uint32_t>("version", version, version);
    Joined joined;
    joined.clock.start =
        AirClock::Wall::time_point(std::chrono::duration_cast<AirClock::Wall::duration>(
            std::chrono::nanoseconds(reader.get<std::int64_t>())));
    joined.config.clock = static_cast<ClockKind>(reader.get<std::uint8_t>("kind of clock", 0, 1));
    joined.clock.tick_rate_hz = joined.config.tick_rate_hz =
        reader.get<double>("master clock", 1, 1e12);
    joined.clock.time_scale = joined.config.time_scale = reader.get<double>("time scale", 0, 1);
    joined.config.receive_buffer_s = reader.get<double>();
    joined.config.most_delay = reader.get<double>("most delay", 0, 1e6);
    joined.config.most_offset = reader.get<double>("most offset", 0, 1e6);
    const auto boards = reader.get<std::uint64_t>("boards", 1, 1024);
    for (std::uint64_t b = 0; b < boards; ++b) {
        BoardConfig board;
        board.name = reader.text();
        board.serial = reader.text();
        board.antennas = reader.get<std::uint64_t>("antennas", 1, 64);
        board.reference = reader.get<std::uint8_t>() != 0;
        board.pulse = reader.get<std::uint8_t>() != 0;
        board.automatic_gain = reader.get<std::uint8_t>() != 0;
        board.tune_seed = reader.get<std::uint64_t>();
        board.packet_loss = reader.get<double>("packet loss", 0, 1);
        board.loss_seed = reader.get<std::uint64_t>();
        board.oscillator_ppm = reader.get<double>("oscillator", -1000, 1000);
        board.trigger_jitter_samples = reader.get<double>("trigger jitter", 0, 1000);
        board.jitter_seed = reader.get<std::uint64_t>();
        joined.config.boards.push_back(std::move(board));
    }
    reader.finish();
    return joined;
}

Request decode_request(const Bytes& message) {
    return static_cast<Request>(Reader(message).get<std::uint32_t>("request", 1, 9));
}

Bytes encode_transmit(const std::vector<Transmission>& transmissions) {
    Writer writer;
    writer.put(static_cast<std::uint32_t>(Request::transmit));
    writer.put(static_cast<std::uint64_t>(transmissions.size()));
    for (const Transmission& t : transmissions) {
        writer.put(static_cast<std::uint64_t>(t.board)).put(static_cast<std::uint64_t>(t.antenna));
        writer.put(t.start).put(t.period).put(t.clock_ahead);
        put_tuning(writer, t.tuning);
        writer.put(t.samples);
    }
    return writer.take();
}

std::vector<Transmission> decode_transmit(const Bytes& message, const AirConfig& config) {
    Reader reader(message);
    reader.get<std::uint32_t>();
    const auto count = reader.get<std::uint64_t>("transmissions", 0, 65536);
    std::vector<Transmission> transmissions;
    for (std::uint64_t i = 0; i < count; ++i) {
        Transmission t;
        t.board = get_index(reader, "board", config.boards.size());
        t.antenna = get_index(reader, "antenna", config.boards[t.board].antennas);
        t.start = reader.get<Ticks>("start", -most_ticks, most_ticks);
        t.period = reader.get<Ticks>("period", 1, 1 << 20);
        t.clock_ahead = reader.get<Ticks>("clock", -most_ticks, most_ticks);
        t.tuning = get_tuning(reader);
        t.samples = reader.samples();
        transmissions.push_back(std::move(t));
    }
    reader.finish();
    return transmissions;
}

Bytes encode_accepted(bool accepted) {
    return Writer().put(static_cast<std::uint8_t>(accepted)).take();
}

bool decode_accepted(const Bytes& message) {
    return Reader(message).get<std::uint8_t>("answer", 0, 1) == 1;
}

Bytes encode_receive(const Window& window) {
    Writer writer;
    writer.put(static_cast<std::uint32_t>(Request::receive));
    writer.put(static_cast<std::uint64_t>(window.board));
    writer.put(window.start).put(window.period).put(window.clock_ahead);
    writer.put(static_cast<std::uint64_t>(window.count));
    writer.put(static_cast<std::uint64_t>(window.antennas.size()));
    for (std::size_t i = 0; i < window.antennas.size(); ++i) {
        writer.put(static_cast<std::uint64_t>(window.antennas[i]));
        put_tuning(writer, window.tunings[i]);
    }
    return writer.take();
}

Window decode_receive(const Bytes& message, const AirConfig& config) {
    Reader reader(message);
    reader.get<std::uint32_t>();
    Window window;
    window.board = get_index(reader, "board", config.boards.size());
    window.start = reader.get<Ticks>("start", -most_ticks, most_ticks);
    window.period = reader.get<Ticks>("period", 1, 1 << 20);
    window.clock_ahead = reader.get<Ticks>("clock", -most_ticks, most_ticks);
    const auto most_antennas = config.boards[window.board].antennas;
    window.count = reader.get<std::uint64_t>("samples", 1, most_samples / most_antennas);
    const auto antennas = reader.get<std::uint64_t>("antennas", 1, most_antennas);
    for (std::uint64_t i = 0; i < antennas; ++i) {
        window.antennas.push_back(get_index(reader, "antenna", most_antennas));
        window.tunings.push_back(get_tuning(reader));
    }
    reader.finish();
    return window;
}

Bytes encode_boards(Request request, const std::vector<std::size_t>& boards) {
    Writer writer;
    writer.put(static_cast<std::uint32_t>(request));
    writer.put(static_cast<std::uint64_t>(boards.size()));
    for (const std::size_t board : boards)
        writer.put(static_cast<std::uint64_t>(board));
    return writer.take();
}

std::vector<std::size_t> decode_boards(const Bytes& message, const AirConfig& config) {
    Reader reader(message);
    reader.get<std::uint32_t>();
    const auto count = reader.get<std::uint64_t>("boards", 1, config.boards.size());
    std::vector<std::size_t> boards;
    for (std::uint64_t i = 0; i < count; ++i)
        boards.push_back(get_index(reader, "board", config.boards.size()));
    reader.finish();
    return boards;
}

Bytes encode_request(Request request) {
    return Writer().put(static_cast<std::uint32_t>(request)).take();
}

Bytes encode_wait(Ticks until) {
    return Writer().put(static_cast<std::uint32_t>(Request::wait)).put(until).take();
}

Ticks decode_wait(const Bytes& message) {
    Reader reader(message);
    reader.get<std::uint32_t>();
    const auto until = reader.get<Ticks>("time to wait for", -most_ticks, most_ticks);
    reader.finish();
    return until;
}

Bytes encode_time(Ticks now) {
    return Writer().put(now).take();
}

Ticks decode_time(const Bytes& message) {
    Reader reader(message);
    const auto now = reader.get<Ticks>("time", -most_ticks, most_ticks);
    reader.finish();
    return now;
}

Bytes encode_samples(const std::vector<Sample>& samples) {
    return Writer().put(std::string()).put(samples).take();
}

Bytes encode_error(const std::string& what) {
    return Writer().put(what).take();
}

std::string decode_error(const Bytes& message) {
    Reader reader(message);
    std::string error = reader.text();
    reader.finish();
    return error;
}

std::vector<Sample> decode_samples(const Bytes& message, std::size_t count) {
    Reader reader(message);
    const std::string error = reader.text();
    if (!error.empty()) throw std::runtime_error("server of the air: " + error);
    std::vector<Sample> samples = reader.samples();
    reader.finish();
    if (samples.size() != count)
        throw std::runtime_error("message: expected " + std::to_string(count) + " samples, found " +
                                 std::to_string(samples.size()));
    return samples;
}

}  // namespace gr::aircomp::virtual_radio
