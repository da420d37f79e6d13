"""Every setting with its type, default and meaning. A bad value is reported and defaulted, never fatal.

The names are the same everywhere: in an editor's settings, in the user's file and in a workspace's `.mom.toml`.
The field metadata below is their only list; README and the VS Code client are checked against `describe()`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any, Literal

Scope = Literal["resource", "machine"]  # a machine setting is never read from a workspace
PREFIX = "mom"
WORKSPACE_FILE = ".mom.toml"
MAX_FILE_BYTES = 64 * 1024
MAX_REPORTS = 20  # of one source: a file full of nonsense must not cost seconds or flood a log
TYPES = {bool: "boolean", int: "integer", float: "number", str: "string", tuple: "array"}


def _setting(
    default: Any, doc: str, *, low: float = 0, high: float = 0, unit: str = "", scope: Scope = "resource"
) -> Any:
    """Declare one setting; every number has its bounds, so that no value can hang or overflow anything."""
    return field(default=default, metadata={"doc": doc, "low": low, "high": high, "unit": unit, "scope": scope})


@dataclass(frozen=True, slots=True)
class Hints:
    """The inlay hints."""

    enable: bool = _setting(True, "Show memories at the end of the lines they belong to.")
    delay: int = _setting(500, "How long typing must rest before hints are renewed.", high=60_000, unit="milliseconds")
    minimum_surprise: int = _setting(
        4, "The least surprise a memory needs to be shown as a hint: 1 shows all, 5 only the rarest.", low=1, high=5
    )
    warnings: bool = _setting(False, "Hint at lines being written that were tried before and taken back.")
    threshold: float = _setting(
        0.15, "The least chance, as calibrated on real follow-ups, that a memory needs to be shown as a hint.", high=1
    )


@dataclass(frozen=True, slots=True)
class Suggest:
    """What is suggested."""

    count: int = _setting(3, "How many memories are suggested at most.", low=1, high=50)
    threshold: float = _setting(
        0.1, "The least chance, as calibrated on real follow-ups, that a memory needs to be suggested.", high=1
    )


@dataclass(frozen=True, slots=True)
class Route:
    """Where memories are looked for."""

    domains: float = _setting(
        0.7, "How much of the gate's trust the domains have that are searched by meaning; 1 searches all.", high=1
    )


@dataclass(frozen=True, slots=True)
class Strategies:
    """What else than the score decides who is shown."""

    dropout: float = _setting(
        0.0, "The chance that a memory that was used much is left out of a file for a day; 0 leaves none out.", high=1
    )
    explore: float = _setting(
        0.0,
        "How much an important memory that nobody used yet is favoured, in log-odds, for the last of the suggestions,"
        " marked as on trial; 0 tries none.",
        high=100,
    )
    variety: float = _setting(
        0.4,
        "The least variety of what was shown lately, in [0, 1], below which `mom status` warns; 0 is quiet.",
        high=1,
    )


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each term counts in a score: factors on what was learned."""

    sem: float = _setting(1.0, "How much the meaning counts, the similarity of the embeddings: 1 as learned.", high=100)
    lex: float = _setting(1.0, "How much the words in common count: 1 as learned.", high=100)
    temp: float = _setting(1.0, "How much it counts how recent a memory is: 1 as learned.", high=100)
    use: float = _setting(1.0, "How much it counts how often a memory proved useful: 1 as learned.", high=100)
    place: float = _setting(
        1.0, "How much the place counts, the lines, the symbol and the file it is about: 1 as learned.", high=100
    )


@dataclass(frozen=True, slots=True)
class Index:
    """What is read besides the commits."""

    comments: bool = _setting(True, "Read comments of the committed files.")
    documents: bool = _setting(True, "Read decision records and other documents of the committed files.")
    max_file_size: int = _setting(
        1_000_000, "Larger files are not read for comments.", low=1_000, high=100_000_000, unit="bytes"
    )


@dataclass(frozen=True, slots=True)
class Encoder:
    """How text becomes vectors."""

    enable: bool = _setting(True, "Compare by meaning too, if the `encode` extra is installed.")
    model: str = _setting(
        "", "Folder of a sentence-transformers model; empty for the MiniLM that is installed.", scope="machine"
    )
    context: bool = _setting(False, "What was edited a moment ago counts too: the read-out of a continuous memory.")


