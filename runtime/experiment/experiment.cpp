// SPDX-License-Identifier: GPL-3.0-or-later
// Experiment files: axes to points, settings to configurations.
#include "experiment/experiment.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>
#include <stdexcept>

#include "aircomp/inference/text_windows.hpp"
#include "config/registry.hpp"
#include "config/yaml_reader.hpp"
#include "experiment/measures.hpp"
#include "schemes/registry.hpp"

namespace aircomp::runtime {
namespace {

constexpr std::size_t most_points = 100000;
constexpr std::int64_t most_channels = 1000000;

/// One value of an axis: its label in the table, and what it sets, a mapping as in a configuration
/// file with `setup` beside it.
struct Case {
    std::string label;
    YAML::Node settings;
};

struct Axis {
    std::string name;
    std::vector<Case> cases;
};

/// {radio: {snr_db: value}} for "radio.snr_db".
YAML::Node nested(const std::string& key, const YAML::Node& value) {
    YAML::Node node;
    const auto dot = key.rfind('.');
    if (dot == std::string::npos) {
        node[key] = value;
        return node;
    }
    node[key.substr(dot + 1)] = value;
    return nested(key.substr(0, dot), node);
}

Axis read_axis(const YamlNode& node) {
    Axis axis;
    node.at("name").required().read(axis.name);
    std::string key;
    node.at("key").read(key);
    for (const YamlNode& value : node.at("values").elements()) {
        if (!value.yaml().IsScalar()) value.fail("a number or a word");
        axis.cases.push_back({value.yaml().Scalar(), nested(key, value.yaml())});
    }
    for (const YamlNode& one : node.at("cases").elements()) {
        Case& added = axis.cases.emplace_back();
        one.at("label").required().read(added.label);
        added.settings = one.yaml_at("set");
        if (!added.settings.IsMap()) one.fail("a mapping `set` of keys and values");
    }
    if (axis.cases.empty()) node.fail("values or cases");
    if (key.empty() && node.at("values").present()) node.fail("a key that the values are for");
    return axis;
}

/// Keeps of an axis the cases that the quick version names.
void restrict(Axis& axis, const YamlNode& labels) {
    std::vector<Case> kept;
    for (const YamlNode& wanted : labels.elements()) {
        const std::string label = wanted.yaml().Scalar();
        const auto found = std::find_if(axis.cases.begin(), axis.cases.end(),
                                        [&](const Case& one) { return one.label == label; });
        if (found == axis.cases.end()) wanted.fail("a value of the axis " + axis.name);
        kept.push_back(*found);
    }
    // Not assigned: a yaml-cpp node that is assigned to changes all that refer to it.
    axis.cases.swap(kept);
}

/// Puts `settings` over `root`, key by key. yaml-cpp's nodes are references: `root` itself changes.
void merge(YAML::Node root, const YAML::Node& settings) {
    for (const auto& entry : settings) {
        const std::string key = entry.first.Scalar();
        if (entry.second.IsMap() && root[key].IsMap()) {
            merge(root[key], entry.second);
        } else {
            root[key] = YAML::Clone(entry.second);
        }
    }
}

std::string emit(const YAML::Node& node) {
    YAML::Emitter out;
    out << node;
    return out.c_str();
}

bool is_protocol(const std::string& name) {
    const auto& all = inference::protocols();
    return std::any_of(all.begin(), all.end(), [&](const auto& row) { return row.first == name; });
}

ExperimentSetup read_setup(const YamlNode& node, const std::filesystem::path& folder) {
    ExperimentSetup setup;
    std::string text;
    node.at("devices").read(setup.devices);
    node.at("device_antennas").read(setup.device_antennas);
    node.at("dimensions").read(setup.dimensions);
    node.at("tokens").read(setup.tokens);
    node.at("position").read(setup.position);
    node.at("text").read(text);
    node.at("context_tokens").read(setup.context_tokens);
    node.at("limit_tokens").read(setup.limit_tokens);
    node.at("protocol").read(setup.protocol);
    node.at("reference").read(setup.reference);
    node.at("device_energy").read(setup.device_energy);
    node.at("layer").read(setup.layer);
    node.at("site").read(setup.site);
    node.at("channels").read(setup.channels);
    node.at("iterations").read(setup.iterations);
    if (setup.tokens < 1 || setup.channels < 1) node.fail("at least one token and channel");
    if (setup.channels > most_channels)
        node.at("channels").fail("at most " + std::to_string(most_channels));
    for (const auto& [key, value] :
         {std::pair{"position", setup.position}, std::pair{"context_tokens", setup.context_tokens},
          std::pair{"limit_tokens", setup.limit_tokens}}) {
        if (value < 0) node.at(key).fail("0 or more");
    }
    if (setup.iterations < 0) node.at("iterations").fail("0 or more");
    if (setup.site != "attention" && setup.site != "mlp") node.at("site").fail("attention or mlp");
    if (!is_protocol(setup.protocol)) node.at("protocol").fail("windows, gptq or llama.cpp");
    if (!text.empty()) setup.text = folder / text;
    return setup;
}

/// The configuration's devices in turn, as many as the setup asks for.
void apply(const ExperimentSetup& setup, Config& config, const std::string& origin) {
    if (setup.devices < 0 || setup.devices > 1024) {
        throw std::runtime_error(origin + ": setup.devices: expected from 0 to 1024, found " +
                                 std::to_string(setup.devices));
    }
    if (setup.devices > 0) repeat_devices(config, static_cast<std::size_t>(setup.devices));
    if (setup.device_antennas > 0) {
        for (auto& device : config.devices)
            device.antennas = setup.device_antennas;
    }
}

class Reader {
public:
    Reader(const std::filesystem::path& file, bool quick, ExperimentSubject subject)
        : file_(file),
          document_(file),
          root_(document_.root()),
          quick_(quick),
          subject_(std::move(subject)) {}

