"""Options of clients and files, merged into settings. An invalid option is reported, and the value before it stays."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from mom_lsp.settings.fields import GROUPS, KNOWN, PREFIX, Scope, SettingInfo, Settings, camel

PATTERNS = frozenset({"exclude", "fleet.exclude"})  # settings that are patterns as in `.gitignore`
MAX_REPORTS = 20  # of one source: an invalid file must not cost seconds or flood a log


def parse_settings(
    options: object, *, base: Settings | None = None, refused: Mapping[Scope, str] | None = None
) -> tuple[Settings, list[str]]:
    """Return settings with options merged into them, and the problems found.

    Args:
        options: a mapping of nested or dotted names; anything else that a client sends is reported.
        base: the settings to merge into, by default the defaults.
        refused: by scope, why these options cannot change its settings. Repeating the present value is no change.
    """
    values = _values(base or Settings())
    reports = _Reports()
    if isinstance(options, Mapping):
        for name, value in _flatten(options):
            _apply(values, name, value, refused or {}, reports)
    elif options is not None:
        reports.add(f"{PREFIX}: expected settings by name, got {_shown(options)}; ignored")
    return _build(Settings, values), reports.all()


class _Reports:
    """Collects problems, and only counts them beyond a limit."""

    def __init__(self) -> None:
        self._reports: list[str] = []
        self._more = 0

    @property
    def full(self) -> bool:
        return len(self._reports) >= MAX_REPORTS

    def add(self, report: str) -> None:
        if self.full:
            self._more += 1
        else:
            self._reports.append(report)

    def all(self) -> list[str]:
        return [*self._reports, f"{self._more} more problems"] if self._more else self._reports


def _flatten(options: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield (dotted name without the prefix, value); descends only into groups of settings."""
    for key, value in options.items():
        if not prefix and key == PREFIX and isinstance(value, Mapping):
            yield from _flatten(value, f"{PREFIX}.")
            continue
        name = (prefix + str(key)).removeprefix(f"{PREFIX}.")
        if name in GROUPS and isinstance(value, Mapping):
            yield from _flatten(value, f"{PREFIX}.{name}.")
        else:
            yield name, value


def _apply(values: dict[str, Any], name: str, value: Any, refused: Mapping[Scope, str], reports: _Reports) -> None:
    info = KNOWN.get(name)
    if info is None:
        reports.add("" if reports.full else _unknown(name))
    elif value is None:
        return  # a client's way to say that nothing is set
    elif (parsed := _parse(info, value)) is None:
        reports.add(f"{info.name}: expected {_expected(info)}, got {_shown(value)}; using {json.dumps(values[name])}")
    elif parsed == values[name]:
        return
    elif info.scope in refused:
        reports.add(f"{info.name}: {refused[info.scope]}")
    else:
        values[name] = _matching(info, parsed, reports) if name in PATTERNS else parsed


def _matching(info: SettingInfo, patterns: tuple[str, ...], reports: _Reports) -> tuple[str, ...]:
    """Return the patterns that can be read; git passes over the others, too."""
    from pathspec import GitIgnoreSpec  # here: most exclude nothing

    found = []
    for pattern in patterns:
        try:
            GitIgnoreSpec.from_lines([pattern])
        except (ValueError, re.error):
            reports.add(f"{info.name}: {_shown(pattern)} is no pattern of `.gitignore`; ignored")
        else:
            found.append(pattern)
    return tuple(found)


def _unknown(name: str) -> str:
    import difflib

    if name in GROUPS:
        return f"{PREFIX}.{name}: expected a group of settings; ignored"
    near = difflib.get_close_matches(name[:64], KNOWN, n=1)
    meant = f"; did you mean {PREFIX}.{near[0]}?" if near else ""
    return f"{_shown(f'{PREFIX}.{name}')[1:-1]} is not a setting and is ignored{meant}"


def _parse(info: SettingInfo, value: Any) -> Any:
    """Return the value as its type, None if it is invalid."""
    if info.type == "boolean":
        return value if isinstance(value, bool) else None
    if info.type == "string":
        return value if isinstance(value, str) and (not info.choices or value in info.choices) else None
    if info.type == "array":
        valid = isinstance(value, list | tuple) and all(isinstance(item, str) for item in value)
        return tuple(value) if valid else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    assert info.minimum is not None and info.maximum is not None  # every number declares them
    if not info.minimum <= value <= info.maximum:  # false for a NaN too
        return None
    if info.type == "number":
        return float(value)
    return int(value) if value == int(value) else None


def _expected(info: SettingInfo) -> str:
    if info.choices:
        return f"one of {', '.join(info.choices)}"
    plain = {"boolean": "true or false", "string": "a string", "array": "a list of strings"}
    if info.type in plain:
        return plain[info.type]
    kind = "an integer" if info.type == "integer" else "a number"
    unit = f" of {info.unit}" if info.unit else ""
    return f"{kind}{unit} from {info.minimum:g} to {info.maximum:g}"


def _shown(value: Any) -> str:
    """Return a short repr of a value of any size, which escapes control characters."""
    import reprlib

    try:
        return reprlib.repr(value)
    except ValueError:  # an integer of more digits than Python prints
        return "a number with too many digits"


def differing(one: Settings, other: Settings) -> list[str]:
    """Return the names of the settings that differ."""
    ours, theirs = _values(one), _values(other)
    return [f"{PREFIX}.{name}" for name, value in ours.items() if value != theirs[name]]


def _values(settings: Any, prefix: str = "") -> dict[str, Any]:
    """Return the settings by dotted name."""
    found: dict[str, Any] = {}
    for item in fields(settings):
        name, value = prefix + camel(item.name), getattr(settings, item.name)
        found.update(_values(value, f"{name}.") if is_dataclass(value) else {name: value})
    return found


def _build(cls: type, values: dict[str, Any], prefix: str = "") -> Any:
    """Build a dataclass from values by dotted name."""
    parts: dict[str, Any] = {}
    for item in fields(cls):
        name = prefix + camel(item.name)
        group = is_dataclass(item.default)
        parts[item.name] = _build(type(item.default), values, f"{name}.") if group else values[name]
    return cls(**parts)
