#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of aircomp serve in headless Chromium: page_in_chromium.py AIRCOMP [SCREENSHOT OPTION ...].

Asks the repository's model for a text and looks at what comes: the text as aircomp generate writes it, figures that move,
nothing on the console, nothing to scroll to the side on a telephone, and a keyboard alone does it all. With SCREENSHOT it
takes a picture of a chat instead, with a server of the given options. Exits with 77, which ctest calls skipped, where
Chromium, its driver or Selenium is not there.
"""

import json
import pathlib
import subprocess
import sys
import tempfile

from browser import DEMO, Page, By, Keys, check_console, check_shapes, chromium, programs

# Keeps what stood in some elements from moment to moment.
RECORD = """
window.seen = {};
for (const id of ["log", "tokens", "nmse"]) {
  seen[id] = [];
  new MutationObserver(() => seen[id].push(document.getElementById(id).textContent))
      .observe(document.getElementById(id), {childList: true, characterData: true, subtree: true});
}
"""


def generated(aircomp, options, prompt, tokens):
    result = subprocess.run([aircomp, "generate", *options, "--prompt", prompt, "--tokens", str(tokens), "--json", "-"],
                            check=True, capture_output=True, text=True)
    return json.loads(result.stdout)["text"][len(prompt):]


def look(page, browser, expected):
    page.until("a connection", lambda: page.text("connection") == "connected")
    assert page.text("tokens") == "0", page.text("tokens")
    assert len(browser.find_elements(By.CSS_SELECTOR, "#devices tr")) == 8

    # By keyboard alone, from the text to the button.
    page.element("most").clear()
    page.element("most").send_keys("24")
    browser.execute_script(RECORD)
    page.element("words").send_keys("The server", Keys.ENTER)
    page.until("an answer", lambda: page.last_answer() and page.element("send").is_enabled())
    assert page.last_answer() == expected, (page.last_answer(), expected)
    seen = browser.execute_script("return seen")
    assert len(set(seen["log"])) > 3, f"expected a text that grows, found {seen}"
    assert len(set(seen["tokens"])) > 3 and len(set(seen["nmse"])) > 3, f"expected figures that move, found {seen}"
    page.until("all tokens", lambda: page.text("tokens") == str(3 + 23))
    assert page.text("nmse").endswith(" dB") and page.text("time").endswith(" ms")
    assert page.points("nmse-chart") > 3 and page.points("sites-chart") == 12
    assert "uplink" in page.element("parts-chart").get_attribute("aria-label")

    # An answer that is stopped, and the next one.
    page.element("most").clear()
    page.element("most").send_keys("200")
    page.element("words").send_keys("Once", Keys.ENTER)
    page.until("a beginning", lambda: page.last_answer() != "")
    page.element("words").send_keys(Keys.ESCAPE)
    page.until("an end", lambda: page.element("send").is_enabled())
    page.element("most").clear()
    page.element("most").send_keys("4096")
    page.element("words").send_keys("More", Keys.ENTER)
    page.until("an error in words", lambda: "the context holds" in page.last_answer())


def take_screenshot(page, browser, picture):
    page.element("reset").click()
    page.element("most").clear()
    page.element("most").send_keys("96")
    page.element("words").send_keys("Why is the sky blue?", Keys.ENTER)
    page.until("an answer", lambda: page.last_answer() != "" and page.element("send").is_enabled())
    browser.set_window_size(1200, 1000)
    browser.save_screenshot(picture)
    print(f"wrote {picture}")


def main(aircomp, binary, driver, picture=None, *options):
    with tempfile.TemporaryDirectory(prefix="aircomp-page-", ignore_cleanup_errors=True) as name:
        folder = pathlib.Path(name)
        address = folder / "address"
        if not picture:
            # Slow enough to be stopped.
            options = ["--model", DEMO, "--scheme", "mmse", "--medium", "waveform", "--devices", "8", "--threads", "1"]
        expected = "" if picture else generated(aircomp, options, "The server", 24)
        with subprocess.Popen([aircomp, "serve", *options, "--listen", "127.0.0.1:0", "--port-file", address],
                              stderr=subprocess.PIPE, text=True) as server:
            try:
                while "serving" not in (line := server.stderr.readline()):
                    assert server.poll() is None, line
                while not address.exists():
                    assert server.poll() is None
                browser = chromium(folder, binary, driver)
                try:
                    page = Page(browser, f"http://{address.read_text(encoding='utf-8').strip()}/")
                    if picture:
                        page.until("a connection", lambda: page.text("connection") == "connected")
                        take_screenshot(page, browser, picture)
                    else:
                        look(page, browser, expected)
                        check_shapes(page, browser)
                        check_console(browser, "400 (Bad Request)")  # The refused request that the test asks for.
                    server.terminate()
                    assert server.wait(timeout=60) == 0
                    page.until("the end in words", lambda: page.element("connection").get_attribute("class") == "lost")
                finally:
                    browser.quit()
            finally:
                server.kill()


if __name__ == "__main__":
    found = programs()
    if len(sys.argv) < 2 or len(sys.argv) == 3:
        sys.exit(__doc__)
    main(sys.argv[1], *found, *sys.argv[2:])