    Experiment read() {
        Experiment experiment;
        experiment.name = file_.stem().string();
        std::ifstream in(file_);
        experiment.file.assign(std::istreambuf_iterator<char>(in), {});
        root_.at("title").required().read(experiment.title);
        root_.at("question").required().read(experiment.question);
        read_measure(experiment.measure);
        read_axes();
        read_seeds();
        const YAML::Node base = root_.yaml_at("base"), setup = root_.yaml_at("setup");
        if (base.IsDefined()) base_ = base;
        if (setup.IsDefined()) setup_ = setup;
        for (const YamlNode& plot : root_.at("plots").elements())
            experiment.plots.push_back(read_plot(plot));
        document_.check_keys();
        for (const Axis& axis : axes_)
            experiment.axes.push_back(axis.name);
        std::vector<const Case*> chosen;
        add_points(chosen, experiment);
        return experiment;
    }

private:
    void read_measure(std::string& measure) {
        const YamlNode node = root_.at("measure");
        node.required().read(measure);
        if (node.present() && row_of(measures(), measure) == nullptr)
            node.fail("one of " + names_of(measures()), hint_of(measures(), measure));
    }

    void read_axes() {
        for (const YamlNode& axis : root_.at("axes").elements())
            axes_.push_back(read_axis(axis));
        const YamlNode quick = root_.at("quick");
        const YamlNode quick_axes = quick.at("axes");
        for (Axis& axis : axes_) {
            const YamlNode labels = quick_axes.at(axis.name);
            if (quick_ && labels.present()) restrict(axis, labels);
        }
        quick.at("seeds");
        const YAML::Node set = quick.yaml_at("set");
        if (quick_ && set.IsDefined()) quick_settings_ = set;
    }

    void read_seeds() {
        const YamlNode quick = root_.at("quick").at("seeds");
        const YamlNode node = quick_ && quick.present() ? quick : root_.at("seeds");
        root_.at("seeds").required();
        for (const YamlNode& seed : node.elements())
            seed.read(seeds_.emplace_back());
        if (seeds_.empty()) node.fail("a list of seeds");
        if (std::set<std::uint64_t>(seeds_.begin(), seeds_.end()).size() != seeds_.size())
            node.fail("seeds that differ");
    }

    /// Names that stand for themselves.
    using Choices = std::vector<std::pair<std::string, std::string>>;

    Choices axis_names() const {
        Choices names;
        for (const Axis& axis : axes_)
            names.emplace_back(axis.name, axis.name);
        return names;
    }

    Choices labels_of(const std::string& axis) const {
        Choices labels;
        for (const Axis& one : axes_) {
            if (one.name != axis) continue;
            for (const Case& label : one.cases)
                labels.emplace_back(label.label, label.label);
        }
        return labels;
    }

    std::vector<std::string> read_axis_names(const YamlNode& node) const {
        std::vector<std::string> names;
        for (const YamlNode& name : node.elements())
            name.read(names.emplace_back(), axis_names());
        return names;
    }

    /// An axis and one of its labels, both or neither.
    void read_reference(const YamlNode& axis, const YamlNode& label, std::string& axis_name,
                        std::string& reference) const {
        axis.read(axis_name, axis_names());
        if (axis_name.empty()) return;
        label.required().read(reference, labels_of(axis_name));
    }

