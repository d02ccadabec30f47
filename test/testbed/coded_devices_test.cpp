// SPDX-License-Identifier: GPL-3.0-or-later
// What device daemons put on the air under a calibration, beside what the simulation sends: the same
// bits. The radios are the test's; the workers, carriers and messages are the daemons'.
#include <cmath>
#include <mutex>

#include "aircomp/inference/slice_cost.hpp"
#include "coding/analog_codec.hpp"
#include "coding/exact_sum.hpp"
#include "config/waveform_format.hpp"
#include "daemon/air_messages.hpp"
#include "daemon/check.hpp"
#include "daemon/device/radio_partial_carrier.hpp"
#include "daemon/device/slice_worker.hpp"
#include "engine/layout.hpp"
#include "engine/sliced_model.hpp"
#include "runtime/small_calibration.hpp"
#include "support/catch.hpp"
#include "support/process.hpp"
#include "testbed/resting_clock.hpp"

namespace aircomp::test {
namespace {

using namespace runtime;
using namespace runtime::testbed;

constexpr std::size_t device_count = 3;
constexpr std::uint32_t epoch = 1;
constexpr std::int64_t context = 32, most_vectors = 8;

Config coded_config(const std::vector<double>& shares) {
    Config config = default_config(device_count);
    config.scheme = "mmse";
    config.shares = shares;
    config.threads = 1;
    config.analog.scale = ScalePolicy::shared;
    config.calibration.file = calibration_file();
    config.calibration.max_compute = 10;  // All that the file has; the model is small.
    return config;
}

/// Keeps what it is given to send.
class GivenRadio final : public DeviceRadio {
public:
    TimedRadio& timed() override { return clock_; }
    void begin_anew() override {}
    void feed() override {}
    DeviceReport take_part(const RoundOrder&, const DeviceSettings&,
                           gsl::span<const float> partial) override {
        sent.assign(partial.begin(), partial.end());
        return {};
    }

    std::vector<float> sent;

private:
    RestingClock clock_;
};

/// Frames that threads hand over, one awaited at a time.
class Mailbox {
public:
    void put(const control::Frame& frame) {
        const std::lock_guard lock(mutex_);
        frames_.push_back(frame);
    }

    /// The next one; it lives as long as the mailbox.
    control::Message take() {
        const bool came = eventually([this] {
            const std::lock_guard lock(mutex_);
            return frames_.size() > taken_;
        });
        REQUIRE(came);
        const std::lock_guard lock(mutex_);
        return control::decode(*frames_[taken_++]);
    }

private:
    std::mutex mutex_;
    std::vector<control::Frame> frames_;
    std::size_t taken_ = 0;
};

/// A device daemon without its link.
class CodedDevice {
public:
    CodedDevice(const Config& config, std::size_t number, const inference::Slice& slice,
                const std::shared_ptr<const SharedCoding>& coding)
        : config_(config),
          number_(number),
          carrier_(
              config, number, small_checkpoint().config().hidden_size, radio_,
              [this](const control::Frame& frame, const Round&, double) { mail_.put(frame); },
              [this](const control::Frame& frame) { mail_.put(frame); }),
          worker_(small_checkpoint(), 1, {}, carrier_,
                  {[this](std::uint32_t its, std::uint64_t bytes) {
                       mail_.put(control::encode(control::Loaded{its, bytes}));
                   },
                   [this](const std::string& reason) {
                       mail_.put(control::encode(control::Shutdown{reason}));
                   }}) {
        carrier_.shape_by(coding->shape);
        worker_.load({epoch, static_cast<std::uint32_t>(number), device_count, slice.heads.begin,
                      slice.heads.end, slice.ffn_columns.begin, slice.ffn_columns.end, context,
                      most_vectors},
                     coding);
        REQUIRE(std::holds_alternative<control::Loaded>(mail_.take()));
    }

    void begin(const Round& round, const std::vector<float>& x_or_sum) {
        if (round.site.index == 0) return worker_.start(round, {}, x_or_sum);
        worker_.add(round, x_or_sum, /*is_whole=*/true);
    }

    /// What it says of the round that has begun.
    control::Computed computed() {
        const auto message = mail_.take();
        REQUIRE(std::holds_alternative<control::Computed>(message));
        return std::get<control::Computed>(message);
    }

