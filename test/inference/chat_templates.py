#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares our rendering of chat templates with Python's Jinja2, for every *.jinja of a folder.

usage: chat_templates.py PROGRAM FOLDER

PROGRAM is build/.../aircomp_render_templates. FOLDER may be any; `fetch_chat_templates FOLDER` makes one with the
seventy of llama.cpp. Needs python3-jinja2 of Debian. Prints one line a template that is refused or differs, then how
many of each; fails where one differs.
"""
import json
import subprocess
import sys
from pathlib import Path

from jinja_reference import render

CONVERSATION = [
    {"role": "system", "content": "You are a helpful assistant."},
    {"role": "user", "content": "What is 2 + 3? Answer in <one> word & \"quote\" it.\n"},
    {"role": "assistant", "content": "Five: \u00e9\u4e94 'yes'"},
    {"role": "user", "content": " And twice that?"},
]


def conversations():
    """The fixed one; and without the system's turn, for templates that know none; both ends of each."""
    for name, messages in (("system", CONVERSATION), ("plain", CONVERSATION[1:]), ("answered", CONVERSATION[1:3])):
        for begin_answer in (False, True):
            yield (name, begin_answer), {
                "bos_token": "<s>", "eos_token": "</s>", "messages": messages, "add_generation_prompt": begin_answer}


def without_tools(template, names):
    """As transformers says it, or, for templates that Jinja2 refuses then, as llama.cpp does."""
    said = {**names, "tools": None, "documents": None}
    return said if "text" in render(template, said) else names


def main(program, folder):
    templates = sorted(Path(folder).rglob("*.jinja"))
    requests = [(path, label, text, without_tools(text, names))
                for path, text in ((path, path.read_text(encoding="utf-8")) for path in templates)
                for label, names in conversations()]
    lines = "".join(json.dumps({"template": text, "names": names}) + "\n" for _, _, text, names in requests)
    answers = subprocess.run([program], input=lines, capture_output=True, text=True, check=True).stdout.splitlines()
    kinds = {}
    for (path, label, text, names), line in zip(requests, answers, strict=True):
        ours, theirs = json.loads(line), render(text, names)
        if "text" in ours and "text" in theirs:
            kind = "same" if ours["text"] == theirs["text"] else "DIFFERENT"
        elif "text" in ours:
            kind = "DIFFERENT"
        else:
            kind = "both refuse" if "error" in theirs else "refused"
        kinds.setdefault(label, {}).setdefault(kind, []).append(path.name)
        if kind in ("DIFFERENT", "refused") or (kind == "both refuse" and label == ("system", True)):
            print(f"{kind}: {path.name} {label}: {ours.get('error', '')} | {theirs.get('error', '')}")
        if kind == "DIFFERENT":
            print("  ours  ", repr(ours.get("text"))[-300:], "\n  theirs", repr(theirs.get("text"))[-300:])
    for label, found in kinds.items():
        print(label, ", ".join(f"{kind} {len(names)}" for kind, names in sorted(found.items())))
    return any("DIFFERENT" in found for found in kinds.values())


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1], sys.argv[2]))
