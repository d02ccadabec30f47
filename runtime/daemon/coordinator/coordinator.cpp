// SPDX-License-Identifier: GPL-3.0-or-later
// The coordinator daemon: waits for devices, continues the prompt over them, and when one is lost
// or comes back, cuts the model anew and builds the caches again from the tokens.
//
// One thread: it runs the loop whenever it waits for somebody.
#include <algorithm>
#include <optional>
#include <stdexcept>

#include "daemon/coordinator/distributed_model.hpp"
#include "daemon/coordinator/passed_sequence.hpp"
#include "daemon/coordinator/run_figures.hpp"
#include "daemon/coordinator/token_log.hpp"
#include "daemon/log.hpp"
#include "daemon/testbed.hpp"
#include "engine/layout.hpp"
#include "engine/model_hash.hpp"
#include "files/whole_file.hpp"
#include "schemes/registry.hpp"
#include "serve/http.hpp"
#include "serve/run_status.hpp"

namespace aircomp::runtime::testbed {
namespace {

/// The testbed's own way through a run: which tokens are in the caches, and what to do when they
/// are gone.
class Run {
public:
    explicit Run(const CoordinatorOptions& options)
        : options_(options),
          config_(options.config),
          log_(options.log),
          checkpoint_(config_.model.folder),
          hash_(model_hash(checkpoint_)),
          model_(config_, checkpoint_, options.calibration, loop_, identity(), hash_, log_),
          sampler_(options.sampling) {
        loop_.on_interrupt([this] { interrupted_ = true; });
        model_.poll_with([this] { poll(); });
        if (config_.testbed.metrics_listen != "none") serve_status();
        if (options.serving) {
            serve_texts();
            return;
        }
        tokens_ = options.prompt;
        if (!options.resume.empty()) {
            token_log_.emplace(options.resume, hash_, options.prompt);
            tokens_ = token_log_->tokens();
        }
        sequence_.add(0, options.prompt);
        for (std::size_t place = options.prompt.size(); place < tokens_.size(); ++place)
            sequence_.add(place, {&tokens_[place], 1});
    }

    CoordinatorSummary run() {
        announce();
        const auto finish = [this](const std::string& reason) {
            auto ending = model_.roster().shut_down(reason);
            loop_.run_until(
                [&] {
                    return std::all_of(ending.begin(), ending.end(),
                                       [](const auto& link) { return link.expired(); });
                },
                2);
        };
        try {
            if (front_) {
                answer();
            } else {
                generate();
            }
        } catch (const inference::Interrupted&) {
            // The summary says so.
        } catch (const std::exception& error) {
            // For people, the program's last line says it.
            if (options_.log.format == LogFormat::json) {
                log_.error("run failed", {{"reason", error.what()}});
            }
            finish(error.what());
            throw;
        }
        generating_s_ = begun_s_ ? loop_.now_s() - *begun_s_ : 0;
        CoordinatorSummary whole = summary();
        log_.info("run over", {{"interrupted", whole.interrupted},
                               {"new_tokens", whole.new_tokens},
                               {"rounds", whole.rounds},
                               {"repeated_rounds", whole.repeated_rounds},
                               {"epochs", whole.epochs},
                               {"generating_s", whole.generating_s},
                               {"reduce_s", whole.reduce_s},
                               {"recovering_s", whole.recovering_s}});
        if (front_) {
            front_->close();
            loop_.run_until([this] { return front_->is_empty(); }, 2);
        }
        finish(interrupted_ ? "the coordinator was interrupted" : "the run is over");
        return whole;
    }

private:
    /// Every wait ends with what it throws.
    void poll() const {
        if (interrupted_) throw inference::Interrupted();
    }

