# SPDX-License-Identifier: GPL-3.0-or-later
"""Chat templates as transformers renders them: Python's Jinja2, its sandbox, and what transformers adds."""
import json
from datetime import datetime, timezone

import jinja2
from jinja2.ext import Extension, loopcontrols
from jinja2.sandbox import ImmutableSandboxedEnvironment

NOW = 1700000000  # seconds since 1970


class Generation(Extension):
    """{% generation %}: marks what a model is trained on, and writes what is in it."""

    tags = {"generation"}

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
        return jinja2.nodes.CallBlock(self.call_method("_write"), [], [], body).set_lineno(line)

    def _write(self, caller):
        return caller()


def _raise_exception(message):
    raise jinja2.exceptions.TemplateError(message)


def _tojson(value, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


def _strftime_now(form):
    return datetime.fromtimestamp(NOW, timezone.utc).strftime(form)


def environment():
    env = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[Generation, loopcontrols])
    env.filters["tojson"] = _tojson
    env.globals["raise_exception"] = _raise_exception
    env.globals["strftime_now"] = _strftime_now
    return env


def render(template, names):
    """{"text": ...}, or {"error": ...} where Jinja2 refuses."""
    try:
        return {"text": environment().from_string(template).render(**names)}
    except Exception as error:  # Python's own errors too: of wrong types, of recursion
        return {"error": f"{type(error).__name__}: {error}"}
