# SPDX-License-Identifier: GPL-3.0-or-later
"""How Sphinx makes a site of the pages; scripts/docs runs it over the repository's root, so that the pages outside docs/
are in the site too. GitHub shows the same files: what is for Sphinx alone stands in comments that begin with "sphinx"."""

import os
import re

from docutils import nodes

project = "aircomp"
author = "the aircomp authors"
project_copyright = author
extensions = ["myst_parser", "breathe"]
root_doc = "docs/index"
include_patterns = ["*.md", "docs/**.md", "inference/models/**.md"]
exclude_patterns = ["build", "out", "results", ".*"]

html_theme = "furo"
html_title = project
html_copy_source = False
# Code without a language is what a terminal shows.
highlight_language = "none"

myst_heading_anchors = 4

breathe_projects = {"aircomp": os.environ["AIRCOMP_DOXYGEN_XML"]}
breathe_default_project = "aircomp"
breathe_show_include = False

# Names of other libraries, and namespaces, have no entry here.
nitpick_ignore_regex = [
    ("cpp:identifier", r"(std|gsl|Eigen|pmt)(::.*)?|size_t|u?int\d+_t|aircomp|gr(::(sync_)?block|::aircomp)?")]


def open_comments(_app, _docname, source):
    source[0] = re.sub(r"<!-- sphinx\n(.*?)-->", r"\1", source[0], flags=re.DOTALL)


def know_anchors(app, doctree):
    """MyST knows the anchors of headings alone; ours of equations and sections are HTML."""
    env = app.env
    page = env.doc2path(env.docname, base=False)
    for raw in doctree.findall(nodes.raw):
        for anchor in re.findall(r'<a id="([^"]+)">', raw.astext()):
            env.get_domain("std").anonlabels[f"{page}#{anchor}"] = (env.docname, anchor)


def setup(app):
    app.connect("source-read", open_comments)
    app.connect("doctree-read", know_anchors)