    const control::TlsIdentity* identity() {
        if (!config_.testbed.certificates.empty()) {
            identity_.emplace(config_.testbed.certificates, control::Role::coordinator);
            return &*identity_;
        }
        for (const auto& [key, address] :
             {std::pair("testbed.listen", config_.testbed.listen),
              {"testbed.metrics_listen", config_.testbed.metrics_listen}}) {
            if (address == "none" || control::is_loopback(address, key)) continue;
            throw std::invalid_argument(
                std::string(key) +
                ": expected a loopback address where there are no certificates, found " + address);
        }
        return nullptr;
    }

    void serve_status() {
        const auto address =
            control::parse_address(config_.testbed.metrics_listen, "testbed.metrics_listen");
        control::HttpRules rules;
        rules.identity = identity_ ? &*identity_ : nullptr;
        http_.emplace(loop_, address,
                      control::HttpServer::Routes{
                          {"/metrics", control::page(metrics_content_type,
                                                     [this] { return metrics_text(status()); })},
                          {"/status", control::page("application/json",
                                                    [this] { return status_json(status()); })}},
                      rules);
        log_.info("serving metrics", {{"address", http_->url()}});
    }

    void serve_texts() {
        const serve::ServedModel& model = options_.serving->model;
        figures_.emplace(config_, model.name);
        front_.emplace(loop_, options_.serving->front, "--serve", model.name,
                       model.chat_template.has_value(), [this] { show(); });
        // Devices come and go while nobody asks for a text.
        loop_.every(1, [this] {
            if (front_->feed().is_watched()) show();
        });
        log_.info("serving", {{"address", front_->url()}});
    }

    void show() {
        auto figures = figures_->take(status(), busy_s_);
        figures.waiting = front_->queue().waiting();
        front_->feed().publish(figures);
    }

    void announce() {
        const std::string address = model_.roster().address();
        log_.info("listening", {{"address", address},
                                {"model", to_hex(hash_).substr(0, 16)},
                                {"tls", identity_ ? "1.3" : "none, loopback only"}});
        if (options_.port_file.empty()) return;
        // Whole or not at all: somebody waits for it.
        write_whole(options_.port_file, address + "\n");
    }

    void generate() {
        const auto most = static_cast<std::size_t>(options_.tokens) + options_.prompt.size();
        if (tokens_.size() >= most || is_stopped()) return;
        gather();
        begun_s_ = loop_.now_s();
        while (tokens_.size() < most && !is_stopped())
            take(sample(logits_after_all()));
    }

    /// Answers requests, one after the other, until it is interrupted.
    void answer() {
        gather();
        begun_s_ = loop_.now_s();
        serve::ServedModel model = options_.serving->model;
        model.next_logits = [this](gsl::span<const inference::Token> fresh, std::int64_t position,
                                   const std::function<void()>& poll) {
            poll();
            return logits_after(fresh, static_cast<std::size_t>(position));
        };
        serve::TextMaker maker(std::move(model));
        serve::TextQueue& queue = front_->queue();
        while (true) {
            poll();
            const auto job = queue.next_if_any();
            if (job) {
                maker.make(*job);
            } else {
                const auto is_asked = [&] {
                    poll();
                    return queue.waiting() > 0;
                };
                loop_.run_until(is_asked, 3600);
            }
        }
    }

    std::vector<float> logits_after(gsl::span<const inference::Token> fresh, std::size_t position) {
        sequence_.add(position, fresh);
        cached_ = std::min(cached_, position);
        const double begin_s = loop_.now_s();
        auto logits = logits_after_all();
        busy_s_ += loop_.now_s() - begin_s;
        ++new_tokens_;
        if (front_->feed().is_watched()) show();
        return logits;
    }

    bool is_stopped() const {
        return tokens_.size() > options_.prompt.size() && is_stop(tokens_.back());
    }

    bool is_stop(inference::Token token) const {
        const auto& stop = options_.stop_tokens;
        return std::find(stop.begin(), stop.end(), token) != stop.end();
    }

    inference::Token sample(const std::vector<float>& logits) {
        const auto vocabulary = options_.sampled_vocabulary > 0
                                    ? static_cast<std::size_t>(options_.sampled_vocabulary)
                                    : logits.size();
        return sampler_.sample(gsl::span<const float>(logits).first(vocabulary), tokens_);
    }

