// SPDX-License-Identifier: GPL-3.0-or-later
// Several texts at a time: who is computed with whom, in whatever order they come and go.
#include <algorithm>
#include <filesystem>
#include <optional>

#include "engine/simulation.hpp"
#include "serve/text_maker.hpp"
#include "support/catch.hpp"

namespace aircomp::test {
namespace {

using namespace runtime::serve;
using inference::Token;

const std::filesystem::path demo =
    std::filesystem::path(AIRCOMP_SOURCE_DIR) / "inference/models/demo";

/// A text that somebody waits for.
struct Client {
    Client(const std::string& prompt, std::int64_t tokens, std::int64_t seed) {
        job->request.prompt = prompt;
        job->request.tokens = tokens;
        job->request.seed = seed;
        job->request.sampling.temperature = 1;
        job->emit = [this](const TextPiece& piece) { text += piece.text; };
        job->end = [this](TextEnd its_end) { end = std::move(its_end); };
    }

    std::shared_ptr<TextJob> job = std::make_shared<TextJob>();
    std::string text;
    TextEnd end;
};

/// The demo model over two devices, as `aircomp serve` has it.
class Cell {
public:
    explicit Cell(std::size_t conversations, const std::string& scheme = "exact",
                  std::optional<std::int64_t> most_tokens = {})
        : checkpoint_(demo), tokenizer_(inference::load_tokenizer(demo)) {
        auto config = runtime::default_config(2);
        config.scheme = scheme;
        config.threads = 1;
        config.model.prefill_chunk = 4;
        simulation_.emplace(config, checkpoint_, tokenizer_.get());
        ServedModel model;
        model.tokenizer = tokenizer_.get();
        model.context = 64;
        model.conversations = conversations;
        model.prompt_chunk = config.model.prefill_chunk;
        model.next_logits = [this](gsl::span<const inference::FreshTokens> fresh,
                                   const std::function<void()>& poll) {
            passes.push_back(fresh.size());
            simulation_->model().poll_with([this, poll] {
                if (before_sum) before_sum();
                poll();
            });
            return simulation_->model().forward(fresh, simulation_->medium());
        };
        if (most_tokens) {
            model.holds = [most_tokens](std::int64_t tokens) { return tokens <= *most_tokens; };
        }
        model.forget = [this](std::size_t sequence) {
            forgotten.push_back(sequence);
            simulation_->model().forget(sequence);
        };
        maker.emplace(std::move(model));
    }

    void finish() {
        while (!maker->is_idle())
            maker->turn();
    }

