// SPDX-License-Identifier: GPL-3.0-or-later
// aircomp demo --testbed: a laboratory of processes, each with a virtual radio in one emulated air.
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <thread>

#include "demo.hpp"
#include "experiment/open_model.hpp"
#include "files/places.hpp"
#include "files/whole_file.hpp"
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
    runtime::write_whole(file, text);
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

}  // namespace

int run_testbed_demo(const DemoOptions& options) {
    const auto& data = runtime::data_folder();
    const std::string program = own_program();
    const std::string air_program = own_program().replace_filename("aircomp-air");
    if (!std::filesystem::exists(air_program))
        throw std::runtime_error(air_program + ": is missing: this program was built without UHD");
    const std::string model =
        options.model.empty() ? (data / "inference/models/demo").string() : options.model;
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

    const std::string address = folder / "address";
    std::vector<std::string> words = {
        program,
        "coordinator",
        laboratory,
        "--listen",
        "127.0.0.1:0",
        "--port-file",
        address,
        "--model",
        model,
        "--prompt",
        options.prompt.empty() ? "When a message arrives, the" : options.prompt,
        "--tokens",
        std::to_string(options.tokens > 0 ? options.tokens : 24),
        "--json",
        options.out + "/testbed.json"};
    for (const std::string& word : demo_sampling())
        words.push_back(word);
    Process coordinator(words);
    await(address, coordinator, "the coordinator did not start; its line above says why");

    std::vector<std::unique_ptr<Process>> devices;
    for (const std::string device : {"device-1", "device-2", "device-3", "device-4"}) {
        devices.push_back(std::make_unique<Process>(
            std::vector<std::string>{program, "device", "--coordinator", first_line(address),
                                     "--name", device, "--model", model, "--radio", laboratory,
                                     "--threads", "1", "--once"},
            options.out + "/" + device + ".log"));
    }
    const int code = coordinator.wait();
    say(code == 0 ? "the numbers are in " + options.out +
                        "/testbed.json, what the others said in " + options.out + "/*.log"
                  : "the coordinator could not go on; its lines above say why, and " + options.out +
                        "/*.log");
    return code;
}

}  // namespace aircomp::app
