#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs llama.cpp's own tokenizer tests against ours.

    tokenizers_of_llama_cpp.py ENCODE_TEXTS [FOLDER]

ENCODE_TEXTS is the program aircomp_encode_texts (cmake --build BUILD --target aircomp_encode_texts).
FOLDER keeps the vocabularies (100 MB); without it they are fetched into a temporary folder: the
source package of llama-cpp-python 0.3.36 from the package index that pip uses carries them as
vendor/llama.cpp/models/ggml-vocab-*.gguf, with texts (.inp, parted by a line) and their ids (.out).
Kinds of vocabularies that aircomp refuses by name are counted apart.
"""

import hashlib
import html.parser
import json
import pathlib
import subprocess
import sys
import tarfile
import tempfile
import urllib.parse
import urllib.request

FILE = "llama_cpp_python-0.3.36.tar.gz"
SHA256 = "832db0699007f1be95a7e41ef12e88926b02ba836461e36a36372db2760c1a2e"
SEPARATOR = "\n__ggml_vocab_test__\n"


class Links(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        self.found += [value for name, value in attrs if tag == "a" and name == "href"]


def index_url():
    found = subprocess.run([sys.executable, "-m", "pip", "config", "get", "global.index-url"],
                           capture_output=True, text=True, check=False).stdout.strip()
    return found or "https://pypi.org/simple"


def fetch(folder):
    page = index_url().rstrip("/") + "/llama-cpp-python/"
    links = Links()
    with urllib.request.urlopen(page) as answer:
        links.feed(answer.read().decode())
    url = next(urllib.parse.urljoin(page, link) for link in links.found if FILE in link)
    print(f"fetching {url.split('#')[0]} (77 MB)", flush=True)
    archive = folder / FILE
    with urllib.request.urlopen(url.split("#")[0]) as answer:
        archive.write_bytes(answer.read())
    if hashlib.sha256(archive.read_bytes()).hexdigest() != SHA256:
        sys.exit(f"{archive}: expected the SHA-256 {SHA256}, found another")
    with tarfile.open(archive) as members:
        for member in members:
            name = pathlib.PurePosixPath(member.name).name
            if member.isfile() and "/models/ggml-vocab-" in member.name:
                (folder / name).write_bytes(members.extractfile(member).read())
    archive.unlink()


def cases(vocabulary):
    texts = pathlib.Path(f"{vocabulary}.inp").read_bytes().decode().split(SEPARATOR)
    if texts[-1] == "":  # what is behind the last line is no text
        texts.pop()
    lines = pathlib.Path(f"{vocabulary}.out").read_text().splitlines()
    if len(lines) != len(texts):
        sys.exit(f"{vocabulary}: expected ids of {len(texts)} texts, found {len(lines)}")
    return texts, [[int(number) for number in line.split()] for line in lines]


def compare(program, vocabulary):
    """The number of texts with other ids, or a line that says why there are none."""
    texts, expected = cases(vocabulary)
    answer = subprocess.run([program, vocabulary], input=json.dumps(texts), capture_output=True,
                            text=True, check=False)
    if answer.returncode != 0:
        return answer.stderr.strip()
    wrong = 0
    for text, ours, theirs in zip(texts, json.loads(answer.stdout), expected):
        if ours != theirs:
            wrong += 1
            print(f"  {text!r}\n    ours   {ours}\n    theirs {theirs}")
    return wrong


def main():
    program = sys.argv[1]
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(sys.argv[2] if len(sys.argv) > 2 else temporary)
        folder.mkdir(parents=True, exist_ok=True)
        if not list(folder.glob("ggml-vocab-*.gguf")):
            fetch(folder)
        passed = failed = refused = 0
        for vocabulary in sorted(folder.glob("ggml-vocab-*.gguf")):
            if not pathlib.Path(f"{vocabulary}.out").exists():
                continue
            result = compare(program, vocabulary)
            print(f"{vocabulary.name}: {result if isinstance(result, str) else f'{result} differ'}")
            refused += isinstance(result, str)
            passed += result == 0
            failed += not isinstance(result, str) and result > 0
        print(f"{passed} vocabularies passed, {failed} failed, {refused} refused")
        sys.exit(failed > 0 or passed == 0)


if __name__ == "__main__":
    main()
