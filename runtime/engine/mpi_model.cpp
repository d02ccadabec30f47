// SPDX-License-Identifier: GPL-3.0-or-later
// Ranks and messages of the wired engine. Ranks may share cores, so those that wait must not poll:
// the coordinator sleeps while devices compute, devices sleep between two tokens. MPI polls only
// between devices inside a token.
#include "engine/mpi_model.hpp"

#include <mpi.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <iostream>
#include <optional>
#include <stdexcept>
#include <thread>

#include "aircomp/inference/decoder.hpp"
#include "aircomp/inference/residual.hpp"
#include "aircomp/inference/slice_cost.hpp"
#include "aircomp/inference/thread_count.hpp"
#include "coding/partial_coder.hpp"
#include "engine/forward.hpp"
#include "engine/layout.hpp"
#include "engine/model_coding.hpp"
#include "files/sha256.hpp"
#include "schemes/registry.hpp"

namespace aircomp::runtime {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto nap = std::chrono::microseconds(20);
enum Tag { job_tag = 1, vectors_tag, result_tag, usage_tag };

/// What the coordinator asks for; no vectors: to stop.
struct Order {
    std::int64_t position = 0;
    std::int64_t vectors = 0;
};

void receive_asleep(void* data, int count, MPI_Datatype type, int from, Tag tag) {
    MPI_Request request;
    MPI_Irecv(data, count, type, from, tag, MPI_COMM_WORLD, &request);
    for (int done = 0; done == 0;) {
        MPI_Request_get_status(request, &done, MPI_STATUS_IGNORE);
        if (done == 0) std::this_thread::sleep_for(nap);
    }
    MPI_Wait(&request, MPI_STATUS_IGNORE);
}

int count_of(std::size_t size) {
    if (size > static_cast<std::size_t>(1) << 30) {
        throw std::length_error("MPI message of " + std::to_string(size) + " values");
    }
    return static_cast<int>(size);
}

/// Called by all ranks: what `rank` calls it with.
std::string text_of(int rank, std::string text) {
    int length = count_of(text.size());
    MPI_Bcast(&length, 1, MPI_INT, rank, MPI_COMM_WORLD);
    text.resize(static_cast<std::size_t>(length));
    MPI_Bcast(text.data(), length, MPI_CHAR, rank, MPI_COMM_WORLD);
    return text;
}

/// This rank's slice and the devices' all-reduce.
class WiredDevice final : public Partials, public AllReduce {
public:
    WiredDevice(const Config& config, const inference::Checkpoint& checkpoint,
                const inference::Slice& slice, std::int64_t context, int threads,
                const SharedCoding& coding, MPI_Comm devices)
        : device_(checkpoint, slice, threads, config.compute),
          cache_(checkpoint.config(), slice, context),
          length_(static_cast<std::size_t>(checkpoint.config().hidden_size)),
          devices_(devices) {
        MPI_Comm_size(devices_, &count_);
        if (coding.predictions) device_.leave_out(coding.predictions);
        if (!find_scheme(config.scheme).quantises) return;
        coder_.emplace(config, checkpoint.config().hidden_size, coding.shape.transforms);
    }

    std::optional<PassFailure> compute(const SiteCall& call, gsl::span<const float> x) override {
        partial_.resize(x.size());
        device_.partial(call.site, x, call.position, cache_, partial_);
        return std::nullopt;
    }

    /// Nobody but the devices adds: the coordinator gets their stream at the end.
    std::optional<PassFailure> sum(const SiteCall& call, const TwoCopies&, SiteSum& sum) override {
        const auto begin = Clock::now();
        if (coder_) {
            sum.devices.resize(partial_.size());
            for (std::int64_t v = 0; v < call.vectors; ++v)
                add_codes(call, v,
                          gsl::span<float>(sum.devices)
                              .subspan(static_cast<std::size_t>(v) * length_, length_));
        } else {
            MPI_Allreduce(MPI_IN_PLACE, partial_.data(), count_of(partial_.size()), MPI_FLOAT,
                          MPI_SUM, devices_);
            usage_.sent_bytes += static_cast<std::int64_t>(partial_.size() * sizeof(float));
            sum.devices = partial_;
        }
        usage_.all_reduces += call.vectors;
        usage_.all_reduce_s += std::chrono::duration<double>(Clock::now() - begin).count();
        return std::nullopt;
    }

