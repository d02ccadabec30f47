// SPDX-License-Identifier: GPL-3.0-or-later
// One rendering of a template: names, what it has made, and how much it may still do.
#pragma once

#include <cstddef>
#include <cstdint>
#include <ctime>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "text/jinja/value.hpp"

namespace aircomp::inference::jinja {

struct Arguments {
    std::vector<Value> positional;
    std::vector<std::pair<std::string, Value>> named;
};

/// What is neither data nor text: macros, methods, functions, namespaces, `loop`.
class Object {
public:
    Object() = default;
    Object(const Object&) = delete;
    Object& operator=(const Object&) = delete;
    virtual ~Object() = default;

    virtual bool is_callable() const { return false; }
    virtual Value call(Run& run, const Arguments& arguments);
    virtual Value attribute(Run& run, const std::string& name);
};

/// What `namespace()` makes: the one thing that can be changed, also from within a loop.
class Namespace final : public Object {
public:
    explicit Namespace(Dict members) : members_(std::move(members)) {}

    Value attribute(Run& run, const std::string& name) override;
    void set(const std::string& name, Value value);

private:
    Dict members_;
};

/// Names of a block, in front of those around it.
class Scope {
public:
    explicit Scope(const Scope* parent) : parent_(parent) {}

    const Value* find(const std::string& name) const;
    void set(const std::string& name, Value value);

private:
    const Scope* parent_;
    std::vector<std::pair<std::string, Value>> names_;
};

/// Templates come with models, so they are not trusted: work, text and depth have bounds.
class Run {
public:
    /// `source` names the template in errors; `now` is what strftime_now() tells.
    Run(const std::string& source, std::time_t now) : source_(source), now_(now) {}

    /// Throws std::runtime_error `SOURCE: line N: what`.
    [[noreturn]] void fail(const std::string& what) const;

    /// Pays for evaluating; for a text of so many bytes that is made or walked through; for a list
    /// of so many items. All throw as fail() does where it is too much.
    void spend(std::size_t steps);
    void spend_text(std::size_t bytes);
    void spend_items(std::size_t items);

    Scope& new_scope(const Scope* parent);
    /// Keeps an object for as long as the run.
    Object& keep(std::unique_ptr<Object> object);

    std::time_t now() const { return now_; }

    int line = 1;  ///< Of the template, where the run is.

    /// How deep evaluation is in itself; one stands for each level.
    class Level {
    public:
        explicit Level(Run& run);
        ~Level() { --run_.depth_; }
        Level(const Level&) = delete;
        Level& operator=(const Level&) = delete;

    private:
        Run& run_;
    };

private:
    const std::string& source_;
    std::time_t now_;
    std::size_t spent_ = 0;
    int depth_ = 0;
    std::deque<Scope> scopes_;
    std::vector<std::unique_ptr<Object>> objects_;
};

}  // namespace aircomp::inference::jinja
