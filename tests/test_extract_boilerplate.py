"""Lines that no change is about: imports, lone keywords, brackets."""

from __future__ import annotations

import pytest

from mom_lsp.extract.boilerplate import is_boilerplate


@pytest.mark.parametrize(
    "line",
    [
        "import os",
        "from a import b",
        "#include <stdio.h>",
        "use std::io;",
        "const fs = require('fs')",
        "package main",
        "package org.example.parser;",
        "pub(crate) mod parser;",
        "pub use parser::{Parser, Token};",
        "using System.Text;",
        "using Table = System.Collections.Generic.Dictionary<string, int>;",
        "using namespace std;",
        "require 'json'",
        'require_relative "parser"',
        "    break;",
        "} else {",
        "    return",
        "});",
        "",
        "        pass",
        "#endif",
        "void",
        "static const char *",
        "static struct job *",
    ],
)
def test_a_line_without_content_is_boilerplate(line: str) -> None:
    assert is_boilerplate([line], 1)


@pytest.mark.parametrize(
    "line",
    [
        "return result",
        "else if (timeout < 0) {",
        "x = important",
        "users = load()",
        "# includes the header",
        "finish()",
        "static int count;",
        "struct job",
        "char *name",
        "mod = parser.load(name)",
        "use = 3",
        "package = find(name)",
        "using (var stream = Open(path)) {",
        'require(amount > 0, "nothing to pay");',
    ],
)
def test_a_line_with_content_is_not_boilerplate(line: str) -> None:
    assert not is_boilerplate([line], 1)


def test_the_lines_of_a_wrapped_import_are_boilerplate() -> None:
    lines = ["from a import (", "    first_name,", "    second_name,", ")", "first_name()"]
    assert [is_boilerplate(lines, number) for number in range(1, 6)] == [True, True, True, True, False]


def test_a_module_written_in_place_is_no_import() -> None:
    lines = ["mod tests {", "    use super::*;", "", "    const LIMIT: usize = 42;", "", "    fn limit() {"]
    assert [is_boilerplate(lines, number) for number in range(1, 7)] == [False, True, True, False, True, False]