    /// What it sends of vector `v` where it is ordered to divide by `scale`, and says of it.
    std::pair<std::vector<float>, control::BurstReport> send(const Round& round, std::int64_t v,
                                                             double scale, double moment) {
        settle(round, moment);
        carrier_.command(control::Order{epoch,
                                        ++orders_,
                                        false,
                                        false,
                                        {10},
                                        20,
                                        round.number,
                                        static_cast<std::uint32_t>(v),
                                        scale});
        const auto report = std::get<control::BurstReport>(mail_.take());
        CAPTURE(report.refusal);
        CHECK(report.burst == BurstState::waiting);
        return {radio_.sent, report};
    }

private:
    void settle(const Round& round, double moment) {
        const auto streams = static_cast<std::size_t>(config_.radio.streams);
        const auto antennas = static_cast<std::size_t>(config_.devices[number_].antennas);
        DeviceSettings settings;
        settings.second_moment = moment;
        settings.precoders.assign(burst_format(config_).resource_blocks() * streams * antennas, 1);
        carrier_.command(to_message(settings, epoch, round.site.kind, 0, streams, antennas));
    }

    const Config& config_;
    std::size_t number_;
    std::uint64_t orders_ = 0;
    Mailbox mail_;
    GivenRadio radio_;
    RadioPartialCarrier carrier_;
    SliceWorker worker_;
};

/// The loop over sites, with both: what the simulation's codec makes of partials is what daemons have
/// to send.
class Comparison final : public Partials, public AllReduce {
public:
    explicit Comparison(const Config& config)
        : layout_(lay_out(config, model_, inference::bytes_per_weight(small_checkpoint()))),
          coding_(layout_.config, small_checkpoint()),
          codec_(layout_.config, model_.hidden_size, calibrated()),
          reference_(small_checkpoint(), coding_.shared().predictions) {
        const auto shared = std::make_shared<SharedCoding>(
            read_shared_coding(config.calibration.file, small_checkpoint(), coding_.use()));
        for (std::size_t n = 0; n < device_count; ++n) {
            const inference::Slice& slice = layout_.slices[n];
            simulated_.emplace_back(small_checkpoint(), slice, 1);
            simulated_.back().leave_out(coding_.shared().predictions);
            caches_.emplace_back(model_, slice, context);
            devices_.push_back(std::make_unique<CodedDevice>(layout_.config, n, slice, shared));
        }
        caches_.emplace_back(model_, inference::whole_model(model_), context);
    }

    void pass(const std::vector<inference::Token>& tokens, std::int64_t position) {
        TwoCopies x;
        x.server.resize(tokens.size() * static_cast<std::size_t>(model_.hidden_size));
        coordinator_.embed(tokens, x.server);
        x.devices = x.server;
        whole_ = x.server;
        run_sites(model_, residual_, position, x, *this, *this, &reference_);
    }

    std::optional<PassFailure> compute(const SiteCall& call, gsl::span<const float> x) override {
        partials_.assign(device_count, std::vector<float>(x.size()));
        for (std::size_t n = 0; n < device_count; ++n)
            simulated_[n].partial(call.site, x, call.position, caches_[n], partials_[n]);
        exact_.resize(x.size());
        one_device_.partial(call.site, x, call.position, caches_[device_count], exact_);
        round_ = {epoch,        round_.number + 1, call.site,        call.position,
                  call.vectors, call.length,       control::Way::air};
        for (const auto& device : devices_)
            device->begin(round_, whole_);
        return std::nullopt;
    }

    std::optional<PassFailure> sum(const SiteCall& call, const TwoCopies& x,
                                   SiteSum& sum) override {
        for (const auto& device : devices_)
            CHECK(device->computed().foretold == check_sum(call.foretold));
        SumRequest request{call.site,   call.position, call.vectors,
                           call.length, partials_,     x.devices};
        request.features = call.features;
        auto shaped = codec_.shape(request);
        limited_vectors += shaped.limited_vectors;
        clipped_reals += shaped.clipped_reals;
        request.partials = shaped.partials;
        for (std::int64_t v = 0; v < call.vectors; ++v)
            compare(request, v, shaped.scales[static_cast<std::size_t>(v)]);
        exact_sum(request, sum.server);
        for (std::int64_t v = 0; v < call.vectors; ++v)
            codec_.unshape(call.site, gsl::span<float>(sum.server)
                                          .subspan(static_cast<std::size_t>(v * call.length),
                                                   static_cast<std::size_t>(call.length)));
        sum.devices = sum.server;
        whole_ = sum.server;
        std::transform(whole_.begin(), whole_.end(), call.foretold.begin(), whole_.begin(),
                       std::plus<>());
        error.add(whole_, exact_);
        return std::nullopt;
    }

