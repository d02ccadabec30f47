// SPDX-License-Identifier: GPL-3.0-or-later
// aircomp demo --testbed: a laboratory of processes, each with a virtual radio in one emulated air.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <thread>

#include "aircomp/inference/whole_file.hpp"
#include "demo.hpp"
#include "experiment/open_model.hpp"
#include "files/places.hpp"
#include "process.hpp"

namespace aircomp::app {
namespace {

/// Gone with the object.
class TemporaryFolder {
public:
    TemporaryFolder() {
        std::string name = std::filesystem::temp_directory_path() / "aircomp-demo-XXXXXX";
        if (mkdtemp(name.data()) == nullptr)
            throw std::runtime_error(name + ": the folder cannot be made");
        path_ = name;
    }
    ~TemporaryFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    std::filesystem::path operator/(const char* name) const { return path_ / name; }

private:
    std::filesystem::path path_;
};

void replace_all(std::string& text, const std::string& from, const std::string& to) {
    for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
        text.replace(at, from.size(), to);
}

/// The laboratory of configs/, at a socket of its own so that several can run at once.
void write_laboratory(const std::filesystem::path& file, const std::string& air) {
    const auto& data = runtime::data_folder();
    std::string text = runtime::read_text(data / "configs/laboratory-virtual.yaml");
    replace_all(text, "air=out/air.socket", "air=" + air);
    replace_all(text, "folder: ../", "folder: " + data.string() + "/");
    inference::write_whole(file, text);
}

/// Waits until `file` is there; throws where the process ends before.
void await(const std::filesystem::path& file, Process& process, const std::string& complaint) {
    while (!std::filesystem::exists(file)) {
        if (!process.running()) throw std::runtime_error(complaint);
        end_where_interrupted();
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
}

std::string first_line(const std::filesystem::path& file) {
    std::ifstream stream(file);
    std::string line;
    std::getline(stream, line);
    return line;
}

/// Four devices, each with its own radio and its own log.
class Devices {
public:
    Devices(const DemoOptions& options, const std::string& model, const std::string& laboratory,
            const std::string& coordinator) {
        for (const std::string name : {"device-1", "device-2", "device-3", "device-4"}) {
            devices_.push_back(std::make_unique<Process>(
                std::vector<std::string>{own_program(), "device", "--coordinator", coordinator,
                                         "--name", name, "--model", model, "--radio", laboratory,
                                         "--threads", "1", "--once"},
                options.out + "/" + name + ".log"));
        }
    }

    pid_t second() const { return devices_.at(1)->id(); }

private:
    std::vector<std::unique_ptr<Process>> devices_;
};

/// What the coordinator is to do: one text, or those that are asked for on its page.
std::vector<std::string> task_of(const DemoOptions& options, const std::string& page_file) {
    if (options.page) return {"--serve", "127.0.0.1:0", "--page-file", page_file};
    std::vector<std::string> words = {
        "--prompt", options.prompt.empty() ? "When a message arrives, the" : options.prompt,
        "--tokens", std::to_string(options.tokens > 0 ? options.tokens : 24)};
    for (const std::string& word : demo_sampling())
        words.push_back(word);
    return words;
}

std::string model_of(const DemoOptions& options) {
    const std::string small = runtime::data_folder() / "inference/models/demo";
    if (options.page) return demo_model(options, small);  // Something to chat with.
    return options.model.empty() ? small : options.model;
}

/// Ctrl-C is how it ends.
int wait_for_interrupt(Process& coordinator) {
    try {
        return coordinator.wait();
    } catch (const CLI::RuntimeError&) {
        coordinator.end();  // Before the devices: it tells them.
        return 0;
    }
}

}  // namespace

int run_testbed_demo(const DemoOptions& options) {
    const auto& data = runtime::data_folder();
    const std::string program = own_program();
    const std::string air_program = own_program().replace_filename("aircomp-air");
    if (!std::filesystem::exists(air_program))
        throw std::runtime_error(air_program + ": is missing: this program was built without UHD");
    const std::string model = model_of(options);
    const TemporaryFolder folder;
    const std::string laboratory = folder / "lab.yaml", socket = folder / "air";
    write_laboratory(laboratory, socket);
    runtime::offer_virtual_radios();

    say("a coordinator and four devices, each a process with a virtual radio; every sum over the "
        "emulated air:");
    Process air(
        {air_program, data / "configs/virtual-air.yaml", "--clock", "event", "--socket", socket},
        options.out + "/air.log");
    await(socket, air, "aircomp-air did not start; " + options.out + "/air.log says why");

    const std::string address = folder / "address", page = folder / "page";
    std::vector<std::string> words = {program,
                                      "coordinator",
                                      laboratory,
                                      "--listen",
                                      "127.0.0.1:0",
                                      "--port-file",
                                      address,
                                      "--model",
                                      model,
                                      "--json",
                                      options.out + "/testbed.json"};
    for (const std::string& word : task_of(options, page))
        words.push_back(word);
    Process coordinator(words);
    await(address, coordinator, "the coordinator did not start; its line above says why");
    const Devices devices(options, model, laboratory, first_line(address));
    if (options.page) {
        say("the page is at http://" + first_line(page) + "/ , with a chat; Ctrl-C ends it");
        say("device-2 is process " + std::to_string(devices.second()) +
            "; after kill -9, the page shows how its share moves to the others");
    }
    const int code = options.page ? wait_for_interrupt(coordinator) : coordinator.wait();
    say(code == 0 ? "the numbers are in " + options.out +
                        "/testbed.json, what the others said in " + options.out + "/*.log"
                  : "the coordinator could not go on; its lines above say why, and " + options.out +
                        "/*.log");
    return code;
}

}  // namespace aircomp::app