    void take(inference::Token token) {
        // Kept before it is shown: what was shown is never lost.
        if (token_log_) token_log_->append(token);
        sequence_.add(tokens_.size(), {&token, 1});
        tokens_.push_back(token);
        ++new_tokens_;
        log_.debug("token", {{"place", tokens_.size()}, {"token", token}});
        if (!is_stop(token) && options_.emit) options_.emit(token);
    }

    // ---- devices ----

    /// Waits until enough devices are there to begin.
    void gather() {
        const auto& testbed = config_.testbed;
        const auto wanted = testbed.min_devices > 0 ? static_cast<std::size_t>(testbed.min_devices)
                                                    : config_.devices.size();
        const auto enough = [&] {
            poll();
            return model_.roster().present().size() >= wanted;
        };
        if (loop_.run_until(enough, testbed.join_timeout_s)) return;
        throw std::runtime_error(
            "expected " + std::to_string(wanted) + " devices within join_timeout_s, " +
            std::to_string(testbed.join_timeout_s) + " s, found " +
            std::to_string(model_.roster().present().size()) + "; missing: " + missing());
    }

    std::string missing() const {
        std::string names;
        const auto present = model_.roster().present();
        for (std::size_t n = 0; n < config_.devices.size(); ++n) {
            if (std::find(present.begin(), present.end(), n) != present.end()) continue;
            names += (names.empty() ? "" : ", ") + config_.devices[n].name;
        }
        return names;
    }

    /// Cuts the model over whoever is there; waits for more where they cannot hold it.
    void assign() {
        const double deadline_s = loop_.now_s() + config_.testbed.join_timeout_s;
        bool waiting = false;
        while (true) {
            poll();
            try {
                if (model_.assign()) {
                    cached_ = 0;
                    return;
                }
                continue;
            } catch (const ModelDoesNotFit& error) {
                const double left_s = deadline_s - loop_.now_s();
                if (left_s <= 0) throw;
                if (!std::exchange(waiting, true)) {
                    log_.warning("waiting for devices", {{"reason", error.what()}});
                }
                const auto has_newcomer = [this] {
                    poll();
                    return model_.has_newcomer();
                };
                loop_.run_until(has_newcomer, left_s);
            }
        }
    }

    // ---- tokens ----

    /// Logits after the last token, whatever has to be computed again for it.
    std::vector<float> logits_after_all() {
        while (true) {
            poll();
            if (!model_.is_whole() || model_.has_newcomer()) {
                const bool is_first = model_.epoch() == 0;
                const double begin_s = loop_.now_s();
                is_recovering_ = !is_first;
                assign();
                // All but the last pass, which is for logits.
                is_recovering_ = !fill_caches();
                if (!is_first) recovering_s_ += loop_.now_s() - begin_s;
                if (is_recovering_) continue;
            }
            if (auto logits = pass(sequence_.missing(cached_).back())) return *std::move(logits);
        }
    }

    std::optional<std::vector<float>> pass(const PassedSequence::Pass& pass) {
        auto logits =
            model_.forward(pass.tokens, static_cast<std::int64_t>(pass.begin), pass.one_at_a_time);
        if (logits) cached_ = pass.end();
        return logits;
    }

    /// Builds caches up to the last pass as they were built first: a prompt in rounds of many
    /// vectors, what was made of it through the kernel for one.
    bool fill_caches() {
        auto passes = sequence_.missing(cached_);
        passes.pop_back();
        return std::all_of(passes.begin(), passes.end(),
                           [this](const auto& one) { return pass(one).has_value(); });
    }

    // ---- for who watches ----

