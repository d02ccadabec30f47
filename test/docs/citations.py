#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""usage: citations.py ROOT

Checks that what comments and documents cite is there: equations "(5)", numbered sections, documents named in comments,
links and anchors of Markdown. Prints one line for each citation that leads nowhere; the exit status is then 1.

In comments and documents a lone number in parentheses, as (5), cites an equation. A document defines one where the line
of an indented block ends with its number.
"""

import os
import pathlib
import re
import sys

LEFT_OUT = {"build", "out", "results", "__pycache__"}  # and every hidden folder but .github
GENERATED = ("gr-aircomp/docs/doxygen/", "gr-aircomp/python/aircomp/bindings/")  # GNU Radio's tools wrote them
COMMENTED = {".hpp": "//", ".cpp": "//", ".h": "//", ".cc": "//", ".fbs": "//", ".py": "#", ".yaml": "#", ".cmake": "#"}

NUMBER = r"\((\d+(?:'|[a-z])?)\)"
DEFINITION = re.compile(r"^ {4}.*\s{2,}" + NUMBER + "$")
EQUATION = re.compile(r"(?<![\w)\]])" + NUMBER)
SECTION = re.compile(r"\bsection (\d+)\b")
OF_DOCUMENT = re.compile(r"docs/([a-z-]+\.md),? section (\d+)\b")
OF_LINK = re.compile(r"\]\(([\w./-]+\.md)\),? section (\d+)\b")
DOCUMENT = re.compile(r"(?<![\w./-])[\w./-]+\.md\b")
LINK = re.compile(r"\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^()\s]+)\)")


def files(root):
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(f for f in folders if f == ".github" or not (f in LEFT_OUT or f.startswith(".")))
        for name in sorted(names):
            path = pathlib.Path(folder, name)
            if not path.relative_to(root).as_posix().startswith(GENERATED):
                yield path


def comments(text, mark):
    """Blocks of neighbouring comments as (line, text); titles of Catch2's tests count as such."""
    block, begin = [], 0
    for number, line in enumerate(text.splitlines() + [""], 1):
        title = re.search(r'TEST_CASE\("(.*)"\)', line) if mark == "//" else None
        found = re.search(r"(?:^|\s)" + mark + r"[/!]?<?(?:\s(.*)|$)", line)
        said = title[1] if title else found[1] or "" if found else None
        if said is None and block:
            yield begin, " ".join(block)
            block = []
        elif said is not None:
            begin = begin if block else number
            block.append(said)


def anchor_of(equation):
    return "eq-" + equation.replace("'", "-prime")


class Document:
    """A Markdown file: its prose without code, and what others can cite of it."""

    def __init__(self, path):
        self.path = path
        self.prose, self.equations, self.anchors, self.sections = [], [], set(), set()
        fenced, after_blank, indented = False, True, False
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if line.lstrip().startswith("```"):
                fenced = not fenced
                continue
            # A block of code begins after an empty line; elsewhere an indented line goes on with a list.
            indented = line.startswith("    ") and (indented or after_blank)
            after_blank = not line.strip()
            definition = DEFINITION.match(line)
            if definition:
                self.equations.append((definition[1], number))
            if not fenced and not definition:
                self.read(line, number, indented)

    def read(self, line, number, indented):
        self.anchors.update(re.findall(r'<a id="([^"]+)"></a>', line))
        heading = re.match(r"#+ (.*)", line)
        if heading:
            self.anchors.add(self.slug(heading[1]))
            numbered = re.match(r"(\d+)\. ", heading[1])
            if numbered:
                self.sections.add(numbered[1])
        code = indented and not re.search(r"\]\(", line)
        self.prose.append((number, "" if code else re.sub(r"`[^`]*`", "``", line)))

    def slug(self, heading):
        """The anchor that GitHub gives a heading."""
        text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        slug = re.sub(r"[^\w\- ]", "", text).replace(" ", "-")
        again, count = slug, 0
        while again in self.anchors:
            count += 1
            again = f"{slug}-{count}"
        return again


class Citations:
    def __init__(self, root):
        self.root = root
        self.errors = []
        self.documents = {p: Document(p) for p in files(root) if p.suffix == ".md"}
        self.equations = set()
        for document in self.documents.values():
            for equation, line in document.equations:
                if equation in self.equations:
                    self.error(document.path, line, f"equation ({equation}) is defined twice")
                if anchor_of(equation) not in document.anchors:
                    self.error(document.path, line, f'equation ({equation}) has no <a id="{anchor_of(equation)}"></a>')
                self.equations.add(equation)

    def error(self, path, line, what):
        self.errors.append(f"{path.relative_to(self.root)}:{line}: {what}")

    def check(self):
        for path in files(self.root):
            if path in self.documents:
                self.check_document(self.documents[path])
            elif path.suffix in COMMENTED:
                for line, text in comments(path.read_text(encoding="utf-8"), COMMENTED[path.suffix]):
                    self.check_comment(path, line, text)
        return self.errors

    def check_comment(self, path, line, text):
        self.check_equations(path, line, text)
        names = {document.name for document in self.documents}
        for name in DOCUMENT.findall(text):
            if not (self.root / name).exists() and name not in names:
                self.error(path, line, f"there is no {name}")
        for name, number in OF_DOCUMENT.findall(text):
            self.check_section(path, line, self.root / "docs" / name, number)

    def check_equations(self, path, line, text):
        for number in EQUATION.findall(text):
            if number not in self.equations:
                self.error(path, line, f"no document defines an equation ({number})")

    def check_section(self, path, line, page, number):
        if page in self.documents and number not in self.documents[page].sections:
            self.error(path, line, f"{page.name} has no section {number}")

    def check_document(self, document):
        page = document.path
        for line, text in document.prose:
            links = LINK.findall(text)
            for said, target in links + LINK.findall(" ".join(said for said, _ in links)):
                self.check_link(document, line, said, target)
            self.check_equations(page, line, LINK.sub("", text))
            for name, number in OF_LINK.findall(text):
                self.check_section(page, line, (page.parent / name).resolve(), number)
            # A section of nothing else is one of the same page.
            for number in SECTION.findall(OF_LINK.sub("", text)):
                self.check_section(page, line, page, number)

    def check_link(self, document, line, said, target):
        if re.match(r"[a-z]+:", target):
            return
        name, _, anchor = target.partition("#")
        path = pathlib.Path(os.path.normpath(document.path.parent / name)) if name else document.path
        if not path.exists():
            self.error(document.path, line, f"the link {target} leads to no file")
        elif anchor and path.suffix == ".md" and anchor not in self.documents[path].anchors:
            self.error(document.path, line, f"the link {target} leads to no heading or anchor")
        equation = EQUATION.search(said)
        if equation and path.suffix == ".md" and anchor != anchor_of(equation[1]):
            self.error(document.path, line, f"the link {target} says that it leads to ({equation[1]})")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    found = Citations(pathlib.Path(sys.argv[1]).resolve()).check()
    print("\n".join(found))
    sys.exit(1 if found else 0)
