#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Small trees with one wrong include each, and one with none."""

import pathlib
import tempfile
import unittest

from arrows import Arrows

PAGE = "<!-- rooms -->\n\n```\napp\nradio  air\nconfig  air/deep\n```\n"


def errors(files):
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder).resolve()
        everything = {"docs/architecture.md": PAGE, "runtime/config/config.hpp": "", "runtime/air/cell.hpp": "",
                      "runtime/app/output.hpp": "", **files}
        for name, text in everything.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return Arrows(root).check()


class Include(unittest.TestCase):
    def test_of_what_may_be_known_is_no_error(self):
        self.assertEqual(errors({
            "runtime/app/main.cpp": '#include "output.hpp"\n#include "air/cell.hpp"\n#include "config/config.hpp"\n'
                                    '#include "aircomp/optimizer/design.hpp"\n',
            "runtime/air/cell.cpp": '#include "cell.hpp"\n#include "gnuradio/aircomp/phy/noise.hpp"\n',
            "optimizer/src/a.cpp": '#include "aircomp/optimizer/design.hpp"\n#include <Eigen/Core>\n'}), [])

    def test_of_a_room_above_or_beside(self):
        self.assertEqual(errors({"runtime/air/a.cpp": '#include "app/output.hpp"\n'}),
                         ["runtime/air/a.cpp:1: air stands not above app, and includes app/output.hpp"])
        self.assertEqual(errors({"runtime/radio/a.cpp": '\n#include "air/cell.hpp"\n'}),
                         ["runtime/radio/a.cpp:2: radio stands not above air, and includes air/cell.hpp"])
        self.assertEqual(errors({"runtime/config/a.cpp": '#include "../air/cell.hpp"\n'})[0][:44],
                         "runtime/config/a.cpp:1: config stands not ab")

    def test_of_another_library(self):
        self.assertEqual(errors({"inference/src/a.cpp": '#include "aircomp/optimizer/design.hpp"\n'}),
                         ["inference/src/a.cpp:1: inference knows nothing of optimizer, and includes "
                          "aircomp/optimizer/design.hpp"])

    def test_of_torch_or_gnuradio_by_a_public_header(self):
        for heavy in ["torch/torch.h", "ATen/ATen.h", "gnuradio/sync_block.h", "pmt/pmt.h"]:
            self.assertEqual(errors({"inference/include/a.hpp": f"#include <{heavy}>\n"}),
                             [f"inference/include/a.hpp:1: a public header includes {heavy}"])
            self.assertEqual(errors({"inference/src/a.hpp": f"#include <{heavy}>\n"}), [])


    def test_of_a_room_that_is_not_named_as_used(self):
        room = {"runtime/air/CMakeLists.txt": "aircomp_add_room(air\n  SOURCES a.cpp\n  USES {}\n  PUBLIC torch)\n"}
        include = {"runtime/air/a.cpp": '#include "config/config.hpp"\n'}

        def used(names):
            return {name: text.format(names) for name, text in room.items()}

        self.assertEqual(errors({**used("deep config"), **include}), [])
        self.assertEqual(errors({**used("deep"), **include}),
                         ["runtime/air/a.cpp:1: air does not name config as used, and includes config/config.hpp"])
        self.assertEqual(errors(used("app")), ["runtime/air/CMakeLists.txt: air stands not above app, and uses it"])

    def test_of_a_room_inside_another(self):
        self.assertEqual(errors({"runtime/air/a.cpp": '#include "air/deep/b.hpp"\n', "runtime/air/deep/b.hpp": ""}), [])
        self.assertEqual(errors({"runtime/air/deep/a.cpp": '#include "air/cell.hpp"\n'}),
                         ["runtime/air/deep/a.cpp:1: air/deep stands not above air, and includes air/cell.hpp"])


class Room(unittest.TestCase):
    def test_stands_in_the_page(self):
        self.assertEqual(errors({"runtime/cellar/a.cpp": ""}),
                         ["runtime/cellar: docs/architecture.md has no such room"])


if __name__ == "__main__":
    unittest.main()