    const MpiUsage& usage() const { return usage_; }

private:
    /// The sum of vector `v` of all devices' codes, [length].
    void add_codes(const SiteCall& call, std::int64_t v, gsl::span<float> sum) {
        const std::size_t bytes = coder_->bytes();
        own_.resize(bytes);
        all_.resize(bytes * static_cast<std::size_t>(count_));
        const SumRequest request{call.site,
                                 call.position,
                                 call.vectors,
                                 call.length,
                                 gsl::span<const std::vector<float>>(&partial_, 1),
                                 {}};
        coder_->write(request, 0, v, own_);
        MPI_Allgather(own_.data(), count_of(bytes), MPI_BYTE, all_.data(), count_of(bytes),
                      MPI_BYTE, devices_);
        usage_.sent_bytes += static_cast<std::int64_t>(bytes);
        std::vector<double> total(length_, 0);
        for (std::size_t at = 0; at < all_.size(); at += bytes)
            coder_->add(gsl::span<const std::uint8_t>(all_).subspan(at, bytes), total);
        coder_->finish(call.site, total, sum);
    }

    inference::DeviceModel device_;
    inference::KvCache cache_;
    std::size_t length_;
    MPI_Comm devices_;
    int count_ = 1;
    std::optional<PartialCoder> coder_;  // of schemes that quantise
    std::vector<float> partial_;
    std::vector<std::uint8_t> own_, all_;
    MpiUsage usage_;
};

}  // namespace

MpiJob::MpiJob() {
    MPI_Init(nullptr, nullptr);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank_);
    MPI_Comm_size(MPI_COMM_WORLD, &size_);
    MPI_Comm here;
    MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &here);
    MPI_Comm_size(here, &ranks_here_);
    MPI_Comm_free(&here);
    MPI_Comm devices;
    MPI_Comm_split(MPI_COMM_WORLD, rank_ == 0 ? 0 : 1, rank_, &devices);
    devices_ = MPI_Comm_c2f(devices);
}

MpiJob::~MpiJob() {
    MPI_Comm devices = MPI_Comm_f2c(devices_);
    MPI_Comm_free(&devices);
    MPI_Finalize();
}

bool MpiJob::prepare(const std::function<void()>& setup) const {
    std::string own;
    try {
        setup();
    } catch (const std::exception& error) {
        own = error.what();
    }
    int first = own.empty() ? size_ : rank_;
    MPI_Allreduce(MPI_IN_PLACE, &first, 1, MPI_INT, MPI_MIN, MPI_COMM_WORLD);
    if (first == size_) return true;
    own = text_of(first, std::move(own));
    if (rank_ == 0) throw std::runtime_error(own);
    return false;
}

std::string MpiJob::of_coordinator(std::string text) const {
    return text_of(0, std::move(text));
}

void MpiJob::work(const std::function<void()>& task) const {
    try {
        task();
    } catch (const std::exception& error) {
        std::cerr << "aircomp: rank " << rank_ << ": " << error.what() << std::endl;
        MPI_Abort(MPI_COMM_WORLD, 2);
    }
}

void require_calibration(const Config& config, int rank, const std::string& expected) {
    if (!uses_calibration(config)) return;
    const std::string file = config.calibration.file.string();
    const std::string complaint = "rank " + std::to_string(rank) + ": " + file +
                                  ": expected the calibration of rank 0, SHA-256 " +
                                  expected.substr(0, 16) + "..., found ";
    if (!std::filesystem::exists(config.calibration.file))
        throw std::runtime_error(complaint + "none: copy that file to every host");
    const std::string found = to_hex(sha256_of_file(config.calibration.file));
    if (found != expected) throw std::runtime_error(complaint + found.substr(0, 16) + "...");
}

struct MpiModel::State {
    Layout layout;
    inference::ModelConfig model;
    std::int64_t context = 0;
    int ranks = 0;
    std::optional<inference::CoordinatorModel> coordinator;  // on rank 0
    std::optional<inference::Residual> residual;             // on the others
    std::optional<inference::ReferenceStream> reference;     // on the others, with a calibration
    std::optional<WiredDevice> device;                       // on the others
    MPI_Comm devices = MPI_COMM_NULL;
};

