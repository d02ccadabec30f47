// SPDX-License-Identifier: GPL-3.0-or-later
// What belongs to one run of a flowgraph: a block that is started again, after stop() or by
// unlock(), begins anew, at round 0 and sample 0, as the blocks around it do.
#pragma once

#include <gnuradio/block.h>
#include <pmt/pmt.h>

#include <string>
#include <utility>
#include <vector>

namespace gr {
namespace aircomp {

/// Between a block's interface and its implementation. GNU Radio empties the buffers between blocks
/// before a run, after stop() and in unlock() alike, so that streams lose what was on its way, each
/// another number of samples: begin_anew() is called, and messages that waited at the block's
/// inputs are dropped. The first start drops nothing.
template <typename Interface>
class restartable : public Interface {
public:
    /// GNU Radio asks before each run, when no thread of the one before is left and no block of the
    /// next has started: what waits now came from the run before.
    bool check_topology(int inputs, int outputs) override {
        left_.clear();
        const pmt::pmt_t ports = this->message_ports_in();
        for (std::size_t i = 0; i < pmt::length(ports); ++i) {
            const pmt::pmt_t port = pmt::vector_ref(ports, i);
            if (!outlasts_runs(pmt::symbol_to_string(port)))
                left_.emplace_back(port, this->nmsgs(port));
        }
        return Interface::check_topology(inputs, outputs);
    }

    bool start() override {
        if (std::exchange(ran_, true)) {
            for (const auto& [port, count] : left_) {
                for (std::size_t i = 0; i < count; ++i)
                    this->delete_head_nowait(port);
            }
            begin_anew();
        }
        return Interface::start();
    }

protected:
    /// Forgets the run before.
    virtual void begin_anew() = 0;

private:
    /// Settings hold until there are others. What waits at GNU Radio's own port, "system", does not:
    /// that a block of the run before has ended would end this one.
    static bool outlasts_runs(const std::string& port) {
        return port == "settings" || port == "start";
    }

    bool ran_ = false;
    std::vector<std::pair<pmt::pmt_t, std::size_t>> left_;
};

}  // namespace aircomp
}  // namespace gr
