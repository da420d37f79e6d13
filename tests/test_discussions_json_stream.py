"""Objects are read from any JSON, and what is broken is named and skipped."""

import io
import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mom_lsp.discussions import json_stream
from mom_lsp.discussions.json_stream import objects


def read(content: bytes) -> tuple[list[Any], list[str]]:
    problems: list[str] = []
    return list(objects(io.BytesIO(content), problems.append)), problems


A, B, C = {"a": 'x"}[{,]'}, {"b": [{"deep": [1, 2]}, "é"]}, {"c": None}
ALL = [A, B, C]
ENCODED = [json.dumps(one) for one in ALL]
SHAPES = {
    "one array": json.dumps(ALL),
    "an array on many lines": json.dumps(ALL, indent=2),
    "pages one after the other": f"[{ENCODED[0]},{ENCODED[1]}][{ENCODED[2]}]",
    "pages with an empty one": f"[]\n[{ENCODED[0]}]\n[{ENCODED[1]},{ENCODED[2]}]\n[]",
    "pages in an array": json.dumps([[A, B], [], [C]]),
    "lines": "\n".join(ENCODED),
    "lines as on Windows": "\r\n".join(ENCODED) + "\r\n",
    "a text sequence": "\x1e" + "\n\x1e".join(ENCODED),
    "objects on many lines": "\n".join(json.dumps(one, indent=2) for one in ALL),
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("chunk", [1, 7, 1 << 20])
def test_documents_of_each_shape_and_encoding_are_read(
    shape: str, encoding: str, chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_stream, "CHUNK", max(chunk, 3))  # a byte order mark has three bytes
    assert read(SHAPES[shape].encode(encoding)) == (ALL, [])


def test_a_broken_line_is_named_and_the_next_one_is_read() -> None:
    found, problems = read(b'{"a": 1}\n{"a": 2, oops}\n{"a": 3\n{"a": 4}\n')
    assert [one["a"] for one in found] == [1, 4]
    assert [problem.split(":")[0] for problem in problems] == ["line 2", "line 4"]


@pytest.mark.parametrize("indent", [1, 2, "\t"])
@pytest.mark.parametrize("pages", [1, 2])
@pytest.mark.parametrize("chunk", [1, 7, 1 << 20])
def test_broken_objects_of_an_indented_array_lose_only_themselves(
    indent: int | str, pages: int, chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_stream, "CHUNK", max(chunk, 3))
    values: Any = [{"n": number, "inner": [{"n": -1}]} for number in range(6)]
    content = json.dumps(values if pages == 1 else [values[:3], values[3:]], indent=indent)
    for number in (1, 2, 4):
        content = content.replace(f'"n": {number}', f'"n": {number} oops')
    found, problems = read(content.encode())
    assert [one["n"] for one in found] == [0, 3, 5]
    assert len(problems) == 3


def test_what_cannot_be_read_behind_a_broken_object_is_told() -> None:
    found, problems = read(b'[{"a": 1}, {"a": 2, oops}, {"a": 3}]')
    assert [one["a"] for one in found] == [1]
    assert [problem.split("; ")[1:] for problem in problems] == [["nothing after it was read"]]


def test_a_broken_page_is_named_and_the_next_one_is_read() -> None:
    content = b'[{"a": 1}, {"a": 2, "x": [}, {"a": 3}]\n[{"a": 4}]'
    found, problems = read(content)
    assert [one["a"] for one in found] == [1, 4]
    assert len(problems) == 1


def test_a_file_that_was_cut_off_loses_only_its_end() -> None:
    found, problems = read(json.dumps([{"n": number} for number in range(100)]).encode()[:-5])
    assert [one["n"] for one in found] == list(range(99))
    assert len(problems) == 1


@pytest.mark.parametrize("bracket", [b"[", b'{"a":', b'[{"a":'])
def test_deep_nesting_is_refused_and_costs_little(bracket: bytes) -> None:
    found, problems = read(bracket * 200_000 + b'\n{"after": 1}')
    assert found == [{"after": 1}]
    assert len(problems) == (0 if bracket == b"[" else 1)  # arrays are streams, however many


def test_a_value_that_is_too_long_is_named_and_the_next_line_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_stream, "LARGEST", 2 << 20)
    found, problems = read(b'{"a": 1}\n{"b": "' + b"x" * (5 << 20) + b'"}\n{"c": 1}')
    assert found == [{"a": 1}, {"c": 1}]
    assert problems == ["line 2: a value has more than 2 million characters"]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b'{"a": NaN, "b": -Infinity}', ["a", "b"]),
        (b'{"a": "\xff\xfe ok"}', ["a"]),
        (b'{"a": 1, "a": 2}', ["a"]),
        (b'{"a": "\\ud800"}', ["a"]),
        (b'{"a": ' + b"9" * 10_000 + b"}", ["a"]),
        (b'{"a": 1e999}', ["a"]),
        (b'{"a": "raw \n newline and \x1b escape"}', ["a"]),
    ],
)
def test_odd_values_are_read_without_losing_their_neighbours(content: bytes, expected: list[str]) -> None:
    found, problems = read(b'[{"before": 1}, ' + content + b', {"after": 1}]')
    assert [list(one) for one in found] == [["before"], expected, ["after"]]
    assert problems == []


def test_a_document_without_objects_has_none() -> None:
    assert read(b"") == read(b"[]") == read(b' null "x" 12 [1, [2]] true ') == ([], [])


def test_what_is_not_json_is_named() -> None:
    found, problems = read(b"<html>not found</html>")
    assert (found, problems) == ([], ["line 1: Expecting value; nothing after it was read"])


@given(st.binary(max_size=60), st.binary(max_size=60))
@example(b'{"', b"")
@example(b"[[{", b"}]")
@example(b"\xff\xfe", b"{")
def test_no_bytes_break_the_stream(before: bytes, after: bytes) -> None:
    found, _ = read(before + b'\n{"kept": 1}\n' + after)
    assert all(isinstance(one, dict) for one in found)
