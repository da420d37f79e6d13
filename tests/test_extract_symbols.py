"""Symbols: what is in a hunk's header, and the same name for a line of an open file."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from mom_lsp.extract.symbols import USERDIFF_ATTRIBUTES, enclosing_symbol, symbol_of_header, symbol_range
from mom_lsp.git.hunk_headers import header_options


@pytest.mark.parametrize(
    ("header", "symbol"),
    [
        ("static CURLcode parse_url(struct Curl_easy *data,", "parse_url"),
        ("struct foo *bar(int x)", "bar"),
        ("struct connectdata {", "connectdata"),
        ("static const struct tzinfo tz[] = {", "tz"),
        ("SYSCALL_DEFINE3(open, const char __user *, filename,", "open"),
        ("TEST_F(Suite, Case)", "Suite.Case"),
        ("void Widget::paint(QPainter *p)", "paint"),
        ("class CURL_EXPORT Foo : public Bar", "Foo"),
        ("    def foo(self):", "foo"),
        ("async def fetch(url: str) -> bytes:", "fetch"),
        ("class A(B):", "A"),
        ("impl Foo for Bar {", "Bar"),
        ("impl<T: Clone> Foo<T> for Bar<T> {", "Bar"),
        ("pub(crate) fn walk<T>(x: T)", "walk"),
        ("func (s *T) Name(", "Name"),
        ("type Server struct {", "Server"),
        ("export const useX = (", "useX"),
        ("export default class View extends Base {", "View"),
        ("public static void main(String[] args) {", "main"),
        ("def self.build", "build"),
        ("sub getpart {", "getpart"),
        ("install_deps() {", "install_deps"),
        ("## How it works ##", "How it works"),
        ("\\section{Proofs}", "Proofs"),
        ("[tool.ruff]", "tool.ruff"),
        ("jobs:", "jobs"),
        ("describe('a stack', () => {", "a stack"),
        ('  it.only("isn\'t empty", async () => {', "isn't empty"),
        ("    private async load<T>(path: string): Promise<T> {", "load"),
        ("if (x) {", ""),
        ("typedef struct {", ""),
        ("authentication methods, unless both sides agree and", ""),
        ("", ""),
    ],
)
def test_hunk_headers_give_a_symbol(header: str, symbol: str) -> None:
    assert symbol_of_header(header) == symbol


FILES = {
    "a.c": (
        "#include <x.h>\n\nstatic int first(int a)\n{\n  int b = a;\nout:\n  return b;\n}\n"
        "\nint second(void)\n{\n  return 2;\n}\n"
    ),
    "a.py": (
        "import os\n\n\nclass A:\n    def one(self):\n        x = 1\n        return x\n"
        "\n    async def two(self):\n        y = 2\n        return y\n"
    ),
    "a.go": "package a\n\nfunc (s *T) One() int {\n\tx := 1\n\n\treturn x\n}\n\nfunc Two() {\n\ty := 2\n\t_ = y\n}\n",
    "a.rs": "pub struct S;\n\nimpl S {\n    pub fn one(&self) -> u8 {\n        let x = 1;\n\n        x\n    }\n}\n",
    "a.md": "# Top\n\ntext\nmore\n\n## Inner\n\ntext two\nmore two\n",
    "a.rb": "class A\n  def one\n    x = 1\n\n    x\n  end\nend\n",
    "a.js": (
        "function one(a) {\n  let b = a;\n\n  return b;\n}\n\nconst two = (a) => {\n  let b = a;\n\n  return b;\n};\n"
    ),
    "a.ts": (
        "import { a } from 'a'\n\nexport class A<T> {\n  private n = 1\n\n  async one(a: T): Promise<void> {\n"
        "    if (a) {\n      a = 1\n    }\n    a = 2\n  }\n\n  get two() {\n    return 2\n  }\n}\n"
    ),
    "a.test.ts": (
        "describe('a stack', () => {\n  let stack: Stack\n\n  it('is empty', () => {\n    stack.push(1)\n"
        "    if (stack) {\n      foo(1)\n    }\n  })\n\n  test.each([1, 2])(`has %s, which is a long name that no"
        " header of git has as a whole, so it is cut`, n => {\n    stack.push(n)\n  })\n})\n"
    ),
    "b.ts": "function one() {\n  function two(a) {\n    a = 1\n\n    a = 2\n  }\n}\nwait(function () {\n  a = 3\n})\n",
    "a.sh": "one() {\n  x=1\n\n  echo $x\n}\n",
    "A.java": "class A {\n    int one(int a) {\n        int b = a;\n\n        return b;\n    }\n}\n",
}


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_line_has_the_symbol_of_gits_own_hunk_header(name: str, tmp_path: Path) -> None:
    """The oracle is git: change each line below a header, and compare with what git prints after @@."""
    (tmp_path / "attributes").write_text(USERDIFF_ATTRIBUTES)
    old, new = tmp_path / "old" / name, tmp_path / "new" / name
    old.parent.mkdir()
    new.parent.mkdir()
    old.write_text(FILES[name])
    lines = FILES[name].splitlines()
    compared = 0
    for number, line in enumerate(lines, 1):
        if symbol_of_header(line) or not line.strip():
            continue  # a header belongs to its own symbol, where git names the one before
        new.write_text("\n".join([*lines[: number - 1], line + " ", *lines[number:]]) + "\n")
        command = ["git", *header_options(str(tmp_path / "attributes")), "diff", "--no-index", "-U0"]
        done = subprocess.run([*command, str(old), str(new)], capture_output=True, text=True, cwd=tmp_path, check=False)
        header = done.stdout.partition("\n@@ ")[2].partition(" @@")[2].partition("\n")[0].strip()
        assert enclosing_symbol(lines, number, name) == symbol_of_header(header), (number, line, header)
        compared += 1
    assert compared >= 2


def test_a_header_line_belongs_to_itself_and_the_top_of_a_file_to_no_symbol() -> None:
    lines = FILES["a.py"].splitlines()
    assert enclosing_symbol(lines, 5, "a.py") == "one"
    assert enclosing_symbol(lines, 1, "a.py") == ""
    assert enclosing_symbol([], 1, "a.py") == ""
    assert enclosing_symbol([*lines, "", "LIMIT = 1"], len(lines) + 2, "a.py") == ""


def test_a_symbols_range_ends_before_the_next_header_of_its_depth() -> None:
    python = FILES["a.py"].splitlines()
    assert symbol_range(python, 6, "a.py") == (5, 7)
    assert symbol_range(python, 4, "a.py") == (4, 11)
    assert symbol_range(FILES["a.c"].splitlines(), 5, "a.c") == (3, 8)
    assert symbol_range(FILES["a.md"].splitlines(), 3, "a.md") == (1, 9)
    assert symbol_range(["x = 1", "y = 2"], 2, "a.py") == (1, 2)


def test_the_git_attributes_list_each_extension_once() -> None:
    endings = [line.split()[0] for line in USERDIFF_ATTRIBUTES.splitlines()]
    assert len(endings) == len(set(endings))
    assert "*.py diff=python" in USERDIFF_ATTRIBUTES