    std::int64_t limited_vectors = 0, clipped_reals = 0;            ///< By the simulation.
    std::int64_t told_limited_vectors = 0, told_clipped_reals = 0;  ///< By the daemons.
    std::int64_t compared = 0;
    SumError error;  ///< Of whole sums, against those of the model on one device.

private:
    Calibration calibrated() {
        SlicedModel model(small_checkpoint(), layout_.slices, layout_.config);
        model.foretell(small_checkpoint(), coding_.shared().predictions);
        CalibratingMedium medium(device_count, model_, coding_.shared().shape.transforms);
        model.forward(random_tokens(24, 3), 0, medium);
        Calibration calibration = medium.calibration();
        coding_.complete(medium, calibration);
        return calibration;
    }

    void compare(const SumRequest& request, std::int64_t v, double scale) {
        for (std::size_t n = 0; n < device_count; ++n) {
            const double moment = codec_.second_moments(request.site.kind)[n];
            if (moment == 0) continue;  // It gets no order.
            const auto expected = request.partial(n, v);
            const std::vector<float> bits(expected.begin(), expected.end());
            const auto [sent, report] = devices_[n]->send(round_, v, scale, moment);
            CHECK(sent == bits);
            told_limited_vectors += report.limited_vector ? 1 : 0;
            told_clipped_reals += static_cast<std::int64_t>(report.clipped_reals);
            // A round that is repeated with a larger scale sends the same vector, and counts nothing.
            const auto [again, its_report] = devices_[n]->send(round_, v, 1.4 * scale, moment);
            CHECK(again == bits);
            CHECK_FALSE(its_report.limited_vector);
            CHECK(its_report.clipped_reals == 0);
            ++compared;
        }
    }

    inference::ModelConfig model_ = small_checkpoint().config();
    Layout layout_;
    ModelCoding coding_;
    AnalogCodec codec_;
    inference::ReferenceStream reference_;
    inference::CoordinatorModel coordinator_{small_checkpoint(), 1};
    inference::Residual residual_{small_checkpoint()};
    inference::DeviceModel one_device_{small_checkpoint(), inference::whole_model(model_), 1};
    std::vector<inference::DeviceModel> simulated_;
    std::vector<inference::KvCache> caches_;  ///< Of the simulated devices and of the one device.
    std::vector<std::vector<float>> partials_;
    std::vector<float> exact_, whole_;
    Round round_;
    std::vector<std::unique_ptr<CodedDevice>> devices_;
};

void run_passes(Comparison& both) {
    both.pass({1, 17, 40, 5}, 0);
    both.pass({23}, 4);
    both.pass({60}, 5);
    both.pass({2, 3}, 0);  // Another sequence: nothing of the first is carried over.
}

TEST_CASE("devices leave out and transform exactly what is put back, whatever shares they have") {
    Config config = coded_config(
        GENERATE(std::vector<double>{0.6, 0.3, 0.1}, std::vector<double>{0.1, 0.2, 0.7}));
    config.calibration.vector_headroom_db = 30;
    config.analog.clip_level = 1000;
    Comparison both(config);
    run_passes(both);
    CHECK(both.limited_vectors + both.clipped_reals == 0);
    CHECK(both.compared > 50);
    CHECK(std::sqrt(both.error.nmse()) < 1e-5);
}

TEST_CASE("what limits take of a vector is held back by daemons as in the simulation, to the bit") {
    Config config = coded_config({0.6, 0.3, 0.1});
    config.calibration.vector_headroom_db = 1;
    config.analog.clip_level = 2;
    config.analog.rotation = GENERATE(false, true);
    Comparison both(config);
    run_passes(both);
    CHECK(both.limited_vectors > 5);
    CHECK(both.limited_vectors + both.clipped_reals > 20);
    CHECK(both.told_limited_vectors == both.limited_vectors);
    CHECK(both.told_clipped_reals == both.clipped_reals);
}

}  // namespace
}  // namespace aircomp::test
