# SPDX-License-Identifier: GPL-3.0-or-later
"""Every block of the module with something for it to do, whose outcome a block that nobody has
mistreated shows. For qa_other_peoples_flowgraphs.py."""
import functools
import socket
import threading
import time

import numpy as np
import pmt
from gnuradio import aircomp, blocks, gr
from gnuradio.aircomp.radio_setup import receive_message
from gnuradio.aircomp.restartable import restartable
from qa_pmt import dictionary, plain

PATIENCE_S = 60
FORMAT = aircomp.burst_format([1, 1])
LENGTH = 64
BURST = aircomp.burst_samples(FORMAT, LENGTH)
SOUNDING = aircomp.sounding_samples(FORMAT)
WINDOW, MARGIN = BURST + 128, 64
BLOCKS = FORMAT.resource_blocks()
# Ports whose messages are fetched when another port's come.
FETCHED = {("preprocessor", "settings"), ("postprocessor", "settings"), ("sounder", "settings"),
           ("multicast_source", "settings"), ("multicast_receiver", "settings"), ("header_tracker", "rounds"),
           ("round_monitor", "vectors")}


def wait_until(holds):
    deadline = time.monotonic() + PATIENCE_S
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.001)
    return holds()


def floats(values, **about):
    return pmt.cons(dictionary(**about), pmt.init_f32vector(len(values), list(map(float, values))))


def samples(values, **about):
    return pmt.cons(dictionary(**about),
                    pmt.init_c32vector(len(values), list(map(complex, values))))


def ones(count):
    return pmt.init_c32vector(count, [1] * count)


class keeper(restartable):
    """Keeps what arrives at each port in one run."""

    def __init__(self, ports):
        restartable.__init__(self, "keeper")
        self.got = {port: [] for port in ports}
        for port in ports:
            self.message_port_register_in(pmt.intern(port))
            # GNU Radio calls handlers by name.
            take = functools.partial(self.take, port)
            take.__name__ = f"take_{port}"
            setattr(self, take.__name__, take)
            self.set_msg_handler(pmt.intern(port), take)

    def take(self, port, message):
        self.got[port].append(message)

    def begin_anew(self):
        for messages in self.got.values():
            messages.clear()


class tap(gr.sync_block):
    """A stream that begins when it is opened, with the radio's time at its first sample, and ends when
    it is closed: with its last stream a block ends, and takes no messages any more."""

    def __init__(self):
        gr.sync_block.__init__(self, "tap", None, [np.complex64])
        self.opened, self.closed = threading.Event(), threading.Event()
        self.samples, self.sent = np.zeros(0, np.complex64), 0

    def load(self, stream):
        self.opened.clear()
        self.closed.clear()
        self.samples, self.sent = np.asarray(stream, np.complex64), 0

    def work(self, input_items, output_items):
        self.opened.wait()
        count = min(len(output_items[0]), len(self.samples) - self.sent)
        if count == 0:
            self.closed.wait()
            return -1
        if self.sent == 0:
            self.add_item_tag(0, self.nitems_written(0), pmt.intern("rx_time"),
                              pmt.make_tuple(pmt.from_uint64(1), pmt.from_double(0.0)))
        output_items[0][:count] = self.samples[self.sent:self.sent + count]
        self.sent += count
        return count


class case:
    """A block and what it is given. `settings` puts back all that messages and setters may have
    changed; `out` is how many messages come out of each port, `made` how many samples of each output.
    `more` tells, from a bench after a run, what else has come of it, and `figures` are those of a
    block that go on over its runs."""

    def __init__(self, make, messages=(), streams=(), settings=(), out=(), made=0,
                 more=lambda bench: None, figures=()):
        self.make, self.messages, self.streams = make, list(messages), list(streams)
        self.settings, self.out, self.made, self.more = list(settings), dict(out), made, more
        self.figures = figures


