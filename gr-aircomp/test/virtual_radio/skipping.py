# SPDX-License-Identifier: GPL-3.0-or-later
"""What a test of the virtual radio needs, or it is skipped."""
import importlib.util
import sys


def require_gnuradio():
    """Ends the test, as skipped, where GNU Radio with its blocks for UHD is not installed."""
    if importlib.util.find_spec("gnuradio") and importlib.util.find_spec("gnuradio.uhd"):
        return
    print("GNU Radio is not installed, nothing was run")
    sys.exit(77)
