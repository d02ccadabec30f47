// SPDX-License-Identifier: GPL-3.0-or-later
// Between HTTP and the queue.
#include "serve/text_api.hpp"

#include <ctime>
#include <nlohmann/json.hpp>
#include <utility>

#include "serve/text_answer.hpp"

namespace aircomp::runtime::serve {
namespace {

constexpr std::size_t most_body_bytes = 1024 * 1024;

/// The way back of one job. In the loop's thread.
class Way {
public:
    Way(std::weak_ptr<control::HttpReply> reply, bool streams, TextAnswer answer)
        : reply_(std::move(reply)), streams_(streams), answer_(std::move(answer)) {}

    void emit(const TextPiece& piece) {
        if (!streams_) return answer_.add(piece);
        if (const auto reply = reply_.lock()) {
            begin(*reply);
            reply->write(answer_.chunk(piece));
        }
    }

    void end(const TextEnd& end) {
        const auto reply = reply_.lock();
        if (!reply) return;
        // Until the first piece, an error has a status of its own.
        if (end.error && !has_begun_) return reply->send(error_answer(*end.error));
        if (!streams_) return reply->send({200, "application/json", answer_.whole(end), {}});
        begin(*reply);
        reply->write(answer_.closing(end));
        reply->end();
    }

private:
    void begin(control::HttpReply& reply) {
        if (std::exchange(has_begun_, true)) return;
        reply.begin("text/event-stream");
        reply.write(answer_.opening());
    }

    std::weak_ptr<control::HttpReply> reply_;
    bool streams_;
    bool has_begun_ = false;
    TextAnswer answer_;
};

}  // namespace

TextApi::TextApi(control::Loop& loop, TextQueue& queue, std::string model, bool can_chat)
    : loop_(loop),
      queue_(queue),
      model_(std::move(model)),
      can_chat_(can_chat),
      begun_s_(std::time(nullptr)) {}

control::HttpServer::Routes TextApi::routes() {
    return {{"/v1/models", control::page("application/json", [this] { return models(); })},
            {"/v1/completions", posting(read_completion_request)},
            {"/v1/chat/completions", posting(read_chat_request)}};
}

std::string TextApi::models() const {
    const nlohmann::ordered_json json = {{"object", "list"},
                                         {"data",
                                          {{{"id", model_},
                                            {"object", "model"},
                                            {"created", begun_s_},
                                            {"owned_by", "aircomp"},
                                            {"chat", can_chat_}}}}};
    return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

control::HttpRoute TextApi::posting(TextRequest (*read)(const std::string& body)) {
    control::HttpRoute route;
    route.method = "POST";
    route.most_body_bytes = most_body_bytes;
    route.body_type = "application/json";
    route.handle = [this, read](const std::string& body, const Reply& reply) {
        try {
            take(read(body), reply);
        } catch (const ApiError& error) {
            reply->send(error_answer(error));
        }
    };
    return route;
}

void TextApi::take(TextRequest request, const Reply& reply) {
    if (request.model != model_) {
        throw ApiError(404,
                       "request: model: expected '" + model_ + "', found '" + request.model + "'",
                       "model", "model_not_found");
    }
    const auto way = std::make_shared<Way>(
        reply, request.stream, TextAnswer(request, model_, ++answers_, std::time(nullptr)));
    const auto job = std::make_shared<TextJob>();
    job->request = std::move(request);
    job->emit = [this, way](TextPiece piece) {
        loop_.post([way, piece = std::move(piece)] { way->emit(piece); });
    };
    job->end = [this, way](TextEnd end) {
        loop_.post([way, end = std::move(end)] { way->end(end); });
    };
    queue_.push(job);
    reply->on_gone([this, job] { queue_.cancel(job); });
}

control::HttpAnswer refuse(unsigned status, const std::string& reason) {
    return error_answer(ApiError(status, reason));
}

}  // namespace aircomp::runtime::serve
