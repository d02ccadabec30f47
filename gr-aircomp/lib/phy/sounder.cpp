// SPDX-License-Identifier: GPL-3.0-or-later
// Sounding: slots to least-squares estimates, those to minimum mean-square error ones; headers to
// the carrier's phase.
#include "gnuradio/aircomp/phy/sounder.hpp"

#include <volk/volk.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>

#include "delay_filter.hpp"
#include "fourier.hpp"
#include "sizes.hpp"
#include "turning.hpp"
#include "usable.hpp"

namespace gr::aircomp::phy {
namespace {

constexpr double two_pi = 6.28318530717958647692;
// A device whose mean square does not exceed noise by so many standard errors was not heard.
constexpr double audible = 6;
// An offset below so many of its standard errors is rather none.
constexpr double significant = 4;

}  // namespace

struct Sounder::State {
    State(const BurstFormat& burst_format, std::size_t antenna_count, std::size_t window_samples)
        : format(burst_format),
          antennas(antenna_count),
          window(window_samples),
          plan(carrier_plan(burst_format)),
          searched(window - format.sounding_samples() + 2U * format.ramp +
                   format.preamble_samples()),
          sync(format, antennas, searched),
          transform(format.fft_size, antennas * format.sounding_slots(), Direction::forward),
          sequence(sounding_sequence(format)),
          turned(format.fft_size),
          filter(format) {
        for (const std::size_t own : format.device_antennas) {
            DeviceEstimate device;
            device.least_squares.resize(plan.used_bin.size() * antennas * own);
            device.mmse.resize(device.least_squares.size());
            device.mmse_variance.resize(format.resource_blocks());
            report.devices.push_back(std::move(device));
        }
    }

    double refine_offset(gsl::span<const Sample> received, std::ptrdiff_t begin) const;
    void average_slots(gsl::span<const Sample> received, std::ptrdiff_t begin, double offset);
    void measure_noise();
    void estimate(std::size_t n, double power_w, std::ptrdiff_t begin);
    static void forget(DeviceEstimate& device);
    void refer(DeviceEstimate& device, std::ptrdiff_t begin) const;
    void smooth(DeviceEstimate& device);

