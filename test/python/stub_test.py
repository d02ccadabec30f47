#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module's type stub says what the module has, and the package says its types to type checkers."""

import ast
import importlib
import inspect
import pathlib
import pkgutil
import re
import types
import typing
import unittest

import aircomp
from aircomp import _core

PACKAGE = pathlib.Path(aircomp.__file__).parent


def stub():
    return ast.parse((PACKAGE / "_core.pyi").read_text(encoding="utf-8"))


def names_in(body):
    """Names that a stub declares: {name: parameters of a function, members of a class, None of a value}."""
    found = {}
    for node in body:
        if isinstance(node, ast.FunctionDef) and "property" in map(ast.unparse, node.decorator_list):
            found[node.name] = None
        elif isinstance(node, ast.FunctionDef):
            arguments = node.args
            found[node.name] = [one.arg for one in arguments.posonlyargs + arguments.args] + (
                ["*"] if arguments.kwonlyargs else []) + [one.arg for one in arguments.kwonlyargs]
        elif isinstance(node, ast.ClassDef):
            found[node.name] = names_in(node.body)
        elif isinstance(node, ast.AnnAssign):
            found[node.target.id] = None
    return found


def parameters(function):
    """Those that pybind11 writes at the head of a function's documentation."""
    signature = re.match(r"\w+\((.*)\) -> ", function.__doc__)[1]
    # What follows a name may have commas of its own, in brackets.
    while re.search(r"[\[({<][^\[\](){}<>]*[\])}>]", signature):
        signature = re.sub(r"[\[({<][^\[\](){}<>]*[\])}>]", "", signature)
    return [part.split(":")[0].split("=")[0].strip() for part in signature.split(",") if part.strip()]


def names_of(owner):
    """The same of the module itself."""
    found = {}
    for name, value in vars(owner).items():
        if isinstance(value, type):
            found[name] = names_of(value)
        elif isinstance(value, staticmethod):
            found[name] = parameters(value.__func__)
        elif isinstance(value, property) or name == "__version__":
            found[name] = None
        elif isinstance(value, types.WrapperDescriptorType):
            continue  # The __init__ of a class that Python cannot make.
        elif callable(value) and (name == "__init__" or not name.startswith("_")):
            found[name] = parameters(value)
    return found


class Stub(unittest.TestCase):
    def test_has_the_functions_classes_and_parameters_of_the_module(self):
        self.maxDiff = None
        self.assertEqual(names_in(stub().body), names_of(_core))

    def test_annotates_everything(self):
        for node in ast.walk(stub()):
            if isinstance(node, ast.FunctionDef):
                self.assertIsNotNone(node.returns, node.name)
                for one in node.args.args + node.args.kwonlyargs:
                    self.assertTrue(one.annotation is not None or one.arg == "self", f"{node.name}: {one.arg}")


def public_functions():
    """Functions and methods that users call, by qualified name."""
    for module in [aircomp] + [importlib.import_module(f"aircomp.{one.name}") for one in pkgutil.iter_modules([str(PACKAGE)])
                               if not one.name.startswith("_")]:
        for name, value in vars(module).items():
            if name.startswith("_") or getattr(value, "__module__", None) != module.__name__:
                continue
            yield f"{module.__name__}.{name}", value
            if inspect.isclass(value):
                for method, function in vars(value).items():
                    if method.startswith("_"):
                        continue
                    if isinstance(function, (classmethod, staticmethod)):
                        function = function.__func__
                    if isinstance(function, property):
                        function = function.fget
                    if inspect.isfunction(function):
                        yield f"{module.__name__}.{name}.{method}", function


class Package(unittest.TestCase):
    def test_says_that_it_is_typed(self):
        self.assertTrue((PACKAGE / "py.typed").is_file())

    def test_documents_and_annotates_all_that_is_public(self):
        functions = dict(public_functions())
        self.assertIn("aircomp.transceiver.design", functions)
        self.assertIn("aircomp.cell.Cell.perplexity", functions)
        for name, value in functions.items():
            with self.subTest(name):
                if not isinstance(value, type(typing.Union[int, str])):
                    self.assertTrue(inspect.getdoc(value))
                if inspect.isfunction(value):
                    signature = inspect.signature(value)
                    self.assertIsNot(signature.return_annotation, signature.empty)
                    for parameter in signature.parameters.values():
                        self.assertTrue(parameter.name in ("self", "cls") or parameter.annotation is not parameter.empty,
                                        parameter)

    def test_says_what_arguments_mean(self):
        """Every parameter of a function with a section Args stands in it."""
        for name, value in public_functions():
            text = inspect.getdoc(value) or ""
            if "Args:" not in text:
                continue
            said = re.search(r"Args:\n(.*?)(\n\n|\Z)", text, re.DOTALL)[1]
            named = set(re.findall(r"\w+", " ".join(re.findall(r"^ +([\w, ]+):", said, re.MULTILINE))))
            missing = set(inspect.signature(value).parameters) - {"self", "cls"} - named
            self.assertEqual(missing, set(), name)


if __name__ == "__main__":
    unittest.main()
