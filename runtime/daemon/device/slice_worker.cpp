// SPDX-License-Identifier: GPL-3.0-or-later
// Jobs of a device's computing thread.
#include "daemon/device/slice_worker.hpp"

#include <chrono>

#include "aircomp/inference/add.hpp"
#include "daemon/check.hpp"

namespace aircomp::runtime::testbed {
namespace {

double seconds_since(std::chrono::steady_clock::time_point begin) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

}  // namespace

SliceWorker::SliceWorker(const inference::Checkpoint& checkpoint, int threads,
                         const inference::Compute& compute, PartialCarrier& carrier,
                         WorkerEvents events)
    : checkpoint_(checkpoint),
      residual_(checkpoint),
      threads_(threads),
      compute_(compute),
      carrier_(carrier),
      events_(std::move(events)),
      thread_(events_.failed) {}

void SliceWorker::load(const control::Assignment& assignment,
                       const std::shared_ptr<const SharedCoding>& coding) {
    thread_.submit([this, assignment, coding] {
        const inference::Slice slice{{assignment.head_begin, assignment.head_end},
                                     {assignment.ffn_begin, assignment.ffn_end}};
        // The old slice goes first: memory may not hold both.
        caches_.clear();
        model_.reset();
        model_.emplace(checkpoint_, slice, threads_, compute_);
        while (caches_.size() < assignment.conversations)
            caches_.emplace_back(checkpoint_.config(), slice, assignment.context);
        if (coding) {
            model_->leave_out(coding->predictions);
            reference_.emplace(checkpoint_, coding->predictions);
        }
        events_.loaded(assignment.epoch, model_->weight_bytes());
    });
}

void SliceWorker::start(const Round& round, const Pass& pass, std::vector<float> x) {
    thread_.submit([this, round, pass, x = std::move(x)]() mutable {
        pass_ = pass;
        x_ = std::move(x);
        compute(round);
    });
}

void SliceWorker::add(const Round& round, std::vector<float> sum, bool is_whole) {
    thread_.submit([this, round, is_whole, sum = std::move(sum)]() mutable {
        if (!is_whole && reference_) inference::add(foretold_, sum);
        residual_.add(site_, sum, x_);
        compute(round);
    });
}

void SliceWorker::repeat(const Round& round) {
    thread_.submit([this, round] { carrier_.carry(carried(round), partial_, 0); });
}

void SliceWorker::compute(const Round& round) {
    const auto begin = std::chrono::steady_clock::now();
    site_ = round.site;
    partial_.resize(x_.size());
    const auto length = static_cast<std::size_t>(round.length);
    const std::int64_t vectors = pass_.one_at_a_time ? 1 : round.vectors;
    const std::size_t step = static_cast<std::size_t>(vectors) * length;
    std::int64_t position = round.position;
    for (std::size_t at = 0; at < x_.size(); at += step, position += vectors) {
        model_->partial(round.site, gsl::span<const float>(x_).subspan(at, step), position,
                        caches_.at(pass_.conversation),
                        gsl::span<float>(partial_).subspan(at, step));
    }
    if (reference_) {
        foretold_.assign(x_.size(), 0.0F);
        reference_->complete(round.site, x_, round.position, foretold_);
    }
    carrier_.carry(carried(round), partial_, seconds_since(begin));
}

Round SliceWorker::carried(Round round) const {
    round.foretold = check_sum(foretold_);
    return round;
}

}  // namespace aircomp::runtime::testbed
