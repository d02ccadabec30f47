// SPDX-License-Identifier: GPL-3.0-or-later
// Jobs that wait for the model.
#include "serve/text_queue.hpp"

#include <thread>

#include "support/catch.hpp"

namespace aircomp::test {
namespace {

using namespace runtime::serve;

std::shared_ptr<TextJob> job(std::vector<unsigned>* ends = nullptr) {
    auto job = std::make_shared<TextJob>();
    job->end = [ends](const TextEnd& end) {
        if (ends != nullptr) ends->push_back(end.error ? end.error->status : 200);
    };
    return job;
}

unsigned status_of_push(TextQueue& queue) {
    try {
        queue.push(job());
        return 200;
    } catch (const ApiError& error) {
        return error.status;
    }
}

TEST_CASE("jobs come out in order, and no more wait than may") {
    TextQueue queue(2, 1);
    const auto first = job(), second = job(), third = job();
    queue.push(first);
    CHECK(queue.next() == first);
    queue.push(second);
    queue.push(third);
    CHECK(queue.waiting() == 2);
    CHECK(status_of_push(queue) == 429);
    first->is_over = true;
    CHECK(queue.next() == second);
    CHECK(status_of_push(queue) == 200);
    CHECK(queue.next() == third);
}

TEST_CASE("a queue without places takes a job for a model that is free") {
    TextQueue queue(0, 1);
    const auto one = job();
    queue.push(one);
    CHECK(status_of_push(queue) == 429);
    CHECK(queue.next() == one);
    CHECK(status_of_push(queue) == 429);
}

TEST_CASE("a model that takes two at a time has one more that is answered") {
    TextQueue queue(1, 2);
    const auto first = job(), second = job(), third = job();
    queue.push(first);
    CHECK(queue.next() == first);
    CHECK(queue.next_if_any() == nullptr);
    queue.push(second);
    queue.push(third);
    CHECK(status_of_push(queue) == 429);
    CHECK(queue.next_if_any() == second);
    CHECK(status_of_push(queue) == 429);
    // Who ends first makes room, whoever came first.
    second->is_over = true;
    CHECK(status_of_push(queue) == 200);
    queue.close();
    CHECK(first->is_cancelled);
    CHECK_FALSE(second->is_cancelled);
}

TEST_CASE("who is cancelled waits no more; who is being answered is told") {
    TextQueue queue(2, 1);
    const auto first = job(), second = job(), third = job();
    queue.push(first);
    queue.push(second);
    queue.push(third);
    CHECK(queue.next() == first);
    queue.cancel(second);
    queue.cancel(first);
    CHECK(first->is_cancelled);
    CHECK(queue.waiting() == 1);
    CHECK(queue.next() == third);
}

TEST_CASE("close ends what waits, cancels what is being made, and wakes who waits for a job") {
    std::vector<unsigned> ends;
    TextQueue queue(2, 1);
    const auto first = job(&ends), second = job(&ends);
    queue.push(first);
    queue.push(second);
    CHECK(queue.next() == first);
    queue.close();
    CHECK(ends == std::vector<unsigned>{503});
    CHECK(first->is_cancelled);
    CHECK(queue.next() == nullptr);
    CHECK(status_of_push(queue) == 503);

    TextQueue empty(2, 1);
    std::thread waiting([&] { CHECK(empty.next() == nullptr); });
    empty.close();
    waiting.join();
}

}  // namespace
}  // namespace aircomp::test
