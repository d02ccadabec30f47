// SPDX-License-Identifier: GPL-3.0-or-later
// The coordinator daemon: waits for devices, continues the prompt over them, and when one is lost
// or comes back, cuts the model anew and builds the caches again from the tokens.
//
// One thread: it runs the loop whenever it waits for somebody.
#include <algorithm>
#include <optional>
#include <stdexcept>

#include "aircomp/inference/whole_file.hpp"
#include "daemon/coordinator/distributed_model.hpp"
#include "daemon/coordinator/passed_sequence.hpp"
#include "daemon/coordinator/preconditions.hpp"
#include "daemon/coordinator/run_page.hpp"
#include "daemon/coordinator/token_log.hpp"
#include "daemon/log.hpp"
#include "daemon/testbed.hpp"
#include "engine/layout.hpp"
#include "engine/model_hash.hpp"
#include "serve/http.hpp"
#include "serve/run_status.hpp"
#include "serve/text_maker.hpp"

namespace aircomp::runtime::testbed {
namespace {

/// Of a text on the page.
constexpr std::size_t most_shown_tokens = 400;

/// One text on its way: its tokens in the passes that they came in, and how many of them have their keys
/// and values at all devices.
struct Conversation {
    PassedSequence sequence;
    std::size_t cached = 0;
};

std::size_t conversations_of(const CoordinatorOptions& options) {
    return options.served ? options.served->conversations : 1;
}

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
          model_(config_, checkpoint_, options.calibration, conversations_of(options), loop_,
                 identity(), hash_, log_),
          conversations_(conversations_of(options)),
          sampler_(options.sampling) {
        loop_.on_interrupt([this] { interrupted_ = true; });
        model_.poll_with([this] { poll(); });
        if (config_.testbed.metrics_listen != "none") serve_status();
        if (options.page) {
            page_.emplace(loop_, config_, *options.page, options.served, log_,
                          [this] { return page_state(); });
            model_.watch_while([this] { return page_->is_watched(); });
        }
        if (options.served) return;
        tokens_ = options.prompt;
        if (!options.resume.empty()) {
            token_log_.emplace(options.resume, hash_, options.prompt,
                               checkpoint_.config().vocabulary_size);
            tokens_ = token_log_->tokens();
        }
        PassedSequence& sequence = conversations_[0].sequence;
        sequence.add(0, options.prompt);
        for (std::size_t place = options.prompt.size(); place < tokens_.size(); ++place)
            sequence.add(place, {&tokens_[place], 1});
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
            if (options_.served) {
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
        if (page_) {
            page_->close();
            loop_.run_until([this] { return page_->is_empty(); }, 2);
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
        require_loopback(config_.testbed);
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

    RunPage::State page_state() const {
        RunPage::State state{status(), model_.view(), busy_s_, ""};
        // Both times are of whole passes: a page is told in the midst of one.
        state.status.totals.reduce_s = passed_reduce_s_;
        if (options_.served) return state;
        const auto tokens = gsl::span<const inference::Token>(tokens_);
        const auto shown = tokens.last(std::min(tokens.size(), most_shown_tokens));
        state.text = options_.tokenizer->decode_text(shown);
        return state;
    }

    void announce() {
        const std::string address = model_.roster().address();
        log_.info("listening", {{"address", address},
                                {"model", to_hex(hash_).substr(0, 16)},
                                {"tls", identity_ ? "1.3" : "none, loopback only"}});
        if (options_.port_file.empty()) return;
        // Whole or not at all: somebody waits for it.
        inference::write_whole(options_.port_file, address + "\n");
    }

    void generate() {
        const auto most = static_cast<std::size_t>(options_.tokens) + options_.prompt.size();
        if (tokens_.size() >= most || is_stopped()) return;
        gather();
        begun_s_ = loop_.now_s();
        while (tokens_.size() < most && !is_stopped())
            take(sample(timed_logits(0)));
    }

    /// Answers requests, a token of each in turn, until it is interrupted.
    void answer() {
        gather();
        begun_s_ = loop_.now_s();
        serve::ServedModel model = *options_.served;
        model.next_logits = [this](gsl::span<const inference::FreshTokens> fresh,
                                   const std::function<void()>& poll) {
            poll();
            std::vector<std::vector<float>> logits;
            for (const inference::FreshTokens& next : fresh)
                logits.push_back(logits_after(next));
            return logits;
        };
        serve::TextMaker maker(std::move(model));
        serve::TextQueue& queue = page_->queue();
        while (!interrupted_) {
            maker.begin_from(queue);
            if (maker.is_idle()) {
                loop_.run_until([&] { return interrupted_ || queue.waiting() > 0; }, 3600);
            } else {
                maker.turn();
            }
        }
        queue.close();
        maker.turn();  // Ends what is left.
    }

    std::vector<float> logits_after(const inference::FreshTokens& fresh) {
        Conversation& conversation = conversations_.at(fresh.sequence);
        const auto position = static_cast<std::size_t>(fresh.position);
        conversation.sequence.add(position, fresh.tokens);
        conversation.cached = std::min(conversation.cached, position);
        auto logits = timed_logits(fresh.sequence);
        ++new_tokens_;
        return logits;
    }

    std::vector<float> timed_logits(std::size_t conversation) {
        const double begin_s = loop_.now_s();
        auto logits = logits_after_all(conversation);
        busy_s_ += loop_.now_s() - begin_s;
        passed_reduce_s_ = model_.times().reduce_s;
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
        conversations_[0].sequence.add(tokens_.size(), {&token, 1});
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
                    for (Conversation& conversation : conversations_)
                        conversation.cached = 0;
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
    std::vector<float> logits_after_all(std::size_t conversation) {
        while (true) {
            poll();
            const bool has_to_assign = !model_.is_whole() || model_.has_newcomer();
            if (has_to_assign || missing_passes(conversation).size() > 1) {
                const bool is_first = model_.epoch() == 0;
                const double begin_s = loop_.now_s();
                is_recovering_ = !is_first;
                if (has_to_assign) assign();
                // All but the last pass, which is for logits.
                is_recovering_ = !fill_caches(conversation);
                if (!is_first) recovering_s_ += loop_.now_s() - begin_s;
                if (is_recovering_) continue;
            }
            if (auto logits = pass(conversation, missing_passes(conversation).back()))
                return *std::move(logits);
        }
    }

    std::vector<PassedSequence::Pass> missing_passes(std::size_t conversation) const {
        const Conversation& one = conversations_.at(conversation);
        return one.sequence.missing(one.cached);
    }

    std::optional<std::vector<float>> pass(std::size_t conversation,
                                           const PassedSequence::Pass& pass) {
        auto logits = model_.forward(pass.tokens, static_cast<std::int64_t>(pass.begin),
                                     {conversation, pass.one_at_a_time});
        if (logits) conversations_.at(conversation).cached = pass.end();
        return logits;
    }

    /// Builds caches up to the last pass as they were built first: a prompt in rounds of many
    /// vectors, what was made of it through the kernel for one. Those of other conversations wait for
    /// their next tokens.
    bool fill_caches(std::size_t conversation) {
        auto passes = missing_passes(conversation);
        passes.pop_back();
        return std::all_of(passes.begin(), passes.end(),
                           [&](const auto& one) { return pass(conversation, one).has_value(); });
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
    std::vector<Conversation> conversations_;  ///< One, unless requests are answered.
    std::optional<TokenLog> token_log_;
    inference::Sampler sampler_;
    std::vector<inference::Token> tokens_;
    bool interrupted_ = false;
    bool is_recovering_ = false;
    std::optional<double> begun_s_;       ///< On the loop's clock: all devices were there.
    std::optional<double> generating_s_;  ///< Once the last token is made.
    double recovering_s_ = 0;
    std::int64_t new_tokens_ = 0;
    double busy_s_ = 0;                        ///< In passes.
    double passed_reduce_s_ = 0;               ///< Of them, in all-reduces.
    std::optional<RunPage> page_;              // Asks for all of the above.
    std::optional<control::HttpServer> http_;  // The same.
};

}  // namespace

CoordinatorSummary run_coordinator(const CoordinatorOptions& options) {
    check_options(options);
    return Run(options).run();
}

}  // namespace aircomp::runtime::testbed
