"""Redaction: secrets are masked and control characters removed before any text is stored or shown.

Two libraries detect secrets, `betterleaks` (rules for hundreds of vendors) and `detect-secrets` (AWS ids, assignments
to password-like names). Both are slow on ordinary code, so a few compiled expressions preselect lines: those with a
long run of token characters and a digit, an assignment to a secret-sounding name, or a URL with credentials. Nothing
here opens a socket: only the expressions of detect-secrets are used, never its verification, which would send a
secret to its vendor.
"""

from collections.abc import Collection, Iterator
from functools import cache

from mom_lsp.redact.context_rules import mask_in_context
from mom_lsp.redact.control_characters import clean
from mom_lsp.redact.detectors import Detector, keyword_detector, suspects, token_detector, urls, vendor_detector
from mom_lsp.redact.prefilter import candidates
from mom_lsp.redact.private_keys import mask_private_keys
from mom_lsp.redact.spans import MARK, replace
from mom_lsp.textcache import empty_too, text_cache

__all__ = ["MARK", "Redactor", "clean", "holds_secret", "redactor", "sanitize", "with_secrets"]

_PIECE, _OVERLAP = 2000, 300  # characters
_ROUNDS = 8  # of masking a line again
_REMEMBERED, _SHORT = 50_000, 300  # lines, of at most so many characters


class Redactor:
    """Masks secrets; the libraries are loaded on first use."""

    def __init__(self) -> None:
        """Start without any library loaded."""
        self._detectors: list[Detector] = []
        self._seen: dict[str, str] = {}  # many lines come back, in the next version of a file

    def mask(self, text: str) -> str:
        """Return `text` with secrets replaced by `[secret]`; the number of lines stays the same."""
        text = mask_in_context(mask_private_keys(text))
        places = candidates(text)
        if not places:
            return text
        masked = self._mask_lines({text[start:end] for start, end in places})
        out, at = [], 0
        for start, end in places:
            line = text[start:end]
            if masked[line] != line:
                out += [text[at:start], masked[line]]
                at = end
        return "".join([*out, text[at:]])

    def forget(self) -> None:
        """Keep no line in memory."""
        self._seen.clear()

    def _mask_lines(self, lines: set[str]) -> dict[str, str]:
        """Map each line to its masked form."""
        seen = self._seen
        masked = {line: known for line in lines if (known := seen.get(line)) is not None}
        masked.update(self._masked(sorted(lines - masked.keys())))
        if len(seen) > _REMEMBERED:
            seen.clear()
        seen.update((line, result) for line, result in masked.items() if len(line) <= _SHORT)
        return masked

    def _masked(self, lines: list[str]) -> Iterator[tuple[str, str]]:
        """Yield each line with its masked form."""
        if not self._detectors:
            self._detectors = [urls, keyword_detector(), token_detector(), vendor_detector()]
        vendor = suspects([piece for line in lines for _, piece in _pieces(line)])
        for line in lines:
            suspect = any(piece in vendor for _, piece in _pieces(line))
            result = _apply(line, self._detectors if suspect else self._detectors[:-1])
            yield line, result if result == line else self._settle(result)  # a secret may have hidden another one

    def _settle(self, line: str) -> str:
        """Mask again until nothing changes; a line that still changes after `_ROUNDS` is masked as a whole."""
        for _ in range(_ROUNDS):
            if (result := _apply(line, self._detectors)) == line:
                return line
            line = result
        return MARK


def _apply(line: str, detectors: list[Detector]) -> str:
    spans = []
    for offset, piece in _pieces(line):
        spans += [(offset + start, offset + end) for detect in detectors for start, end in detect(piece)]
    return replace(line, spans) if spans else line


def _pieces(line: str) -> Iterator[tuple[int, str]]:
    """Cut a very long line (minified code) into overlapping pieces, since the plugins' expressions are not linear."""
    for at in range(0, max(len(line) - _OVERLAP, 1), _PIECE - _OVERLAP):
        yield at, line[at : at + _PIECE]


@cache
def redactor() -> Redactor:
    """Return the one redactor of this process."""
    made = Redactor()
    empty_too(made.forget)
    return made


def sanitize(text: str) -> str:
    """Return `text` without control characters and secrets, safe to store, show or pass to a model."""
    return redactor().mask(clean(text))


def with_secrets(paths: Collection[str]) -> set[str]:
    """Return those of some paths that hold a secret: a masked path would name no file any more."""
    lines = [" ".join(name for part in path.split("/") for name in _without_endings(part)) for path in paths]
    lines = [line.replace("\n", " ") for line in lines]
    masked = redactor().mask("\n".join(lines)).split("\n") if lines else []
    return {path for path, line, after in zip(paths, lines, masked, strict=True) if line != after}


@text_cache(50_000)
def holds_secret(path: str) -> bool:
    """Whether a path holds a secret; most paths of a commit are in others, too."""
    return bool(with_secrets([path]))


def _without_endings(name: str) -> tuple[str, ...]:
    """Return a file name as it is, and without its endings, which hide where a token ends."""
    return tuple({name, name.partition(".")[0], name.rpartition(".")[0]})