    ExperimentPlot read_plot(const YamlNode& node) const {
        const Choices scales = {{"linear", "linear"}, {"log", "log"}};
        ExperimentPlot plot;
        node.at("title").read(plot.title);
        node.at("x").required().read(plot.x, axis_names());
        for (const YamlNode& column : node.at("y").elements())
            column.read(plot.y.emplace_back());
        plot.lines = read_axis_names(node.at("lines"));
        plot.panels = read_axis_names(node.at("panels"));
        node.at("x_scale").read(plot.x_scale, scales);
        node.at("y_scale").read(plot.y_scale, scales);
        for (const YamlNode& end : node.at("y_range").elements())
            end.read(plot.y_range.emplace_back());
        node.at("x_label").read(plot.x_label);
        node.at("y_label").read(plot.y_label);
        const YamlNode map = node.at("map");
        read_reference(map.at("choose"), map.at("reference"), plot.map.choose, plot.map.reference);
        map.at("keep").read(plot.map.keep);
        map.at("loss").read(plot.map.loss);
        const YamlNode over = node.at("over");
        read_reference(over.at("axis"), over.at("reference"), plot.over.axis, plot.over.reference);
        if (plot.y.empty()) node.fail("a list of columns y");
        const auto& range = plot.y_range;
        if (!range.empty() && !(range.size() == 2 && range[0] < range[1]))
            node.at("y_range").fail("two numbers, the lower first");
        if (!plot.map.choose.empty() && plot.lines.size() != 1) {
            node.fail("one axis of lines, which a map goes up along");
        }
        return plot;
    }

    void add_points(std::vector<const Case*>& chosen, Experiment& experiment) {
        if (chosen.size() < axes_.size()) {
            for (const Case& one : axes_[chosen.size()].cases) {
                chosen.push_back(&one);
                add_points(chosen, experiment);
                chosen.pop_back();
            }
            return;
        }
        for (const std::uint64_t seed : seeds_) {
            if (experiment.points.size() == most_points) {
                throw std::runtime_error(file_.string() + ": expected at most " +
                                         std::to_string(most_points) + " points");
            }
            experiment.points.push_back(make_point(chosen, seed, experiment.measure));
        }
    }

    ExperimentPoint make_point(const std::vector<const Case*>& chosen, std::uint64_t seed,
                               const std::string& measure) {
        ExperimentPoint point;
        YAML::Node settings(YAML::NodeType::Map);
        if (base_.IsMap()) merge(settings, base_);
        if (setup_.IsMap()) settings["setup"] = YAML::Clone(setup_);
        if (quick_settings_.IsMap()) merge(settings, quick_settings_);
        std::string place;
        for (std::size_t a = 0; a < chosen.size(); ++a) {
            point.labels.push_back(chosen[a]->label);
            place += (a == 0 ? "" : ", ") + axes_[a].name + " " + chosen[a]->label;
            merge(settings, chosen[a]->settings);
        }
        replace(settings, "model", "folder", subject_.model_folder);
        replace(settings, "setup", "text", subject_.text);
        settings["seed"] = seed;
        settings["threads"] = 1;
        const std::string origin = file_.string() + " (" + place + ")";
        require_setup(find_measure(measure), settings, origin);
        point.identity = measure + "\n" + emit(settings);
        const YAML::Node setup = YAML::Clone(settings["setup"]);
        settings.remove("setup");
        if (setup.IsMap() && setup.size() > 0) {
            YamlDocument document(emit(setup), origin + ": setup");
            point.setup = read_setup(document.root(), file_.parent_path());
            document.check_keys();
        }
        point.config = parse_config(emit(settings), origin, file_.parent_path());
        apply(point.setup, point.config, origin);
        validate(point.config, origin, check_scheme);
        return point;
    }

    static void require_setup(const Measure& measure, const YAML::Node& settings,
                              const std::string& origin) {
        const YAML::Node setup = settings["setup"];
        const auto missing =
            std::find_if(measure.needs.begin(), measure.needs.end(), [&](const std::string& key) {
                return !setup.IsDefined() || !setup.IsMap() || !setup[key].IsDefined();
            });
        if (missing == measure.needs.end()) return;
        throw std::runtime_error(origin + ": setup." + *missing +
                                 ": expected a value, which the measure " + measure.name +
                                 " needs, found none");
    }

    static void replace(YAML::Node settings, const char* section, const char* key,
                        const std::filesystem::path& path) {
        if (path.empty() || !settings[section].IsMap() || !settings[section][key]) return;
        settings[section][key] = std::filesystem::absolute(path).string();
    }

    std::filesystem::path file_;
    YamlDocument document_;
    YamlNode root_;
    bool quick_;
    ExperimentSubject subject_;
    std::vector<Axis> axes_;
    YAML::Node base_, setup_, quick_settings_;
    std::vector<std::uint64_t> seeds_;
};

}  // namespace

Experiment read_experiment(const std::filesystem::path& file, bool quick,
                           const ExperimentSubject& subject) {
    return Reader(file, quick, subject).read();
}

}  // namespace aircomp::runtime
