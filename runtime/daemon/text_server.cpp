// SPDX-License-Identifier: GPL-3.0-or-later
// Two threads:
//
//     loop:  HTTP, the endpoint, pages   -- jobs through TextQueue -->   model:  TextMaker, simulation
//                                        <-- pieces, ends, figures through Loop::post() --
#include "daemon/text_server.hpp"

#include <mutex>
#include <thread>
#include <utility>

#include "daemon/simulation_figures.hpp"
#include "serve/text_maker.hpp"

namespace aircomp::runtime::testbed {
namespace {

constexpr double patience_at_end_s = 2;

class TextServer {
public:
    TextServer(Simulation& simulation, const inference::ModelConfig& model_config,
               serve::ServedModel model, const TextServerOptions& options)
        : simulation_(simulation),
          log_(options.log),
          figures_(simulation, model_config, model.name),
          front_(loop_, options.front, "--listen",
                 serve::AnsweringModel{model.name, model.chat_template.has_value()},
                 [this] { show_at_once(); }),
          maker_(simulated(std::move(model))) {
        loop_.on_interrupt([this] { is_ending_ = true; });
        log_.info("serving",
                  {{"address", front_.url()},
                   {"scheme", simulation.config().scheme},
                   {"token", options.front.token.empty() ? "none, loopback only" : "needed"}});
        front_.tell_address(options.port_file);
    }

    void run() {
        std::thread maker([this] { answer(); });
        while (!loop_.run_until([this] { return is_ending_; }, 3600)) {
        }
        front_.close();
        maker.join();
        loop_.run_until([this] { return front_.is_empty(); }, patience_at_end_s);
        log_.info("ended", {{"tokens", simulation_.model().tokens()}});
    }

private:
    /// Until the queue is closed and its last text has ended.
    void answer() {
        serve::TextQueue& queue = front_.queue();
        while (const auto job = queue.next()) {
            maker_.begin(job);
            while (!maker_.is_idle()) {
                maker_.begin_from(queue);
                maker_.turn();
            }
        }
    }

    serve::ServedModel simulated(serve::ServedModel model) {
        model.prompt_chunk = simulation_.config().model.prefill_chunk;
        model.holds = [this](std::int64_t tokens) { return simulation_.model().holds(tokens); };
        model.forget = [this](std::size_t sequence) { simulation_.model().forget(sequence); };
        model.next_logits = [this](gsl::span<const inference::FreshTokens> fresh,
                                   const std::function<void()>& poll) {
            const std::lock_guard<std::mutex> lock(simulation_mutex_);
            simulation_.model().poll_with(poll);
            const double begin_s = control::steady_s();
            auto logits = simulation_.model().forward(fresh, simulation_.medium());
            figures_.add_busy(control::steady_s() - begin_s);
            if (front_.feed().is_watched())
                loop_.post([this, now = figures()] { front_.feed().publish(now); });
            return logits;
        };
        return model;
    }

    serve::LiveFigures figures() {
        auto figures = figures_.take();
        figures.waiting = front_.queue().waiting();
        return figures;
    }

    /// A new page need not wait for a token; while one is being made, that will bring its figures.
    void show_at_once() {
        const std::unique_lock<std::mutex> lock(simulation_mutex_, std::try_to_lock);
        if (lock) front_.feed().publish(figures());
    }

    Simulation& simulation_;
    Log log_;
    control::Loop loop_;
    std::mutex simulation_mutex_;  ///< Held through every pass.
    SimulationFigures figures_;    ///< Under that mutex.
    serve::TextFront front_;
    serve::TextMaker maker_;
    bool is_ending_ = false;
};

}  // namespace

void serve_texts(Simulation& simulation, const inference::ModelConfig& model_config,
                 serve::ServedModel model, const TextServerOptions& options) {
    TextServer(simulation, model_config, std::move(model), options).run();
}

}  // namespace aircomp::runtime::testbed
