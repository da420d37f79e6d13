"""Every setting with its type, default and description. An invalid value is reported and its default used, never fatal.

The names are the same everywhere: in an editor's settings, in the user's file and in a workspace's `.mom.toml`.
The field metadata below is their only list; the documentation and the VS Code client are checked against `describe()`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any, Literal

# Who may set it: "resource" also a workspace; "machine" only the user, since it names or bounds a program or a model;
# "file" only the user's own file, since it decides what to trust, or where what is kept goes.
Scope = Literal["resource", "machine", "file"]
PREFIX = "mom"
TYPES = {bool: "boolean", int: "integer", float: "number", str: "string", tuple: "array"}


def _setting(
    default: Any,
    doc: str,
    *,
    low: float = 0,
    high: float = 0,
    unit: str = "",
    scope: Scope = "resource",
    choices: tuple[str, ...] = (),
) -> Any:
    """Declare one setting; every number has its bounds, so that no value can cause a hang or an overflow."""
    about = {"doc": doc, "low": low, "high": high, "unit": unit, "scope": scope, "choices": choices}
    return field(default=default, metadata=about)


@dataclass(frozen=True, slots=True)
class HintSettings:
    """The inlay hints."""

    enable: bool = _setting(True, "Show memories as hints at the ends of the lines they belong to.")
    delay: int = _setting(500, "Delay after the last keystroke before hints refresh.", high=60_000, unit="milliseconds")
    minimum_surprise: int = _setting(
        1,
        "Show hints only for changes at least this unusual for the repository (1 = all, 5 = the most unusual fifth).",
        low=1,
        high=5,
    )
    warnings: bool = _setting(False, "Warn when you write lines that repeat a reverted change.")
    threshold: float = _setting(0.35, "Minimum estimated usefulness (probability) of a hint.", high=1)


@dataclass(frozen=True, slots=True)
class SuggestSettings:
    """The suggestions."""

    count: int = _setting(3, "Maximum number of suggestions.", low=1, high=50)
    threshold: float = _setting(0.25, "Minimum estimated usefulness (probability) of a suggestion.", high=1)


@dataclass(frozen=True, slots=True)
class RouteSettings:
    """Which domains are searched."""

    domains: float = _setting(
        0.7, "Cumulative probability of the domains that semantic search covers; 1 covers all.", high=1
    )


@dataclass(frozen=True, slots=True)
class StrategySettings:
    """Selection strategies besides the score."""

    dropout: float = _setting(
        0.0,
        "Probability of hiding a frequently used memory in a file for one day, to give others a turn; 0 disables it.",
        high=1,
    )
    explore: float = _setting(
        0.0,
        "Bonus (in log-odds) for unusual memories that were never used: one may take the last place among the"
        " suggestions, marked as on trial; 0 disables trials.",
        high=100,
    )
    variety: float = _setting(
        0.4,
        "Warn when the diversity of recent suggestions (0 to 1) falls below this value; 0 disables the warning.",
        high=1,
    )


@dataclass(frozen=True, slots=True)
class WeightSettings:
    """Multipliers for the terms of the score, on top of the learned weights."""

    sem: float = _setting(1.0, "Multiplier for the semantic term (embeddings); 1 keeps the learned weight.", high=100)
    lex: float = _setting(1.0, "Multiplier for the lexical term (shared words); 1 keeps the learned weight.", high=100)
    temp: float = _setting(1.0, "Multiplier for the recency term; 1 keeps the learned weight.", high=100)
    use: float = _setting(
        1.0, "Multiplier for the usage term (how often a memory was used); 1 keeps the learned weight.", high=100
    )
    place: float = _setting(
        1.0, "Multiplier for the location term (lines, symbol, file); 1 keeps the learned weight.", high=100
    )


@dataclass(frozen=True, slots=True)
class IndexSettings:
    """What is indexed besides commits."""

    comments: bool = _setting(True, "Index comments in committed files.")
    documents: bool = _setting(True, "Index decision records and other documents in committed files.")
    max_file_size: int = _setting(
        1_000_000,
        "Maximum size of a file whose comments or text are indexed.",
        low=1_000,
        high=100_000_000,
        unit="bytes",
    )


@dataclass(frozen=True, slots=True)
class EncoderSettings:
    """How text becomes vectors."""

    enable: bool = _setting(True, "Compute embeddings, and search by meaning as well as by words.")
    model: str = _setting(
        "",
        "Folder of a sentence-transformers model, which needs the `encode` extra; empty uses the built-in MiniLM.",
        scope="machine",
    )


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """The local language model."""

    enable: bool = _setting(True, "Use the local language model, if one is installed.")
    path: str = _setting("", "GGUF file of a language model; empty uses the installed SmolLM2.", scope="machine")
    rephrase: bool = _setting(
        False, 'Let the model rephrase answers to "why"; the default model words them worse than the memories do.'
    )
    context: int = _setting(
        0,
        "Context window (prompt + answer), at least 512; 0 uses what fits this machine (`mom model --plan`).",
        high=131_072,
        unit="tokens",
    )
    max_memory: int = _setting(
        4000,
        "Memory limit of the model process; a larger model is not loaded.",
        low=100,
        high=1_000_000,
        unit="megabytes",
        scope="machine",
    )
    threads: int = _setting(
        0, "Number of threads for the model; 0 uses what fits this machine (`mom model --plan`).", high=256
    )
    idle_minutes: int = _setting(
        5, "Unload the model after this long without a request.", low=1, high=1_440, unit="minutes"
    )
    traces: bool = _setting(True, "Bias the model's attention towards memories that made accepted texts more likely.")


@dataclass(frozen=True, slots=True)
class CompletionSettings:
    """Inline completion."""

    enable: bool = _setting(
        False, "Enable inline completion by the local model, using memories of the current location."
    )


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """The process behind the editor."""

    idle_minutes: int = _setting(
        1,
        "Stop the engine (background process) after this long without a request, if no editor is connected.",
        low=1,
        high=1_440,
        unit="minutes",
    )


@dataclass(frozen=True, slots=True)
class FleetSettings:
    """The memory that a company's repositories share."""

    uri: str = _setting(
        "", "Folder or `s3://bucket/prefix` of the fleet that `--fleet` searches; empty for none.", scope="file"
    )
    exclude: tuple[str, ...] = _setting(
        (), "Never publish these files to a fleet, with patterns as in `.gitignore`.", scope="file"
    )
    exclude_repositories: tuple[str, ...] = _setting(
        (),
        "Never publish these repositories to a fleet: names such as `acme/secret-*`, or full paths.",
        scope="file",
    )
    cache_size: int = _setting(
        1_000,
        "Maximum size of the local copy of a fleet; repositories that do not fit are left out.",
        low=1,
        high=1_000_000,
        unit="megabytes",
        scope="file",
    )


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings, complete and valid."""

    enable: bool = _setting(True, "Enable mom in this folder.")
    exclude: tuple[str, ...] = _setting(
        (), "Exclude files from indexing and suggestions, with patterns as in `.gitignore`."
    )
    languages_disabled: tuple[str, ...] = _setting(
        (), "Disable mom in files of these languages (LSP language identifiers)."
    )
    hover: str = _setting(
        "all",
        "Show memories on hover: on every line that has one (`all`), on lines with a hint (`hints`), or never (`off`).",
        choices=("hints", "all", "off"),
    )
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
    fleet: FleetSettings = FleetSettings()
    trust_editor: bool = _setting(
        False,
        "Whether an editor that does not separate user from workspace settings (any but VS Code) may name a model.",
        scope="file",
    )


@dataclass(frozen=True, slots=True)
class SettingInfo:
    """The documentation of one setting."""

    name: str  # "mom.hints.delay"
    type: str  # as in JSON Schema: boolean, integer, number, string, array (of strings)
    default: Any  # a list for an array
    doc: str
    scope: Scope
    unit: str = ""
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()  # of a string; empty for any text


def describe() -> list[SettingInfo]:
    """Return every setting in the order of this file."""
    return list(KNOWN.values())


def camel(name: str) -> str:
    """Return a field's name as a setting: "maxMemory" for "max_memory"."""
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
        choices=item.metadata["choices"],
    )


KNOWN = {name: _info(name, item) for name, item in _leaves(Settings)}  # by dotted name without the prefix
GROUPS = frozenset(name.rpartition(".")[0] for name in KNOWN if "." in name)