    BurstFormat format;
    std::size_t antennas;
    std::size_t window;
    CarrierPlan plan;
    std::size_t searched;
    FrameSync sync;
    FourierBatch transform;  // mean symbol of every slot, [antennas, slots, fft_size]
    std::vector<Sample> sequence;
    std::vector<Sample> turned;  // one symbol
    DelayFilter filter;
    SoundingReport report;
};

/// The preamble's offset made exact by the symbols of a slot, which are all the same: by how much
/// each is turned against the one before it, over all devices. The noise of all but the first and
/// the last symbol of a slot cancels in the sum, hence the error's second factor.
double Sounder::State::refine_offset(gsl::span<const Sample> received, std::ptrdiff_t begin) const {
    const double coarse = report.sync.offset;
    const bool heard = coarse * coarse > significant * significant * report.sync.offset_variance;
    const std::size_t repeated = format.sounding_symbols - 1U;
    if (repeated == 0) return heard ? coarse : 0;
    const std::size_t head = format.ramp + format.preamble_samples() + format.prefix;
    const std::size_t step = format.symbol_samples();
    std::complex<double> product;
    double power = 0;
    for (std::size_t r = 0; r < antennas; ++r) {
        for (std::size_t symbol = 0; symbol + 1 < format.sounding_slots() * (repeated + 1);
             ++symbol) {
            if (symbol % (repeated + 1) == repeated) continue;  // the next slot is another device's
            const auto first =
                static_cast<std::size_t>(begin + static_cast<std::ptrdiff_t>(head + symbol * step));
            const Sample* const from = &received[r * window + first];
            const Sample* const next = from + step;
            Sample both, own, others;
            volk_32fc_x2_conjugate_dot_prod_32fc(&both, next, from, format.fft_size);
            volk_32fc_x2_conjugate_dot_prod_32fc(&own, from, from, format.fft_size);
            volk_32fc_x2_conjugate_dot_prod_32fc(&others, next, next, format.fft_size);
            product += std::complex<double>(both);
            power += (static_cast<double>(own.real()) + static_cast<double>(others.real())) / 2;
        }
    }
    if (product == std::complex<double>()) return heard ? coarse : 0;
    const double turn = two_pi * static_cast<double>(step);
    // The preamble says which of the angles that differ by whole turns it is.
    const double angle = std::remainder(std::arg(product) - turn * coarse, two_pi) + turn * coarse;
    const double products =
        static_cast<double>(antennas * format.sounding_slots() * repeated * format.fft_size);
    const double variance =
        std::max(power / std::abs(product) - 1, 0.0) / (products * static_cast<double>(repeated));
    return angle * angle > significant * significant * variance ? angle / turn : 0;
}

/// The mean of every slot's symbols, turned back by `offset` from the window's first sample on.
void Sounder::State::average_slots(gsl::span<const Sample> received, std::ptrdiff_t begin,
                                   double offset) {
    const Sample turn_back(std::polar(1.0, -two_pi * offset));
    const std::size_t slots = format.sounding_slots();
    const std::size_t head = format.ramp + format.preamble_samples() + format.prefix;
    const double size = format.fft_size;
    const auto gain =
        static_cast<float>(std::sqrt(format.used_subcarriers()) / size / format.sounding_symbols);
    for (std::size_t r = 0; r < antennas; ++r) {
        for (std::size_t slot = 0; slot < slots; ++slot) {
            const auto mean = transform.transform(r * slots + slot);
            std::fill(mean.begin(), mean.end(), Sample());
            for (std::size_t i = 0; i < format.sounding_symbols; ++i) {
                const std::size_t symbol = slot * format.sounding_symbols + i;
                const auto first =
                    begin + static_cast<std::ptrdiff_t>(head + symbol * format.symbol_samples());
                const Sample* const from = &received[r * window + static_cast<std::size_t>(first)];
                if (offset == 0) {
                    for (std::size_t j = 0; j < mean.size(); ++j)
                        mean[j] += gain * from[j];
                    continue;
                }
                Sample phase(std::polar<double>(
                    gain, -two_pi * std::remainder(offset * static_cast<double>(first), 1.0)));
                turn(turned.data(), from, turn_back, phase, format.fft_size);
                for (std::size_t j = 0; j < mean.size(); ++j)
                    mean[j] += turned[j];
            }
        }
    }
    transform.execute();
}

void Sounder::State::measure_noise() {
    const std::size_t transforms = antennas * format.sounding_slots();
    double power = 0;
    for (std::size_t i = 0; i < transforms; ++i) {
        const auto body = transform.transform(i);
        for (const std::size_t bin : plan.null_bins)
            power += std::norm(body[bin]);
    }
    report.noise_power_w =
        format.sounding_symbols * power / static_cast<double>(transforms * plan.null_bins.size());
}

void Sounder::State::estimate(std::size_t n, double power_w, std::ptrdiff_t begin) {
    DeviceEstimate& device = report.devices[n];
    forget(device);
    if (power_w <= 0) return;
    const std::size_t own = format.device_antennas[n];
    const std::size_t slots = format.sounding_slots();
    const auto gain = static_cast<float>(1 / std::sqrt(power_w));
    device.least_squares_variance = report.noise_power_w / (power_w * format.sounding_symbols);
    double square = 0;
    std::complex<double> turn;
    for (std::size_t t = 0; t < own; ++t) {
        for (std::size_t r = 0; r < antennas; ++r) {
            const auto body = transform.transform(r * slots + format.first_slot(n) + t);
            Sample before = 0;
            for (std::size_t k = 0; k < plan.used_bin.size(); ++k) {
                const Sample h = gain * std::conj(sequence[k]) * body[plan.used_bin[k]];
                device.least_squares[(k * antennas + r) * own + t] = h;
                square += std::norm(h);
                turn += std::conj(before) * h;
                before = h;
            }
        }
    }
    const auto entries = static_cast<double>(device.least_squares.size());
    const double mean = square / entries;
    device.path_gain = std::max(mean - device.least_squares_variance, 0.0);
    device.delay_samples =
        static_cast<double>(begin - report.sync.start) - std::arg(turn) * format.fft_size / two_pi;
    device.found = device.path_gain > audible * device.least_squares_variance / std::sqrt(entries);
    if (!device.found) return forget(device);
    smooth(device);
    refer(device, begin);
}

/// An estimate of an earlier burst is none of this one's.
void Sounder::State::forget(DeviceEstimate& device) {
    device.found = false;
    device.path_gain = device.delay_samples = device.least_squares_variance = 0;
    std::fill(device.least_squares.begin(), device.least_squares.end(), Sample());
    std::fill(device.mmse.begin(), device.mmse.end(), Sample());
    std::fill(device.mmse_variance.begin(), device.mmse_variance.end(), 0.0);
}

// From a Fourier window that begins at `begin` to phases as of one at the reference.
void Sounder::State::refer(DeviceEstimate& device, std::ptrdiff_t begin) const {
    const std::size_t links = device.mmse.size() / plan.used_bin.size();
    const double slope = two_pi * static_cast<double>(report.reference - begin) / format.fft_size;
    for (std::size_t i = 0; i < device.mmse.size(); ++i) {
        const Sample turn(std::polar(1.0, slope * plan.used_frequency[i / links]));
        device.least_squares[i] *= turn;
        device.mmse[i] *= turn;
    }
}

void Sounder::State::smooth(DeviceEstimate& device) {
    const std::size_t used = plan.used_bin.size();
    const std::size_t links = device.least_squares.size() / used;
    const auto& w = filter.weights(device.least_squares_variance / device.path_gain);
    std::fill(device.mmse.begin(), device.mmse.end(), Sample());
    std::fill(device.mmse_variance.begin(), device.mmse_variance.end(), 0.0);
    for (std::size_t k = 0; k < used; ++k) {
        Sample* const out = &device.mmse[k * links];
        for (std::size_t j = 0; j < used; ++j) {
            const Sample weight = w[k * used + j];
            const Sample* const in = &device.least_squares[j * links];
            for (std::size_t i = 0; i < links; ++i)
                out[i] += weight * in[i];
        }
        // The error's covariance is that of the noise times W.
        const std::size_t block = plan.used_block[k];
        const std::size_t members =
            std::min<std::size_t>(format.resource_block, used - block * format.resource_block);
        device.mmse_variance[block] += device.least_squares_variance *
                                       static_cast<double>(w[k * used + k].real()) /
                                       static_cast<double>(members);
    }
}

Sounder::Sounder(const BurstFormat& format, std::size_t antennas, std::size_t window_samples) {
    validate(format);
    if (antennas < 1 || window_samples < format.sounding_samples()) {
        throw std::invalid_argument("sounder: expected at least 1 antenna and a window of " +
                                    std::to_string(format.sounding_samples()) + " samples, found " +
                                    std::to_string(antennas) + " and " +
                                    std::to_string(window_samples));
    }
    state_ = std::make_unique<State>(format, antennas, window_samples);
}

Sounder::~Sounder() = default;
Sounder::Sounder(Sounder&&) noexcept = default;
Sounder& Sounder::operator=(Sounder&&) noexcept = default;

const SoundingReport& Sounder::process(gsl::span<const Sample> received,
                                       gsl::span<const double> power_w) {
    State& s = *state_;
    require_size("sounder: received", received.size(), s.antennas * s.window);
    require_size("sounder: powers", power_w.size(), s.format.device_antennas.size());
    for (const double own : power_w)
        require_power("sounder: power", own);
    s.report.found = false;
    if (!usable(received)) return s.report;
    const auto sync = s.sync.find(received, s.searched);
    if (!sync) return s.report;
    s.report.sync = *sync;
    // Fourier windows in the middle of what the prefix leaves, phases as seen from the paths'
    // middle.
    const std::ptrdiff_t begin =
        sync->start - std::max<std::ptrdiff_t>(0, s.format.prefix - sync->spread) / 2;
    s.report.reference = sync->start + sync->spread / 2;
    const auto head = static_cast<std::ptrdiff_t>(s.format.ramp + s.format.preamble_samples());
    const auto length = static_cast<std::ptrdiff_t>(s.format.sounding_samples()) - s.format.ramp;
    if (begin + head < 0 || begin + length > static_cast<std::ptrdiff_t>(s.window)) return s.report;
    s.report.found = true;
    s.report.offset = s.refine_offset(received, begin);
    s.average_slots(received, begin, s.report.offset);
    s.measure_noise();
    for (std::size_t n = 0; n < power_w.size(); ++n)
        s.estimate(n, power_w[n], begin);
    return s.report;
}

HeaderReceiver::HeaderReceiver(const BurstFormat& format, std::size_t antennas,
                               std::size_t window_samples)
    : format_(format),
      antennas_(antennas),
      window_(window_samples),
      sync_(format, antennas, window_samples),
      paths_(antennas * (format.prefix + 1U)),
      reference_(paths_.size()) {
    const auto sequence = sync_sequence(format);
    for (std::size_t m = 0; m < format.sync_periods; ++m) {
        for (const Sample value : sequence)
            preamble_.push_back(static_cast<float>(sync_sign(format, m)) * value);
    }
}

// Paths by correlation with the whole preamble, the carrier turned back about its middle: what the
// offset's error then does to the phase cancels.
void HeaderReceiver::correlate(gsl::span<const Sample> received, std::ptrdiff_t start,
                               double offset) {
    const std::ptrdiff_t first = start + format_.ramp + format_.prefix;
    const auto count = static_cast<std::ptrdiff_t>(preamble_.size());
    const std::size_t delays = format_.prefix + 1U;
    for (std::size_t r = 0; r < antennas_; ++r) {
        for (std::size_t d = 0; d < delays; ++d) {
            std::complex<double> sum;
            const std::ptrdiff_t from = first + static_cast<std::ptrdiff_t>(d) - format_.prefix / 2;
            const auto step = std::polar(1.0, -two_pi * offset);
            auto turn = std::polar(1.0, two_pi * offset * (static_cast<double>(count) - 1) / 2);
            for (std::ptrdiff_t n = 0; n < count; ++n, turn *= step) {
                const std::ptrdiff_t at = from + n;
                if (at < 0 || at >= static_cast<std::ptrdiff_t>(window_)) continue;
                const auto x =
                    std::complex<double>(received[r * window_ + static_cast<std::size_t>(at)]);
                sum += x * std::conj(std::complex<double>(preamble_[static_cast<std::size_t>(n)])) *
                       turn;
            }
            paths_[r * delays + d] = Sample(sum / static_cast<double>(count));
        }
    }
}

HeaderMeasurement HeaderReceiver::measure(gsl::span<const Sample> received) {
    require_size("header: received", received.size(), antennas_ * window_);
    HeaderMeasurement result;
    if (!usable(received)) return result;
    const auto sync = sync_.find(received);
    if (!sync) return result;
    result.found = true;
    result.sync = *sync;
    // Paths are compared where the reference saw them.
    if (!has_reference_) reference_start_ = sync->start;
    correlate(received, reference_start_, sync->offset);
    if (!has_reference_) reference_ = paths_;
    double power = 0;
    double moment = 0;
    std::complex<double> product;
    const std::size_t delays = format_.prefix + 1U;
    const int half_prefix = format_.prefix / 2;
    for (std::size_t i = 0; i < paths_.size(); ++i) {
        const double own = std::norm(paths_[i]);
        power += own;
        moment += own * (static_cast<double>(i % delays) - half_prefix);
        product += std::conj(std::complex<double>(reference_[i])) * std::complex<double>(paths_[i]);
    }
    result.timing_samples = static_cast<double>(reference_start_) + moment / power;
    result.phase = has_reference_ ? std::arg(product) : 0;
    result.phase_variance = 1 / (2 * static_cast<double>(preamble_.size()) * sync->snr);
    result.middle_samples = static_cast<double>(reference_start_) + format_.ramp + format_.prefix +
                            (static_cast<double>(preamble_.size()) - 1) / 2;
    has_reference_ = true;
    return result;
}

}  // namespace gr::aircomp::phy
