"""Every setting with its type, default and meaning. A bad value is reported and defaulted, never fatal.

The names are the same everywhere: in an editor's settings, in the user's file and in a workspace's `.mom.toml`.
The field metadata below is their only list; README and the VS Code client are checked against `describe()`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any, Literal

# Who may set it: "resource" anybody; "machine" nobody but the user, since it names a program or a model, or bounds it;
# "file" only the user's own file, since it says whom to trust.
Scope = Literal["resource", "machine", "file"]
PREFIX = "mom"
TYPES = {bool: "boolean", int: "integer", float: "number", str: "string", tuple: "array"}


def _setting(
    default: Any, doc: str, *, low: float = 0, high: float = 0, unit: str = "", scope: Scope = "resource"
) -> Any:
    """Declare one setting; every number has its bounds, so that no value can hang or overflow anything."""
    return field(default=default, metadata={"doc": doc, "low": low, "high": high, "unit": unit, "scope": scope})


@dataclass(frozen=True, slots=True)
class HintSettings:
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
class SuggestSettings:
    """What is suggested."""

    count: int = _setting(3, "How many memories are suggested at most.", low=1, high=50)
    threshold: float = _setting(
        0.1, "The least chance, as calibrated on real follow-ups, that a memory needs to be suggested.", high=1
    )


@dataclass(frozen=True, slots=True)
class RouteSettings:
    """Where memories are looked for."""

    domains: float = _setting(
        0.7, "How much of the gate's trust the domains have that are searched by meaning; 1 searches all.", high=1
    )


@dataclass(frozen=True, slots=True)
class StrategySettings:
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
class WeightSettings:
    """How much each term counts in a score: factors on what was learned."""

    sem: float = _setting(1.0, "How much the meaning counts, the similarity of the embeddings: 1 as learned.", high=100)
    lex: float = _setting(1.0, "How much the words in common count: 1 as learned.", high=100)
    temp: float = _setting(1.0, "How much it counts how recent a memory is: 1 as learned.", high=100)
    use: float = _setting(1.0, "How much it counts how often a memory proved useful: 1 as learned.", high=100)
    place: float = _setting(
        1.0, "How much the place counts, the lines, the symbol and the file it is about: 1 as learned.", high=100
    )


@dataclass(frozen=True, slots=True)
class IndexSettings:
    """What is read besides the commits."""

    comments: bool = _setting(True, "Read comments of the committed files.")
    documents: bool = _setting(True, "Read decision records and other documents of the committed files.")
    max_file_size: int = _setting(
        1_000_000, "Larger files are not read for comments.", low=1_000, high=100_000_000, unit="bytes"
    )


@dataclass(frozen=True, slots=True)
class EncoderSettings:
    """How text becomes vectors."""

    enable: bool = _setting(True, "Compare by meaning too, if the `encode` extra is installed.")
    model: str = _setting(
        "", "Folder of a sentence-transformers model; empty for the MiniLM that is installed.", scope="machine"
    )
    context: bool = _setting(False, "What was edited a moment ago counts too: the read-out of a continuous memory.")


@dataclass(frozen=True, slots=True)
class ModelSettings:
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
class CompletionSettings:
    """Text to insert."""

    enable: bool = _setting(False, "Offer the rest of a line, by the local model with the memories of the place.")


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """The process behind the editor."""

    idle_minutes: int = _setting(
        10, "After how long without a question the engine leaves.", low=1, high=1_440, unit="minutes"
    )


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings, complete and valid."""

    enable: bool = _setting(True, "Enable mom in this folder.")
    exclude: tuple[str, ...] = _setting((), "Files never read or suggested on, as in .gitignore.")
    languages_disabled: tuple[str, ...] = _setting((), "Languages without suggestions, by their LSP identifier.")
    hints: HintSettings = HintSettings()
    suggest: SuggestSettings = SuggestSettings()
    route: RouteSettings = RouteSettings()
    strategies: StrategySettings = StrategySettings()
    weights: WeightSettings = WeightSettings()
    index: IndexSettings = IndexSettings()
    encoder: EncoderSettings = EncoderSettings()
    model: ModelSettings = ModelSettings()
    completion: CompletionSettings = CompletionSettings()
    engine: EngineSettings = EngineSettings()
    trust_editor: bool = _setting(
        False,
        "Let an editor that does not tell your settings from a workspace's (any but VS Code) name a model.",
        scope="file",
    )


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
    return list(KNOWN.values())


def camel(name: str) -> str:
    """Return a field's name as it is written in settings: "max_memory" is "maxMemory"."""
    return re.sub(r"_(\w)", lambda match: match[1].upper(), name)


def _leaves(cls: type, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield (dotted name, dataclass field) of every setting, depth first."""
    for item in fields(cls):
        name = prefix + camel(item.name)
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


KNOWN = {name: _info(name, item) for name, item in _leaves(Settings)}  # by dotted name without the prefix
GROUPS = frozenset(name.rpartition(".")[0] for name in KNOWN if "." in name)