class bench:
    """A flowgraph around one block of a case."""

    def __init__(self, name, of):
        self.name, self.case, self.block, self.top = name, of, of.make(), gr.top_block()
        self.block.set_log_level("off")
        self.ports = [p for p in pmt.to_python(self.block.message_ports_in()) if p != "system"]
        outs = list(pmt.to_python(self.block.message_ports_out()))
        self.kept, self.taps, self.sinks = keeper(outs), [], []
        for port in outs:
            self.top.msg_connect(self.block, port, self.kept, port)
        for n in range(max(0, self.block.input_signature().min_streams())):
            self.taps.append(tap())
            self.top.connect(self.taps[n], (self.block, n))
        for n in range(max(0, self.block.output_signature().min_streams())):
            self.sinks.append(blocks.vector_sink_c())
            self.top.connect((self.block, n), self.sinks[n])
        if not outs and self.ports:
            # A block is run for the sake of an edge; nothing comes along this one.
            self.idle = aircomp.vector_reader(8)
            self.top.msg_connect(self.idle, "vectors", self.block, self.ports[0])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        # A flowgraph that runs when Python forgets it stands for good.
        self.stop()

    def send(self, port, message):
        """Returns once the block has taken the message, or False where it never does."""
        self.block.to_basic_block()._post(pmt.intern(port), message)
        return (self.name, port) in FETCHED or wait_until(
            lambda: self.block.nmsgs(pmt.intern(port)) == 0)

    def start(self, streams):
        for sink in self.sinks:
            sink.reset()
        for n, own in enumerate(self.taps):
            own.load(streams[n])
        self.top.start()

    def open(self):
        for own in self.taps:
            own.opened.set()

    def stop(self):
        self.open()
        for own in self.taps:
            own.closed.set()
        self.top.stop()
        self.top.wait()

    def run(self):
        """Gives the block what its case has; returns what comes out, by port."""
        before = self.figures()
        self.start(self.case.streams)
        for port, message in [*self.case.settings, *self.case.messages]:
            if not self.send(port, message):
                raise AssertionError(f"{self.name} no longer takes messages of port {port}")
        self.open()
        done = wait_until(self.done)
        self.stop()
        if not done:
            came = {port: len(messages) for port, messages in self.kept.got.items()}
            raise AssertionError(f"{self.name}: expected {self.case.out} and {self.case.made} "
                                 f"samples, found {came} and {[len(s.data()) for s in self.sinks]}")
        out = {port: list(map(plain, self.kept.got[port][:count]))
               for port, count in self.case.out.items()}
        out["streams"] = [np.array(sink.data()[:self.case.made]) for sink in self.sinks]
        out["more"] = self.case.more(self)
        out["figures"] = self.figures() - before
        return out

    def figures(self):
        return np.array([getattr(self.block, name) for name in self.case.figures], float)

    def done(self):
        return all(len(self.kept.got[port]) >= count for port, count in self.case.out.items()) and \
            all(sink.nitems_read(0) >= self.case.made for sink in self.sinks)


def one_message(make, port, message, out):
    """What comes out of a fresh block that is given one message."""
    with bench("", case(make, [(port, message)], out={out: 1})) as found:
        found.run()
        return found.kept.got[out][0]


@functools.lru_cache(maxsize=None)
def received(sounding):
    """A window with the bursts of two devices, in weak noise."""
    count = SOUNDING if sounding else BURST
    window = np.zeros(count + 128, complex)
    for n in range(2):
        burst = one_message(lambda: aircomp.preprocessor(FORMAT, n, LENGTH), "vectors",
                            floats(np.linspace(-1, 1, LENGTH), round=0, sounding=sounding), "bursts")
        window[MARGIN:MARGIN + count] += pmt.c32vector_elements(pmt.cdr(burst))
    noise = np.random.default_rng(3).normal(size=(len(window), 2)) @ [1, 1j]
    return window + 1e-3 * noise


HEADERS = dictionary(round=0, headers=pmt.init_u64vector(1, [5000]), header_antenna=0, time=8000,
                     new_reference=True, begin_anew=True)


def preprocessor():
    vector = np.linspace(-1, 1, LENGTH)
    return case(
        lambda: aircomp.preprocessor(FORMAT, 0, LENGTH),
        [("vectors", floats(vector, round=n, sounding=n == 1)) for n in range(3)],
        settings=[("settings", dictionary(
            scale=1.0, second_moment=1.0, clip_level=8.0, precoders=ones(BLOCKS), phase=0.0,
            preamble_power_w=1.0, offset=0.0, sounding_power_w=1.0))],
        out={"bursts": 3, "reports": 3})


