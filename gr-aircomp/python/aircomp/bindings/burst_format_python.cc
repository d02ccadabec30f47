// SPDX-License-Identifier: GPL-3.0-or-later
// Python binding of the burst format, a plain struct of the kernels.
/***********************************************************************************/
/* BINDTOOL_GEN_AUTOMATIC(0)                                                       */
/* BINDTOOL_USE_PYGCCXML(0)                                                        */
/* BINDTOOL_HEADER_FILE(None)                                                      */
/* BINDTOOL_HEADER_FILE_HASH(0)                                                    */
/***********************************************************************************/

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <string>
#include <vector>

namespace py = pybind11;

#include <gnuradio/aircomp/phy/burst_format.hpp>
#include <gnuradio/aircomp/phy/multicast.hpp>

#include "multicast_settings.h"

namespace {

using gr::aircomp::phy::BurstFormat;

BurstFormat make_burst_format(std::vector<std::uint16_t> device_antennas, std::uint16_t fft_size,
                              std::uint16_t guard_low, std::uint16_t guard_high,
                              std::uint16_t prefix, std::uint16_t pilots,
                              std::uint16_t resource_block, std::uint16_t sounding_symbols,
                              bool data_preamble, bool dc_null, std::uint16_t sync_period,
                              std::uint16_t sync_periods, std::uint16_t ramp) {
    BurstFormat format;
    format.device_antennas = std::move(device_antennas);
    format.fft_size = fft_size;
    format.guard_low = guard_low;
    format.guard_high = guard_high;
    format.prefix = prefix;
    format.pilots = pilots;
    format.resource_block = resource_block;
    format.sounding_symbols = sounding_symbols;
    format.data_preamble = data_preamble ? 1 : 0;
    format.dc_null = dc_null ? 1 : 0;
    format.sync_period = sync_period;
    format.sync_periods = sync_periods;
    format.ramp = ramp;
    validate(format);
    return format;
}

BurstFormat parse_bytes(const std::vector<std::uint8_t>& bytes) {
    return gr::aircomp::phy::parse_burst_format(bytes);
}

py::bytes bytes_of(const BurstFormat& format) {
    const std::vector<std::uint8_t> bytes = serialise(format);
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

BurstFormat from_bytes(const py::bytes& bytes) {
    const auto text = static_cast<std::string>(bytes);
    return parse_bytes({text.begin(), text.end()});
}

std::size_t message_samples(const BurstFormat& format, std::size_t message_bytes,
                            std::size_t streams, unsigned bits, const std::string& rate,
                            unsigned repetitions) {
    return gr::aircomp::phy::message_samples(
        format, message_bytes, {streams, bits, gr::aircomp::code_rate_of(rate), repetitions});
}

}  // namespace

void bind_burst_format(py::module& m) {
    py::class_<BurstFormat>(m, "burst_format",
                            "What transmitter and receiver agree on before the first sample.")
        .def(py::init(&make_burst_format), py::arg("device_antennas"), py::arg("fft_size") = 64,
             py::arg("guard_low") = 6, py::arg("guard_high") = 5, py::arg("prefix") = 16,
             py::arg("pilots") = 4, py::arg("resource_block") = 1, py::arg("sounding_symbols") = 32,
             py::arg("data_preamble") = true, py::arg("dc_null") = true,
             py::arg("sync_period") = 64, py::arg("sync_periods") = 4, py::arg("ramp") = 16,
             "Raises ValueError naming the field that is none.\n\n"
             "Args:\n"
             "    device_antennas : antennas of each device, [devices].\n"
             "    fft_size : subcarriers, a power of 2 from 16 to 4096.\n"
             "    guard_low : unused subcarriers at the lower edge.\n"
             "    guard_high : unused subcarriers at the upper edge.\n"
             "    prefix : cyclic prefix, samples.\n"
             "    pilots : tracking pilots, subcarriers of every data symbol.\n"
             "    resource_block : neighbouring subcarriers that share a precoder and a combiner.\n"
             "    sounding_symbols : OFDM symbols with which an antenna sounds.\n"
             "    data_preamble : whether bursts of data begin with a preamble; without, windows "
             "have\n"
             "        to be on a grid or timed.\n"
             "    dc_null : whether the subcarrier at zero frequency is unused.\n"
             "    sync_period : samples of one period of the preamble, a power of 2 from 16 to "
             "4096.\n"
             "    sync_periods : periods of a preamble, 2 to 8.\n"
             "    ramp : samples of a burst's rise and of its fall, at most the prefix.\n")
        .def_static("parse", &parse_bytes, py::arg("bytes"), "The format that its bytes describe.")
        .def("bytes", &gr::aircomp::phy::serialise, "What parse() takes.")
        .def_readonly("device_antennas", &BurstFormat::device_antennas)
        .def_readonly("fft_size", &BurstFormat::fft_size)
        .def_readonly("guard_low", &BurstFormat::guard_low)
        .def_readonly("guard_high", &BurstFormat::guard_high)
        .def_readonly("prefix", &BurstFormat::prefix)
        .def_readonly("pilots", &BurstFormat::pilots)
        .def_readonly("resource_block", &BurstFormat::resource_block)
        .def_readonly("sounding_symbols", &BurstFormat::sounding_symbols)
        .def_property_readonly("data_preamble",
                               [](const BurstFormat& f) { return f.data_preamble != 0; })
        .def_property_readonly("dc_null", [](const BurstFormat& f) { return f.dc_null != 0; })
        .def_readonly("sync_period", &BurstFormat::sync_period)
        .def_readonly("sync_periods", &BurstFormat::sync_periods)
        .def_readonly("ramp", &BurstFormat::ramp)
        .def(
            "__eq__", [](const BurstFormat& a, const BurstFormat& b) { return a == b; },
            py::is_operator())
        .def("__hash__", [](const BurstFormat& format) { return py::hash(bytes_of(format)); })
        .def(py::pickle([](const BurstFormat& format) { return bytes_of(format); },
                        [](const py::bytes& bytes) { return from_bytes(bytes); }))
        .def("__repr__",
             [](const BurstFormat& f) {
                 return py::
                     str("burst_format({}, fft_size={}, guard_low={}, guard_high={}, "
                         "prefix={}, pilots={}, resource_block={}, sounding_symbols={}, "
                         "data_preamble={}, dc_null={}, sync_period={}, sync_periods={}, ramp={})")
                         .format(f.device_antennas, f.fft_size, f.guard_low, f.guard_high, f.prefix,
                                 f.pilots, f.resource_block, f.sounding_symbols,
                                 f.data_preamble != 0, f.dc_null != 0, f.sync_period,
                                 f.sync_periods, f.ramp);
             })
        .def("used_subcarriers", &BurstFormat::used_subcarriers)
        .def("resource_blocks", &BurstFormat::resource_blocks)
        .def("data_symbols", &BurstFormat::data_symbols, py::arg("length"), py::arg("streams"))
        .def("burst_samples", &BurstFormat::burst_samples, py::arg("symbols"))
        .def("header_samples", &BurstFormat::header_samples)
        .def("sounding_samples", &BurstFormat::sounding_samples)
        .def("message_samples", &message_samples, py::arg("message_bytes"), py::arg("streams") = 1,
             py::arg("bits") = 2, py::arg("rate") = "1/2", py::arg("repetitions") = 1,
             "Samples of an antenna's burst with a message of the server.\n\n"
             "Args:\n"
             "    message_bytes : bytes of the message.\n"
             "    streams : spatial streams.\n"
             "    bits : of a symbol: 2, 4, 6 or 8.\n"
             "    rate : of the code: 1/2, 2/3, 3/4 or 5/6.\n"
             "    repetitions : of every coded bit.\n")
        .def("training_samples", &gr::aircomp::phy::training_samples, py::arg("streams") = 1,
             "Samples of an antenna's burst from which devices learn so many streams.");
}