    /// Of the run so far.
    CoordinatorSummary summary() const {
        CoordinatorSummary summary;
        summary.tokens = tokens_;
        while (summary.tokens.size() > options_.prompt.size() && is_stop(summary.tokens.back()))
            summary.tokens.pop_back();
        summary.new_tokens = new_tokens_;
        summary.interrupted = interrupted_;
        summary.rounds = model_.times().rounds;
        summary.repeated_rounds = model_.repeated_rounds();
        summary.epochs = model_.epoch();
        if (begun_s_) summary.generating_s = generating_s_.value_or(loop_.now_s() - *begun_s_);
        summary.recovering_s = recovering_s_;
        summary.reduce_s = model_.times().reduce_s;
        for (std::size_t n = 0; n < config_.devices.size(); ++n)
            summary.devices.push_back(device_summary(n));
        summary.air = model_.air();
        return summary;
    }

    DeviceSummary device_summary(std::size_t n) const {
        const Roster& roster = model_.roster();
        const DeviceRecord& record = roster.record(n);
        const inference::Slice& slice = model_.slices()[n];
        const auto& model = checkpoint_.config();
        const double share = token_flops(config_, model, slice) /
                             token_flops(config_, model, inference::whole_model(model));
        return {config_.devices[n].name,
                slice.heads.size(),
                slice.ffn_columns.size(),
                share,
                record.rounds,
                record.losses,
                record.compute_s,
                record.wait_s,
                roster.bytes_sent(n),
                roster.bytes_received(n)};
    }

    RunStatus status() const {
        RunStatus status;
        status.totals = summary();
        status.phase = generating_s_    ? "ending"
                       : !begun_s_      ? "waiting for devices"
                       : is_recovering_ ? "recovering"
                                        : "generating";
        status.prompt_tokens = options_.prompt.size();
        const Roster& roster = model_.roster();
        status.refused_connections = roster.refusals();
        for (std::size_t n = 0; n < config_.devices.size(); ++n) {
            status.devices.push_back({roster.state(n), roster.silence_s(n),
                                      roster.record(n).round_trip_s, roster.pause_s(n)});
        }
        return status;
    }

    const CoordinatorOptions& options_;
    Config config_;
    Log log_;
    inference::Checkpoint checkpoint_;
    control::Hash hash_;
    control::Loop loop_;
    std::optional<control::TlsIdentity> identity_;
    mutable DistributedModel model_;
    std::optional<TokenLog> token_log_;
    inference::Sampler sampler_;
    std::vector<inference::Token> tokens_;
    PassedSequence sequence_;  ///< Of the text at hand, in the passes that it came in.
    std::size_t cached_ = 0;   ///< Tokens whose keys and values all devices hold.
    bool interrupted_ = false;
    bool is_recovering_ = false;
    std::optional<double> begun_s_;       ///< On the loop's clock: all devices were there.
    std::optional<double> generating_s_;  ///< Once the last token is made.
    double recovering_s_ = 0;
    std::int64_t new_tokens_ = 0;
    double busy_s_ = 0;  ///< In passes, where requests are answered.
    std::optional<RunFigures> figures_;
    std::optional<serve::TextFront> front_;    // Asks for all of the above.
    std::optional<control::HttpServer> http_;  // The same.
};

void check_scheme(const CoordinatorOptions& options) {
    const Config& config = options.config;
    const Scheme& scheme = find_scheme(config.scheme);
    if (scheme.wired && !scheme.quantises) return;
    if (scheme.design.empty() || config.medium != AirMedium::radio) {
        throw std::invalid_argument("scheme: expected " + wired_scheme().name +
                                    ", which goes over the control link, or a design over the air "
                                    "with medium radio, found " +
                                    config.scheme);
    }
    if (options.calibration.size() < 2) {
        throw std::invalid_argument("calibration: expected at least 2 tokens, found " +
                                    std::to_string(options.calibration.size()));
    }
}

}  // namespace

CoordinatorSummary run_coordinator(const CoordinatorOptions& options) {
    validate(options.config, "configuration", runtime::check_scheme);
    check_scheme(options);
    if (options.prompt.empty() && !options.serving)
        throw std::invalid_argument("prompt: expected some, found none");
    return Run(options).run();
}

}  // namespace aircomp::runtime::testbed
