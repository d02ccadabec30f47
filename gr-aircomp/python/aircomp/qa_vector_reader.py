#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The vector reader: vectors come out whole and in order, wherever the socket cut their bytes."""
import numpy as np
import pmt
from gnuradio import aircomp, gr_unittest


class qa_vector_reader(gr_unittest.TestCase):
    def read(self, pieces, length):
        """The vectors, by round, that a reader makes of pieces of bytes."""
        reader = aircomp.vector_reader(length)
        sent = []
        reader.message_port_pub = lambda port, message: sent.append(message)
        for piece in pieces:
            reader.take_bytes(pmt.cons(pmt.PMT_NIL, pmt.init_u8vector(len(piece), list(piece))))
        return [(pmt.to_python(pmt.dict_ref(pmt.car(m), pmt.intern("round"), pmt.PMT_NIL)),
                 np.array(pmt.f32vector_elements(pmt.cdr(m)), np.float32)) for m in sent]

    def test_vectors_do_not_depend_on_where_bytes_are_cut(self):
        vectors = np.random.default_rng(1).normal(size=(5, 7)).astype(np.float32)
        whole = vectors.tobytes()
        for step in (1, 3, 28, 29, len(whole)):
            found = self.read([whole[i:i + step] for i in range(0, len(whole), step)], 7)
            self.assertEqual([number for number, _ in found], [0, 1, 2, 3, 4])
            np.testing.assert_array_equal([vector for _, vector in found], vectors)

    def test_a_vector_that_is_not_whole_waits(self):
        self.assertEqual(self.read([bytes(27)], 7), [])

    def test_a_length_of_zero_is_refused(self):
        with self.assertRaisesRegex(ValueError, "length: expected at least 1, found 0"):
            aircomp.vector_reader(0)


if __name__ == "__main__":
    gr_unittest.run(qa_vector_reader)
