// SPDX-License-Identifier: GPL-3.0-or-later
// What the blocks' tests in C++ share: messages by their entries, and flowgraphs that run until
// something has come out.
#pragma once

#include <gnuradio/blocks/message_debug.h>
#include <gnuradio/blocks/vector_sink.h>
#include <gnuradio/blocks/vector_source.h>
#include <gnuradio/top_block.h>
#include <pmt/pmt.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "gnuradio/aircomp/phy/burst_format.hpp"
#include "support/catch.hpp"

namespace gr {
namespace aircomp {
namespace qa {

using phy::Sample;
using Samples = std::vector<Sample>;

inline pmt::pmt_t dictionary(const std::vector<std::pair<const char*, pmt::pmt_t>>& entries) {
    pmt::pmt_t out = pmt::make_dict();
    for (const auto& [key, value] : entries)
        out = pmt::dict_add(out, pmt::mp(key), value);
    return out;
}

inline pmt::pmt_t number(uint64_t value) {
    return pmt::from_uint64(value);
}

inline pmt::pmt_t pdu(const pmt::pmt_t& metadata, const Samples& samples) {
    return pmt::cons(metadata, pmt::init_c32vector(samples.size(), samples));
}

inline pmt::pmt_t pdu(const pmt::pmt_t& metadata, const std::vector<float>& values) {
    return pmt::cons(metadata, pmt::init_f32vector(values.size(), values));
}

/// The entry of a dictionary, or of a PDU's metadata.
inline pmt::pmt_t entry(const pmt::pmt_t& message, const char* key) {
    const pmt::pmt_t metadata = pmt::is_dict(message) ? message : pmt::car(message);
    return pmt::dict_ref(metadata, pmt::mp(key), pmt::PMT_NIL);
}

inline double real(const pmt::pmt_t& message, const char* key) {
    return pmt::to_double(entry(message, key));
}

inline Samples samples_of(const pmt::pmt_t& pdu) {
    return pmt::c32vector_elements(pmt::cdr(pdu));
}

/// A flowgraph around one block.
class Bench {
public:
    explicit Bench(gr::basic_block_sptr block)
        : top_(gr::make_top_block("qa")), block_(std::move(block)) {}

    gr::top_block& top() { return *top_; }
    /// The block's input for a message, before or while the flowgraph runs.
    void post(const char* port, const pmt::pmt_t& message) {
        block_->_post(pmt::mp(port), message);
    }
    /// Keeps what the block publishes at `port`.
    gr::blocks::message_debug::sptr keep(const char* port) {
        auto kept = gr::blocks::message_debug::make();
        top_->msg_connect(block_, port, kept, "store");
        kept_.push_back(kept);
        return kept;
    }
    gr::blocks::vector_sink_c::sptr sink(int output = 0) {
        auto sink = gr::blocks::vector_sink_c::make();
        top_->connect(block_, output, sink, 0);
        return sink;
    }
    gr::blocks::vector_source_c::sptr source(const Samples& samples, int input = 0) {
        auto source = gr::blocks::vector_source_c::make(samples);
        top_->connect(source, 0, block_, input);
        return source;
    }

    /// Runs until done() holds: messages have no end that a flowgraph could see. All that the block
    /// had published by then is kept when this returns.
    template <typename Done>
    void run_until(Done done) {
        top_->start();
        wait_until(done);
    }

    /// The same of a flowgraph that has been started; ends it.
    template <typename Done>
    void wait_until(Done done) {
        constexpr auto patience = std::chrono::seconds(60);
        const auto deadline = std::chrono::steady_clock::now() + patience;
        while (!(done() && nothing_waits()) && std::chrono::steady_clock::now() < deadline)
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        top_->stop();
        top_->wait();
        REQUIRE(done());
    }

private:
    /// Each keeper has a thread of its own: done() may hold by what one of them has while a message
    /// to another is still in its queue.
    bool nothing_waits() const {
        return std::all_of(kept_.begin(), kept_.end(),
                           [](const auto& kept) { return kept->nmsgs(pmt::mp("store")) == 0; });
    }

    gr::top_block_sptr top_;
    gr::basic_block_sptr block_;
    std::vector<gr::blocks::message_debug::sptr> kept_;
};

}  // namespace qa
}  // namespace aircomp
}  // namespace gr
