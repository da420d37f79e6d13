"""Detectors, each of which yields the spans of the secrets in a line."""

import re
from collections.abc import Callable, Iterator
from itertools import islice, pairwise
from typing import Any

from mom_lsp.offline import no_probe
from mom_lsp.redact.spans import MARK, Span

Detector = Callable[[str], Iterator[Span]]

# Names of secrets, in English and in other languages, and what assigns to them.
_KEYWORD = re.compile(
    r"(?P<name>(?:api|auth|service|account|db|database|priv|private|client)_?key|(?:db|database|key)_?pass"
    r"|passwd|password|pwd|secret|(?-i:[A-Z\d]_PASS)\b|(?:smtp|mail|ftp|mysql|redis|root|admin|user)_pass\b"
    r"|passwort|kennwort|mot de passe[ \xa0\u202f]?|contrase[ñn]a|(?<![a-z])senha|парол|密[码碼](?!学|學)|口令"
    r"|パスワード|비밀번호|암호(?!화))(?P<rest>[\w-]{0,40}[\"'`\])]{0,3}\s{0,3}(?::=|=>|[!=]=?=?|[:\uff1a]|\())",
    re.IGNORECASE,
)
# First characters of the tokens that detect-secrets' other plugins detect.
_TOKEN = re.compile(
    r"A(?:3T|BIA|CCA|KIA|SIA|KC|P[\dA-F]|ccountKey=|C[a-z0-9]{32})|S(?:G\.|K[a-z0-9]{32})|cloudant|softlayer|sq0csp-"
    r"|xox[a-z]-|hooks\.slack|eyJ|-us\d|[rs]k_live_|sk-|g(?:h[opsur]_|l[a-z]{2,8}-)|GR1348941|_authToken|npm_|pypi-"
    r"|\d{8}:|aws|[MNO][\w-]{23}"
)
_OPENAI = "T3BlbkFJ"  # in the middle of OpenAI's keys
_URL = re.compile(r"://[^\s/:@\"'<>`]{0,100}:(?!(?:\d+|[%$]\w+|\$?\{\w+\})[/?])((?:(?!://)[^\s\"'<>`]){1,200})@")
_SECRET_NAME = re.compile(r"(?i)pass|pwd|secret|token|api_?key|auth")
_HASH = re.compile(r"(?i)[0-9a-f]{7,12}|[0-9a-f]{40}|[0-9a-f]{64}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_TEMPLATE = re.compile(r"\$\w+|[$#]?\{.*\}|.*\$\{.*|%\(.*|%[A-Za-z_]+%?|<.*>|\W*|x+|\.{3}.*", re.IGNORECASE | re.DOTALL)
_REFERENCE = re.compile(r"[A-Za-z_][\w]*(?:(?:\.|->|::|\?\.)[A-Za-z_]\w*|\[[^]]*\]?|\(.*)+", re.DOTALL)
_CALL = re.compile(r"[A-Za-z_]\w*+(?:(?:\.|->|::|\?\.)[A-Za-z_]\w*+)*+\(")
_PLACEHOLDER = re.compile(
    r"pass(word|wd|phrase)|secret|token|string|none|null|true|false|example|changeme|placeholder|required|optional"
    r"|hidden|redacted|undefined|test(ing)?|username|value|text|v\d+(?:(?:alpha|beta)\d*)?"
    # algorithms
    r"|argon2(?:id|[id])?|(?:hmac[-_]?|pbkdf2[-_:]?|scram[-_]?)?(?:md5|sha-?\d{1,3}(?:[-_/]\d{3})?)|[hr]s(?:256|512)"
    r"|base-?(?:32|58|64)|utf-?(?:8|16|32)(?:le|be)?|aes-?\d{3}(?:[-_](?:gcm|cbc|ctr))?|(?:x|ed)25519|rsa-?\d{4}|x\.?509"
    r"|oauth-?2",
    re.IGNORECASE,
)
_MIXED = re.compile(r"(?=\D*\d)(?=[^A-Za-z]*[A-Za-z])")
_SCHEME = re.compile(r"(?i)base-?\d|md[45]|sha-?\d|utf-?\d|x\.?509|pbkdf2|bcrypt|argon2|oauth-?2|v?\d[.,)\d]*\Z|2fa")
_PROMPT = re.compile(
    r"(?i)\b(?:enter|your|please|the|a|an|is|for|not|no|must|to|type|new|again|wrong|invalid|key|file|phrase|password)\b"
)
_ALLOW = re.compile(r"(leaks):(allow)", re.IGNORECASE)
_TOKEN_END = re.compile(r"(?:[,)\]}<>|&`]|\.(?!\S))(?<=[\w-]{16}.)")
_KNOWN_NAME = "pwd"  # to detect-secrets, which knows few other names
_VALUE_END = re.compile(r"[\s,;\u3000-\u9fff\uac00-\ud7a3\uff00-\uff65]")  # Chinese or Korean may follow directly
MAX_WORDS = 3  # of a password
MAX_ASSIGNMENTS = 20  # to secret-sounding names in one piece of a line; nobody writes more, and all of it is masked
_BATCH = 50  # lines per betterleaks call: with fewer the call overhead dominates, with more its superlinear search


def random_looking(word: str) -> bool:
    """Whether a string (xKqPzRtY) is random rather than words or camelCase: how often case or class changes."""
    kinds = ["d" if c.isdigit() else "u" if c.isupper() else "l" if c.islower() else "o" for c in word]
    changes = sum(a != b for a, b in pairwise(kinds))
    return changes > 0.34 * (len(word) - 1)


def names_a_scheme(word: str) -> bool:
    """Whether a word begins like the name of an encoding or algorithm, or is a version."""
    return bool(_SCHEME.match(word))


def is_prompt(text: str) -> bool:
    """Whether a text asks for a password, or complains about one."""
    return bool(_PROMPT.search(text))


def plausible(value: str, *, quoted: bool) -> bool:
    """Whether a value assigned to a secret-sounding name may be a secret, not code, a template or a placeholder."""
    if len(value) < (4 if quoted else 6) or MARK in value or _TEMPLATE.fullmatch(value):
        return False
    if _PLACEHOLDER.fullmatch(value):
        return False
    if any(c.isspace() for c in value):
        return quoted and _words_of_password(value)
    if quoted:
        return any(c.isalnum() for c in value)
    digits = sum(c.isdigit() for c in value)
    if value.isdigit() or value[0] in "&*([{<$%" or value[-1] in ">}":
        return False
    if _CALL.match(value) or (digits < 2 and _REFERENCE.fullmatch(value)):
        return False
    return random_looking(value) or (digits > 0 and not value.isupper())


def _words_of_password(value: str) -> bool:
    """Whether a quoted text with blanks may be a password: few words, one of letters and digits, and no message."""
    words = value.split()
    if len(words) > MAX_WORDS or is_prompt(value) or any(names_a_scheme(word) for word in words):
        return False
    return any(_MIXED.match(word) for word in words)


def urls(line: str) -> Iterator[Span]:
    """Yield passwords in scheme://user:password@host."""
    for match in _URL.finditer(line):
        if not _TEMPLATE.fullmatch(match[1]):
            yield match.span(1)


def _value_span(text: str, value: str, start: int) -> Span:
    """Return the span of the secret in `value`, found at `start` of `text`; an empty span if it is no secret."""
    quoted = text[start - 1 : start] in {'"', "'", "`"} or value[:1] in {'"', "'", "`"}
    core = value if quoted else _VALUE_END.split(value, maxsplit=1)[0].rstrip("\\.)]}")
    core = core.strip("\"'`")
    start += value.find(core)
    return (start, start + len(core)) if core and plausible(core, quoted=quoted) else (0, 0)


def keyword_detector() -> Detector:
    """Return a detector of assignments to secret-sounding names, by detect-secrets."""
    with no_probe():
        from detect_secrets.plugins import keyword

    plugin = keyword.KeywordDetector()
    forms = (
        keyword.QUOTES_REQUIRED_DENYLIST_REGEX_TO_GROUP,
        keyword.CONFIG_DENYLIST_REGEX_TO_GROUP,
        keyword.GOLANG_DENYLIST_REGEX_TO_GROUP,
    )

    def detect(line: str) -> Iterator[Span]:
        found = list(islice(_KEYWORD.finditer(line), MAX_ASSIGNMENTS + 1))
        if len(found) > MAX_ASSIGNMENTS:
            yield found[0].start(), len(line)
            return
        for match in found:
            text = _KNOWN_NAME + line[match.start("rest") : match.end() + 300].replace("\uff1a", ":")
            at = match.start("rest") - len(_KNOWN_NAME)
            for form in forms:
                for value in plugin.analyze_string(text, form):
                    start, end = _value_span(text, value, text.find(value, match.end() - at))
                    yield at + start, at + end

    return detect


def token_detector() -> Detector:
    """Return a detector of tokens with a known format, by detect-secrets' regular expressions."""
    with no_probe():
        from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class
        from detect_secrets.plugins.base import RegexBasedDetector

    # IP addresses are no secrets here; URLs and keys have our own detectors, since the plugins find only part of them.
    elsewhere = {"IPPublicDetector", "BasicAuthDetector", "PrivateKeyDetector"}
    kinds: list[type[Any]] = [*get_mapping_from_secret_type_to_class().values()]
    plugins = [kind() for kind in kinds if issubclass(kind, RegexBasedDetector) and kind.__name__ not in elsewhere]
    patterns: list[re.Pattern[str]] = [pattern for plugin in plugins for pattern in plugin.denylist]

    def detect(line: str) -> Iterator[Span]:
        if _TOKEN.search(line):
            for pattern in patterns:
                if _OPENAI in pattern.pattern and _OPENAI not in line:
                    continue  # what comes before it takes quadratic time
                for match in pattern.finditer(line):
                    groups = [match.span(i) for i in range(1, pattern.groups + 1)]
                    long = [(start, end) for start, end in groups if end - start >= 12]
                    yield from long or [match.span()]  # a short group is a prefix, or a choice of words

    return detect


def _occurrences(line: str, value: str) -> Iterator[Span]:
    at = line.find(value)
    while at >= 0:
        yield at, at + len(value)
        at = line.find(value, at + len(value))


def vendor_detector() -> Detector:
    """Return a detector of vendors' tokens and of generic assignments, by betterleaks."""
    import betterleaks

    def detect(line: str) -> Iterator[Span]:
        plain = _scannable(line)
        for found in betterleaks.scan_string(plain):
            yield from _vendor_spans(plain, found.rule_id, found.match.full, found.match.value)

    return detect


def _vendor_spans(line: str, rule: str, full: str, value: str) -> Iterator[Span]:
    """Yield the spans of a finding in `line`, unless it is a hash, or a broad rule matched code."""
    if _HASH.fullmatch(value) and not _SECRET_NAME.search(full):
        return
    if not rule.startswith("generic-"):
        yield from _occurrences(line, value)
    elif rule in {"generic-password", "generic-api-key"}:  # user names are no secrets, URLs have urls
        for start, _ in _occurrences(line, full):
            yield _value_span(line, value, start + full.rfind(value))


def suspects(lines: list[str]) -> set[str]:
    """Return the lines in which betterleaks finds anything, scanned together: a call costs as much as fifty lines."""
    import betterleaks

    found: set[str] = set()
    for at in range(0, len(lines), _BATCH):
        batch = lines[at : at + _BATCH]
        for finding in betterleaks.scan_string(_scannable("\n;\n".join(batch))):
            where = finding.location
            found.update(batch[(where.start_line - 1) // 2 : (where.end_line + 1) // 2])
    return found


def _scannable(text: str) -> str:
    """Return text of equal length that betterleaks can read: C strings end at NUL, surrogates have no UTF-8.

    Comments that tell scanners to ignore a line are broken up: it may need no alarm, but it needs masking. Most rules
    expect a quote or a space after a token, but in code and prose a comma, bracket or full stop may follow.
    """
    if "\0" in text or not text.isascii():
        text = text.replace("\0", " ").encode("utf-8", "replace").decode("utf-8")
    if "allow" in text.lower():
        text = _ALLOW.sub(r"\1 \2", text)
    return _TOKEN_END.sub(" ", text)