MpiModel::MpiModel(const MpiJob& job, const inference::Checkpoint& checkpoint, const Config& config)
    : state_(std::make_unique<State>()) {
    if (!find_scheme(config.scheme).wired) {
        throw std::invalid_argument("scheme: with MPI expected " + wired_scheme().name + " or " +
                                    wired_scheme(/*quantises=*/true).name + ", found '" +
                                    config.scheme + "'");
    }
    State& state = *state_;
    state.model = checkpoint.config();
    state.layout =
        lay_out(config, state.model, inference::bytes_per_weight(checkpoint, config.compute));
    // What lacks of a sum cannot be made up for once it has been normed.
    if (state.model.design.norm_after) state.layout.config.digital.error_feedback = false;
    state.context = config.model.context > 0 ? config.model.context : state.model.context;
    state.ranks = job.size();
    const std::size_t devices = state.layout.slices.size();
    if (static_cast<std::size_t>(job.size()) != devices + 1) {
        throw std::invalid_argument("MPI: expected " + std::to_string(devices + 1) +
                                    " ranks, a coordinator and " + std::to_string(devices) +
                                    " devices, found " + std::to_string(job.size()) +
                                    " (mpirun -n " + std::to_string(devices + 1) + " ...)");
    }
    state.devices = MPI_Comm_f2c(job.devices());
    // The coordinator sleeps while devices compute.
    const int computing = std::max(1, job.ranks_here() - 1);
    const int threads = inference::thread_count(config.threads, computing);
    SharedCoding coding;
    if (uses_calibration(config)) coding = ModelCoding(state.layout.config, checkpoint).shared();
    if (job.rank() == 0) {
        state.coordinator.emplace(checkpoint, threads);
        return;
    }
    if (coding.predictions) state.reference.emplace(checkpoint, coding.predictions);
    const auto& slice = state.layout.slices[static_cast<std::size_t>(job.rank() - 1)];
    state.residual.emplace(checkpoint);
    state.device.emplace(state.layout.config, checkpoint, slice, state.context, threads, coding,
                         state.devices);
}

MpiModel::~MpiModel() = default;

const Config& MpiModel::config() const {
    return state_->layout.config;
}

void MpiModel::serve() {
    State& state = *state_;
    int device = 0;
    MPI_Comm_rank(state.devices, &device);
    TwoCopies x;  // the devices' alone
    while (true) {
        Order order;
        receive_asleep(&order, sizeof(order), MPI_BYTE, 0, job_tag);
        if (order.vectors == 0) break;
        x.devices.resize(static_cast<std::size_t>(order.vectors * state.model.hidden_size));
        const int count = count_of(x.devices.size());
        receive_asleep(x.devices.data(), count, MPI_FLOAT, 0, vectors_tag);
        run_sites(state.model, *state.residual, order.position, x, *state.device, *state.device,
                  state.reference ? &*state.reference : nullptr);
        if (device == 0)
            MPI_Send(x.devices.data(), count, MPI_FLOAT, 0, result_tag, MPI_COMM_WORLD);
    }
    if (device == 0) {
        MPI_Send(&state.device->usage(), sizeof(MpiUsage), MPI_BYTE, 0, usage_tag, MPI_COMM_WORLD);
    }
}

std::vector<float> MpiModel::forward(gsl::span<const inference::Token> tokens,
                                     std::int64_t position) {
    State& state = *state_;
    const auto on_devices = [&](std::int64_t at, TwoCopies& x) -> std::optional<PassFailure> {
        auto& stream = x.server;
        const Order order{at, static_cast<std::int64_t>(stream.size()) / state.model.hidden_size};
        for (int rank = 1; rank < state.ranks; ++rank) {
            MPI_Send(&order, sizeof(order), MPI_BYTE, rank, job_tag, MPI_COMM_WORLD);
            MPI_Send(stream.data(), count_of(stream.size()), MPI_FLOAT, rank, vectors_tag,
                     MPI_COMM_WORLD);
        }
        receive_asleep(stream.data(), count_of(stream.size()), MPI_FLOAT, 1, result_tag);
        return std::nullopt;
    };
    return runtime::forward(*state.coordinator, state.model,
                            {state.context, config().model.prefill_chunk, /*last_only=*/true},
                            tokens, position, on_devices)
        .logits;
}

MpiUsage MpiModel::stop() {
    const Order order;
    for (int rank = 1; rank < state_->ranks; ++rank)
        MPI_Send(&order, sizeof(order), MPI_BYTE, rank, job_tag, MPI_COMM_WORLD);
    MpiUsage usage;
    receive_asleep(&usage, sizeof(usage), MPI_BYTE, 1, usage_tag);
    return usage;
}

}  // namespace aircomp::runtime