def postprocessor():
    return case(
        lambda: aircomp.postprocessor(FORMAT, LENGTH, 1, WINDOW),
        [("windows", samples(received(False), round=0)),
         ("windows", samples(np.zeros(WINDOW), round=1))],
        settings=[("settings", dictionary(
            scale=1.0, combiners=ones(BLOCKS), smallest_part=0.5,
            channel_reference=pmt.from_long(MARGIN),
            pilot_reference=pmt.init_c32vector(BLOCKS, [2] * BLOCKS)))],
        out={"sums": 1, "reports": 2})


def sounder():
    return case(
        lambda: aircomp.sounder(FORMAT, 1, SOUNDING + 128),
        [("windows", samples(received(True), round=0))],
        settings=[("settings", dictionary(power_w=pmt.init_f64vector(2, [1, 1])))],
        out={"estimates": 1})


def burst_timer():
    return case(
        lambda: aircomp.burst_timer(1000000, 700),
        [("bursts", samples([n + 1] * 500, round=n)) for n in range(3)],
        settings=[("start", pmt.from_uint64(2))], made=3 * 700)


def channel_emulator():
    radio = dict(carrier_offset_hz=0.0, sampling_offset_ppm=0.0, timing_offset=0.0, linewidth_hz=0.0,
                 iq_gain_db=0.0, iq_phase_deg=0.0, full_scale=0.0, converter_bits=pmt.from_long(0),
                 on=True)
    links = [dictionary(receive_stream=0, transmit_stream=n, delays=pmt.init_f64vector(1, [0]),
                        gains=pmt.init_c64vector(1, [1])) for n in range(2)]
    radios = [dictionary(transmitter=0, noise_power=0.01, **radio),
              dictionary(transmitter=1, receiver=0, **radio)]
    random = np.random.default_rng(5)
    return case(
        lambda: aircomp.channel_emulator(1e6, [1, 1], [1], 0.01),
        streams=[random.normal(size=(3000, 2)) @ [1, 1j] for _ in range(2)],
        settings=[("settings", message) for message in [*radios, *links]], made=3000)


def frame_sync():
    window = received(False)
    return case(lambda: aircomp.frame_sync(FORMAT, 1, WINDOW),
                streams=[np.concatenate([window, window, np.zeros(4 * BURST)])], out={"windows": 2})


def header_source():
    return case(lambda: aircomp.header_source(FORMAT, 1),
                [("rounds", pmt.cons(HEADERS, pmt.PMT_NIL))], out={"bursts": 1})


def header_tracker():
    header = one_message(lambda: aircomp.header_source(FORMAT, 1), "rounds",
                         pmt.cons(HEADERS, pmt.PMT_NIL), "bursts")
    window = np.concatenate([np.zeros(32), pmt.c32vector_elements(pmt.cdr(header)), np.zeros(64)])
    return case(lambda: aircomp.header_tracker(FORMAT, 1, 32, 64, 1e6),
                [("rounds", pmt.cons(HEADERS, pmt.init_f32vector(2, [1, 2]))),
                 ("windows", samples(window, round=0, time=5000 - 32))],
                out={"settings": 1, "vectors": 1, "reports": 1})


def message(**about):
    return pmt.cons(dictionary(**about), pmt.init_u8vector(12, list(range(12))))


def multicast_source():
    return case(lambda: aircomp.multicast_source(FORMAT, 1),
                [("messages", message(round=0, time=700, training=True)),
                 ("messages", message(round=1, time=9000))],
                settings=[("settings", dictionary(bits=4, rate="2/3", beams=ones(1)))], out={"bursts": 2})


def multicast_receiver():
    def window(**about):
        burst = one_message(lambda: aircomp.multicast_source(FORMAT, 1), "messages", message(time=0, **about),
                            "bursts")
        sent = pmt.c32vector_elements(pmt.cdr(burst))
        return ("windows", samples(np.concatenate([np.zeros(64), sent, np.zeros(128)]), **about))
    return case(lambda: aircomp.multicast_receiver(FORMAT, 12, 1),
                [window(round=0, training=True), window(round=1)],
                settings=[("settings", dictionary(power_w=1.0))], out={"messages": 2})


