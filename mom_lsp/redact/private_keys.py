"""Private keys, the only secrets that span several lines."""

import re
import string

from mom_lsp.redact.spans import MARK

_KEY_BEGIN = re.compile(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY")
_KEY_END = re.compile(r"-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?(?:-----)?")
_KEY_WHOLE = re.compile(_KEY_BEGIN.pattern + "((?!-----BEGIN).)*?" + _KEY_END.pattern)
_KEY_BODY = re.compile(r"[A-Za-z0-9+/=]+|(?:Proc-Type|DEK-Info|Version|Comment): .*")
_PUTTY = re.compile(r"Private-Lines: (\d{1,4})\b")  # how many lines of a .ppk file follow
_AROUND_KEY = string.punctuation.replace("=", "") + string.whitespace


def mask_private_keys(text: str) -> str:
    """Mask each line of a PEM, PGP or PuTTY private key, also a truncated one; the number of lines stays the same."""
    if "PRIVATE KEY" not in text and "Private-Lines: " not in text:
        return text
    lines = text.split("\n")
    for i, line in enumerate(lines):
        if count := _PUTTY.search(line):
            _mask_key_lines(lines, range(i + 1, min(i + 1 + int(count[1]), len(lines))))
    for i in [i for i, line in enumerate(lines) if "PRIVATE KEY" in line]:
        lines[i] = _KEY_WHOLE.sub(MARK, lines[i])
        while end := _KEY_END.search(lines[i]):
            start = _indent(lines[i]) if _KEY_BODY.fullmatch(_core(lines[i][: end.start()])) else end.start()
            lines[i] = lines[i][:start] + MARK + lines[i][end.end() :]
            _mask_key_lines(lines, range(i - 1, -1, -1))
        if begin := _KEY_BEGIN.search(lines[i]):
            lines[i] = lines[i][: begin.start()] + MARK
            _mask_key_lines(lines, range(i + 1, len(lines)))
    return "\n".join(lines)


def _mask_key_lines(lines: list[str], order: range) -> None:
    """Mask the lines of `order` as long as they look like the inside of a key."""
    blank: list[int] = []
    for i in order:
        core = _core(lines[i])
        if not core:
            blank.append(i)
            if len(blank) > 2:
                return
        elif _KEY_BODY.fullmatch(core):
            lines[i] = lines[i][: _indent(lines[i])] + MARK
            blank.clear()
            if len(core) < 16 and ":" not in core:  # only the last line of a key is short
                return
        else:
            return


def _core(line: str) -> str:
    """Return a line of a key without diff marker, comment, quotes and escaped line ends around it."""
    return line.replace("\\n", "").replace("\\r", "").strip(_AROUND_KEY)


def _indent(line: str) -> int:
    """Return the length of the diff marker and white space at the start of a line."""
    return len(line) - len(line.lstrip("+- \t"))
