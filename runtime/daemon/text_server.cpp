// SPDX-License-Identifier: GPL-3.0-or-later
// Two threads:
//
//     loop:  HTTP, the endpoint, pages   -- jobs through TextQueue -->   model:  TextMaker, simulation
//                                        <-- pieces, ends, figures through Loop::post() --
#include "daemon/text_server.hpp"

#include <mutex>
#include <stdexcept>
#include <thread>
#include <utility>

#include "daemon/simulation_figures.hpp"
#include "files/whole_file.hpp"
#include "serve/live_feed.hpp"
#include "serve/page_files.hpp"
#include "serve/text_api.hpp"

namespace aircomp::runtime::testbed {
namespace {

constexpr int most_clients = 64;
constexpr double patience_at_end_s = 2;

class TextServer {
public:
    TextServer(Simulation& simulation, const inference::ModelConfig& model_config,
               serve::ServedModel model, const TextServerOptions& options)
        : simulation_(simulation),
          log_(options.log),
          queue_(options.most_waiting),
          api_(loop_, queue_, model.name, model.chat_template.has_value()),
          figures_(simulation, model_config, model.name),
          feed_([this] { show_at_once(); }),
          http_(loop_, control::parse_address(options.listen, "--listen"), routes(),
                rules(options.token)),
          maker_(with_logits(std::move(model))) {
        loop_.on_interrupt([this] { is_ending_ = true; });
        log_.info("serving", {{"address", http_.url()},
                              {"scheme", simulation.config().scheme},
                              {"token", options.token.empty() ? "none, loopback only" : "needed"}});
        if (options.port_file.empty()) return;
        // Whole or not at all: somebody waits for it.
        const std::string url = http_.url();
        write_whole(options.port_file, url.substr(url.find("//") + 2) + "\n");
    }

    void run() {
        std::thread maker([this] {
            while (const auto job = queue_.next())
                maker_.make(*job);
        });
        while (!loop_.run_until([this] { return is_ending_; }, 3600)) {
        }
        http_.close();
        queue_.close();
        feed_.close();
        maker.join();
        loop_.run_until([this] { return http_.clients() == 0; }, patience_at_end_s);
        log_.info("ended", {{"tokens", simulation_.model().tokens()}});
    }

private:
    control::HttpServer::Routes routes() {
        auto routes = serve::page_routes();
        routes.merge(api_.routes());
        routes.emplace("/live", feed_.route());
        return routes;
    }

    static control::HttpRules rules(const std::string& token) {
        control::HttpRules rules;
        rules.access = control::HttpAccess{token};
        rules.most_clients = most_clients;
        rules.refuse = serve::refuse;
        return rules;
    }

    serve::ServedModel with_logits(serve::ServedModel model) {
        model.next_logits = [this, next = simulation_.next_logits()](
                                gsl::span<const inference::Token> fresh, std::int64_t position,
                                const std::function<bool()>& interrupted) {
            const std::lock_guard<std::mutex> lock(simulation_mutex_);
            simulation_.model().interrupt_on(interrupted);
            const double begin_s = control::steady_s();
            auto logits = next(fresh, position);
            figures_.add_busy(control::steady_s() - begin_s);
            if (feed_.is_watched()) loop_.post([this, now = figures()] { feed_.publish(now); });
            return logits;
        };
        return model;
    }

    serve::LiveFigures figures() {
        auto figures = figures_.take();
        figures.waiting = queue_.waiting();
        return figures;
    }

    /// A new page need not wait for a token; while one is being made, that will bring its figures.
    void show_at_once() {
        const std::unique_lock<std::mutex> lock(simulation_mutex_, std::try_to_lock);
        if (lock) feed_.publish(figures());
    }

    Simulation& simulation_;
    Log log_;
    control::Loop loop_;
    serve::TextQueue queue_;
    serve::TextApi api_;
    std::mutex simulation_mutex_;  ///< Held through every pass.
    SimulationFigures figures_;    ///< Under that mutex.
    serve::LiveFeed feed_;
    control::HttpServer http_;
    serve::TextMaker maker_;
    bool is_ending_ = false;
};

}  // namespace

void serve_texts(Simulation& simulation, const inference::ModelConfig& model_config,
                 serve::ServedModel model, const TextServerOptions& options) {
    if (options.token.empty() && !control::is_loopback(options.listen, "--listen")) {
        throw std::invalid_argument(
            "--listen: expected a loopback address where there is no --token-file, found " +
            options.listen);
    }
    TextServer(simulation, model_config, std::move(model), options).run();
}

}  // namespace aircomp::runtime::testbed