def transmit_guard():
    return case(lambda: aircomp.transmit_guard(2, -20, -19),
                [("bursts", samples([0.5] * 100, round=0)), ("bursts", samples([9] * 100, round=1))],
                out={"bursts": 1, "reports": 2})


def vector_reader():
    text = list(np.arange(8, dtype=np.float32).tobytes())
    return case(lambda: aircomp.vector_reader(8),
                [("bytes", pmt.cons(pmt.make_dict(), pmt.init_u8vector(32, text)))],
                out={"vectors": 1})


def vector_source():
    return case(lambda: aircomp.vector_source(2, LENGTH, rounds=2, ahead=1),
                [("reports", pmt.PMT_NIL)], out={"vectors0": 2, "vectors1": 2, "all": 4})


def window_cutter():
    return case(lambda: aircomp.window_cutter(1000000),
                [("expect", dictionary(round=7, time=1000100, samples=300))],
                streams=[np.linspace(0, 1, 1000)], out={"windows": 1, "reports": 1})


def channel_inverter():
    used = FORMAT.used_subcarriers()
    devices = [dict(found=True, mmse=np.exp(0.1j * (n + 1) * np.arange(used)) * (n + 1))
               for n in range(2)]
    estimates = aircomp.messages.build("Sounder", "estimates", round=3, found=True, reference=70,
                                       devices=devices)
    return case(lambda: aircomp.channel_inverter(FORMAT), [("estimates", estimates)],
                out={"settings0": 1, "settings1": 1, "server": 1})


def round_monitor():
    device = dictionary(found=True, mmse=ones(4))
    devices = pmt.make_vector(2, device)
    return case(lambda: aircomp.round_monitor(2),
                [*(("vectors", floats([1, 2], round=0, device=n)) for n in range(2)),
                 ("sums", floats([2.5, 4], round=0)),
                 ("reports", dictionary(round=0, found=True, evm=pmt.init_f64vector(1, [0.1]))),
                 ("estimates", dictionary(round=0, found=True, devices=devices))],
                out={"symbols": 1, "evm": 1, "phase": 1, "phasors": 1}, figures=("error", "power", "rounds"))


def sigmf_recorder(folder):
    def recording(run):
        (recorded, metadata), = aircomp.read_collection(run.block.base)
        return [recorded, metadata["captures"], metadata["annotations"]]

    return case(lambda: aircomp.sigmf_recorder(f"{folder}/recording-{time.monotonic_ns()}", 1, 1e6, 1e9),
                [("bursts", samples([1, 2j, 3], round=0, first=pmt.from_long(10), start=11))],
                more=recording)


def example_setup():
    """Of a program that takes all that it is sent: the setup, and a list of that."""
    own, others = socket.socketpair()
    taken = []

    def take():
        while True:
            try:
                taken.append(receive_message(others))
            except OSError:
                return

    threading.Thread(target=take, daemon=True).start()
    setup = aircomp.radio_setup(aircomp.radio_setup.example("radio", "device", 1).values, own)
    return setup, taken


def radio_control():
    return case(lambda: aircomp.radio_control(example_setup()[0]),
                [("commands", dictionary(id=pmt.from_long(3), do="dance"))], out={"answers": 1})


def round_link():
    links = {}

    def make():
        setup, taken = example_setup()
        link = aircomp.round_link(setup)
        links[link.unique_id()] = taken
        return link

    def passed_on(run):
        taken = links[run.block.unique_id()]
        late = dictionary(round=12345)
        wait_until(lambda: any(pmt.equal(message, late) for _, message in taken))
        return [port for port, message in taken if pmt.equal(message, late)][-1:]

    return case(make, [("late", dictionary(round=12345))], more=passed_on)


def every_case(folder):
    """A case for every block of the module, by its name."""
    return {**{make.__name__: make() for make in (
        burst_timer, channel_emulator, channel_inverter, frame_sync, header_source, header_tracker, multicast_receiver,
        multicast_source, postprocessor, preprocessor, radio_control, round_link, round_monitor, sounder, transmit_guard,
        vector_reader, vector_source, window_cutter)}, "sigmf_recorder": sigmf_recorder(folder)}