@dataclass(frozen=True, slots=True)
class Model:
    """The local language model."""

    enable: bool = _setting(True, "Have a local model word answers, if one is installed.")
    path: str = _setting("", "GGUF file of a language model; empty for the SmolLM2 that is installed.", scope="machine")
    context: int = _setting(
        2048, "Prompt and answer together; more costs memory.", low=512, high=131_072, unit="tokens"
    )
    max_memory: int = _setting(
        4000,
        "The most memory that the model's process may take; a larger model is refused before it is loaded.",
        low=100,
        high=1_000_000,
        unit="megabytes",
        scope="machine",
    )
    threads: int = _setting(
        0, "Threads that the model may use; 0 for one less than there are cores, four at most.", high=256
    )
    idle_minutes: int = _setting(
        5, "After how long without a question the model leaves the memory.", low=1, high=1_440, unit="minutes"
    )
    traces: bool = _setting(True, "Draw the model's attention to the memories that made accepted texts likelier.")


@dataclass(frozen=True, slots=True)
class Completion:
    """Text to insert."""

    enable: bool = _setting(False, "Offer the rest of a line, by the local model with the memories of the place.")


@dataclass(frozen=True, slots=True)
class Engine:
    """The process behind the editor."""

    idle_minutes: int = _setting(
        10, "After how long without a question the engine leaves.", low=1, high=1_440, unit="minutes"
    )


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings, complete and valid."""

    enable: bool = _setting(True, "Turn everything off here.")
    exclude: tuple[str, ...] = _setting((), "Files never read or suggested on, as in .gitignore.")
    languages_disabled: tuple[str, ...] = _setting((), "Languages without suggestions, by their LSP identifier.")
    hints: Hints = Hints()
    suggest: Suggest = Suggest()
    route: Route = Route()
    strategies: Strategies = Strategies()
    weights: Weights = Weights()
    index: Index = Index()
    encoder: Encoder = Encoder()
    model: Model = Model()
    completion: Completion = Completion()
    engine: Engine = Engine()


@dataclass(frozen=True, slots=True)
class SettingInfo:
    """One setting as it is documented."""

    name: str  # "mom.hints.delay"
    type: str  # as in JSON Schema: boolean, integer, number, string, array (of strings)
    default: Any  # a list for an array
    doc: str
    scope: Scope
    unit: str = ""
    minimum: float | None = None
    maximum: float | None = None


def describe() -> list[SettingInfo]:
    """Return every setting in the order of this file."""
    return list(_KNOWN.values())


def parse_settings(
    options: object, *, trusted: bool = True, base: Settings | None = None
) -> tuple[Settings, list[str]]:
    """Lay options, nested or with dotted names, over `base` (the defaults); return them with what was wrong.

    `options` should be a mapping, but whatever a client sends is survived.
    Options that are not `trusted`, because a repository brings them, cannot change a setting of the machine.
    """
    values = _values(base or Settings())
    reports = _Reports()
    if isinstance(options, Mapping):
        for name, value in _flatten(options):
            _apply(values, name, value, trusted, reports)
    elif options is not None:
        reports.add(f"{PREFIX}: expected settings by name, got {_shown(options)}; ignored")
    return _build(Settings, values), reports.all()


def load_settings(root: Path | None) -> tuple[Settings, list[str]]:
    """Read the user's file, then what the workspace at `root` may say in `.mom.toml`; say what was wrong."""
    import platformdirs

    user_file = platformdirs.user_config_path("mom-lsp") / "settings.toml"
    settings, reports = _overlay(Settings(), user_file, trusted=True)
    if root is not None:
        settings, more = _overlay(settings, root / WORKSPACE_FILE, trusted=False)
        reports += more
    return settings, reports


def _overlay(base: Settings, path: Path, *, trusted: bool) -> tuple[Settings, list[str]]:
    try:
        options = _read_toml(path, follow=trusted)
    except FileNotFoundError:
        return base, []
    except RecursionError:
        return base, [f"{path}: nested too deeply; ignored"]
    except (OSError, ValueError) as error:  # a TOMLDecodeError and a UnicodeDecodeError are ValueErrors
        return base, [f"{path}: {error}; ignored"]
    settings, reports = parse_settings(options, trusted=trusted, base=base)
    return settings, [f"{path}: {report}" for report in reports]


def _read_toml(path: Path, *, follow: bool) -> dict[str, Any]:
    """Read a small regular file; one that a repository brings must not lead elsewhere by a link."""
    import tomllib

    if not follow and path.is_symlink():
        raise ValueError("is a symbolic link")
    if path.exists() and not path.is_file():
        raise ValueError("is not a regular file")
    with path.open("rb") as file:
        content = file.read(MAX_FILE_BYTES + 1)
    if len(content) > MAX_FILE_BYTES:
        raise ValueError(f"is larger than {MAX_FILE_BYTES} bytes")
    return tomllib.loads(content.decode("utf-8"))