    std::vector<std::size_t> passes;  ///< Texts of each so far.
    std::vector<std::size_t> forgotten;
    std::function<void()> before_sum;
    std::optional<TextMaker> maker;

private:
    inference::Checkpoint checkpoint_;
    std::unique_ptr<inference::Tokenizer> tokenizer_;
    std::optional<runtime::Simulation> simulation_;
};

std::vector<std::unique_ptr<Client>> three_clients() {
    std::vector<std::unique_ptr<Client>> clients;
    clients.push_back(std::make_unique<Client>("The server sends a frame to", 12, 3));
    clients.push_back(std::make_unique<Client>("A radio", 9, 4));
    clients.push_back(std::make_unique<Client>("Every device computes, and then all of", 6, 3));
    return clients;
}

/// Each of them, made alone.
std::vector<std::string> texts_alone() {
    std::vector<std::string> texts;
    for (const auto& client : three_clients()) {
        Cell cell(1);
        cell.maker->make(client->job);
        CHECK_FALSE(client->end.error);
        CHECK(client->end.is_cut);
        texts.push_back(client->text);
    }
    return texts;
}

TEST_CASE("a text with a seed is the same alone and beside others, in any order of arrival") {
    const auto alone = texts_alone();
    std::vector<std::size_t> order = {0, 1, 2};
    do {
        CAPTURE(order);
        Cell cell(3);
        const auto clients = three_clients();
        for (const std::size_t client : order) {
            cell.maker->begin(clients[client]->job);
            cell.maker->turn();
        }
        cell.finish();
        for (std::size_t client = 0; client < alone.size(); ++client)
            CHECK(clients[client]->text == alone[client]);
        CHECK(*std::max_element(cell.passes.begin(), cell.passes.end()) == 3);
    } while (std::next_permutation(order.begin(), order.end()));
}

TEST_CASE("no more are made at a time than may be, and who ends makes room") {
    Cell cell(2);
    const auto clients = three_clients();
    cell.maker->begin(clients[0]->job);
    CHECK(cell.maker->has_room());
    cell.maker->begin(clients[1]->job);
    CHECK_FALSE(cell.maker->has_room());
    while (!cell.maker->has_room())
        cell.maker->turn();
    CHECK(clients[1]->job->is_over);
    cell.maker->begin(clients[2]->job);
    cell.finish();
    const auto alone = texts_alone();
    for (std::size_t client = 0; client < alone.size(); ++client)
        CHECK(clients[client]->text == alone[client]);
    CHECK(cell.forgotten.empty());
}

TEST_CASE("who goes ends between two passes, and the others' texts are as they were") {
    const auto alone = texts_alone();
    Cell cell(3);
    const auto clients = three_clients();
    for (const auto& client : clients)
        cell.maker->begin(client->job);
    for (int i = 0; i < 4; ++i)
        cell.maker->turn();
    clients[1]->job->is_cancelled = true;
    const std::string before = clients[1]->text;
    cell.maker->turn();
    CHECK(clients[1]->job->is_over);
    CHECK(clients[1]->text == before);
    CHECK(clients[1]->end.error);
    cell.finish();
    CHECK(clients[0]->text == alone[0]);
    CHECK(clients[2]->text == alone[2]);
}

TEST_CASE("a pass ends before its next sum once nobody waits for any of its texts") {
    Cell cell(2);
    const auto clients = three_clients();
    cell.maker->begin(clients[1]->job);
    cell.maker->begin(clients[0]->job);
    while (cell.passes.empty() || cell.passes.back() < 2)
        cell.maker->turn();
    int sums = 0;
    cell.before_sum = [&] {
        ++sums;
        clients[0]->job->is_cancelled = true;
        if (sums == 3) clients[1]->job->is_cancelled = true;
    };
    cell.maker->turn();
    CHECK(sums == 3);
    CHECK(cell.maker->is_idle());
    // What the caches hold is not known then.
    CHECK(cell.forgotten.size() == 2);
    cell.before_sum = nullptr;
    const auto again = three_clients();
    cell.maker->make(again[1]->job);
    CHECK(again[1]->end.held_tokens == 0);
    CHECK(again[1]->text == texts_alone()[1]);
}

TEST_CASE("a pass that fails ends all of its texts, and leaves nothing of them in the caches") {
    Cell cell(2);
    const auto clients = three_clients();
    cell.maker->begin(clients[1]->job);
    cell.maker->begin(clients[2]->job);
    while (cell.passes.empty() || cell.passes.back() < 2)
        cell.maker->turn();
    cell.before_sum = [] { throw std::runtime_error("no air"); };
    cell.maker->turn();
    for (const std::size_t client : {1, 2}) {
        REQUIRE(clients[client]->end.error);
        CHECK(clients[client]->end.error->status == 500);
        CHECK(clients[client]->end.error->what() == std::string("no air"));
    }
    CHECK(cell.forgotten.size() == 2);
    CHECK(cell.maker->is_idle());
}

TEST_CASE("a conversation goes on in its own cache, while others come between") {
    Cell cell(2);
    Client first("The server", 4, 1), other("A radio", 4, 1);
    cell.maker->make(first.job);
    cell.maker->make(other.job);
    Client next("The server" + first.text + " and", 4, 1);
    cell.maker->make(next.job);
    CHECK(next.end.held_tokens >= first.end.prompt_tokens);
    Cell fresh(1);
    Client whole("The server" + first.text + " and", 4, 1);
    fresh.maker->make(whole.job);
    CHECK(whole.end.held_tokens == 0);
    CHECK(next.text == whole.text);
}

/// Tokens of its cache in the end.
std::int64_t cached_tokens(const Client& client) {
    return static_cast<std::int64_t>(client.end.prompt_tokens + client.end.new_tokens) - 1;
}

TEST_CASE("where memory does not hold one more text, idle caches go first, then it waits") {
    Cell ample(3);
    const auto before = three_clients();
    for (const auto& client : before)
        ample.maker->make(client->job);
    // Of the three, the second has the shortest text: it fits beside the first, the third does not.
    REQUIRE(cached_tokens(*before[2]) > cached_tokens(*before[1]));
    Cell cell(3, "exact", cached_tokens(*before[0]) + cached_tokens(*before[1]));
    const auto clients = three_clients();
    cell.maker->make(clients[1]->job);
    cell.maker->begin(clients[0]->job);
    CHECK(cell.forgotten.empty());
    cell.maker->begin(clients[2]->job);
    CHECK(cell.forgotten.size() == 1);
    CHECK_FALSE(cell.maker->has_room());
    cell.passes.clear();
    cell.finish();
    CHECK(*std::max_element(cell.passes.begin(), cell.passes.end()) == 1);
    const auto alone = texts_alone();
    for (std::size_t client = 0; client < alone.size(); ++client)
        CHECK(clients[client]->text == alone[client]);
}

TEST_CASE("who waits for memory may go, and a text that is alone begins whatever it asks for") {
    Cell cell(2, "exact", 8);
    const auto clients = three_clients();
    cell.maker->begin(clients[0]->job);
    cell.maker->begin(clients[1]->job);
    CHECK_FALSE(cell.maker->has_room());
    clients[1]->job->is_cancelled = true;
    cell.maker->turn();
    CHECK(clients[1]->job->is_over);
    CHECK(cell.maker->has_room());
    cell.finish();
    CHECK_FALSE(clients[0]->end.error);
}

}  // namespace
}  // namespace aircomp::test