class _Reports:
    """Collects what was wrong, and only counts beyond a limit."""

    def __init__(self) -> None:
        self._kept: list[str] = []
        self._more = 0

    @property
    def full(self) -> bool:
        return len(self._kept) >= MAX_REPORTS

    def add(self, report: str) -> None:
        if self.full:
            self._more += 1
        else:
            self._kept.append(report)

    def all(self) -> list[str]:
        return [*self._kept, f"{self._more} more were wrong"] if self._more else self._kept


def _flatten(options: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield full dotted names without our prefix; descends only where there is a group of settings."""
    for key, value in options.items():
        if not prefix and key == PREFIX and isinstance(value, Mapping):
            yield from _flatten(value, f"{PREFIX}.")
            continue
        name = (prefix + str(key)).removeprefix(f"{PREFIX}.")
        if name in _GROUPS and isinstance(value, Mapping):
            yield from _flatten(value, f"{PREFIX}.{name}.")
        else:
            yield name, value


def _apply(values: dict[str, Any], name: str, value: Any, trusted: bool, reports: _Reports) -> None:
    info = _KNOWN.get(name)
    if info is None:
        reports.add("" if reports.full else _unknown(name))
    elif value is None:
        return  # how a client says that nothing is set
    elif info.scope == "machine" and not trusted:
        reports.add(f"{info.name}: a workspace cannot set this; set it in your own settings")
    elif (parsed := _parse(info, value)) is None:
        kept = list(values[name]) if info.type == "array" else values[name]
        reports.add(f"{info.name}: expected {_expected(info)}, got {_shown(value)}; using {kept!r}")
    else:
        values[name] = parsed


def _unknown(name: str) -> str:
    import difflib

    if name in _GROUPS:
        return f"{PREFIX}.{name}: expected a group of settings; ignored"
    near = difflib.get_close_matches(name[:64], _KNOWN, n=1)
    meant = f": did you mean {PREFIX}.{near[0]}?" if near else ""
    return f"{_shown(f'{PREFIX}.{name}')[1:-1]} is not a setting{meant}"


def _parse(info: SettingInfo, value: Any) -> Any:
    """Return the value as its type, or None if it is not one."""
    if info.type == "boolean":
        return value if isinstance(value, bool) else None
    if info.type == "string":
        return value if isinstance(value, str) else None
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
    plain = {"boolean": "true or false", "string": "a string", "array": "a list of strings"}
    if info.type in plain:
        return plain[info.type]
    kind = "a whole number" if info.type == "integer" else "a number"
    unit = f" of {info.unit}" if info.unit else ""
    return f"{kind}{unit} from {info.minimum:g} to {info.maximum:g}"


def _shown(value: Any) -> str:
    """Return a short form of a value of any size; repr() escapes control characters."""
    import reprlib

    try:
        return reprlib.repr(value)
    except ValueError:  # an integer of more digits than Python prints
        return "a huge number"


def _camel(name: str) -> str:
    return re.sub(r"_(\w)", lambda match: match[1].upper(), name)


def _leaves(cls: type, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield (dotted name, dataclass field) of every setting, depth first."""
    for item in fields(cls):
        name = prefix + _camel(item.name)
        if is_dataclass(item.default):
            yield from _leaves(type(item.default), f"{name}.")
        else:
            yield name, item


def _info(name: str, item: Any) -> SettingInfo:
    kind = TYPES[type(item.default)]
    bounded = kind in ("integer", "number")
    return SettingInfo(
        name=f"{PREFIX}.{name}",
        type=kind,
        default=list(item.default) if kind == "array" else item.default,
        doc=item.metadata["doc"],
        scope=item.metadata["scope"],
        unit=item.metadata["unit"],
        minimum=item.metadata["low"] if bounded else None,
        maximum=item.metadata["high"] if bounded else None,
    )


def _values(settings: Any, prefix: str = "") -> dict[str, Any]:
    """Return the settings by dotted name."""
    found: dict[str, Any] = {}
    for item in fields(settings):
        name, value = prefix + _camel(item.name), getattr(settings, item.name)
        found.update(_values(value, f"{name}.") if is_dataclass(value) else {name: value})
    return found


def _build(cls: type, values: dict[str, Any], prefix: str = "") -> Any:
    """Return the dataclass from values by dotted name."""
    parts: dict[str, Any] = {}
    for item in fields(cls):
        name = prefix + _camel(item.name)
        group = is_dataclass(item.default)
        parts[item.name] = _build(type(item.default), values, f"{name}.") if group else values[name]
    return cls(**parts)


_KNOWN = {name: _info(name, item) for name, item in _leaves(Settings)}
_GROUPS = frozenset(name.rpartition(".")[0] for name in _KNOWN if "." in name)
