"""Secrets told by what is around them: in prose, commands, headers and addresses, and tokens the libraries miss.

A rule is tried only where one of its words occurs. Its first group is the secret; every repetition is bounded, so that
the time grows with the text alone.
"""

import re
from collections.abc import Callable

from mom_lsp.redact.detectors import is_prompt, names_a_scheme, plausible, random_looking
from mom_lsp.redact.spans import replace

_Check = Callable[[str], bool]

_MIXED = re.compile(r"(?=[A-Za-z]*\d)(?=[a-z\d]*[A-Z])(?=[A-Z\d]*[a-z])[A-Za-z\d]+")
_TOO_ORDINARY = re.compile(r"[a-z]+|[A-Z]+|\d+")


def _always(value: str) -> bool:
    return True


def _random(value: str) -> bool:
    """Whether a value of a header or command may be a secret: no name, no placeholder."""
    return plausible(value, quoted=False)


def _password(value: str) -> bool:
    """Whether a word after "the password is" may be one, not "wrong" or "base64-encoded"."""
    return not names_a_scheme(value) and any(c.isdigit() for c in value) and _random(value)


def _argument(value: str) -> bool:
    """Whether the value of an option such as --password may be one: neither the next option nor a variable."""
    return value[0] not in "-$<{%[(" and len(value) >= 4 and not _TOO_ORDINARY.fullmatch(value) and _random(value)


def _phrase(value: str) -> bool:
    """Whether quoted words may be a pass phrase, not a prompt that asks for it."""
    return len(value.split()) >= 3 and not is_prompt(value)


def _opaque(value: str) -> bool:
    """Whether a part of an address is random: of letters and digits in disorder."""
    return any(len(part) >= 16 and (random_looking(part) or _MIXED.fullmatch(part)) for part in re.split("[/@]", value))


def _of_token(value: str) -> bool:
    """Whether a token is random, beside the words that its vendor or owner puts before it."""
    parts = (part for part in re.split("[_.~+-]", value) if len(part) >= 16)
    return any(random_looking(part) and sum(c.isdigit() for c in part) > 1 for part in parts)


_BEFORE = r"[\"']{0,1}[ \t]{0,3}[:=][ \t]{0,3}[\"']{0,1}"  # between a name and its value

_RULES: tuple[tuple[tuple[str, ...], re.Pattern[str], _Check], ...] = tuple(
    (words, re.compile(pattern), check)
    for words, pattern, check in (
        # Prose
        (
            ("password", "passwd"),
            r"(?i)\bpass(?:word|wd)[ \t]{1,3}(?:is|was|=|to|of)[ \t]{1,3}[\"'`]{0,1}([^\s\"'`,;]{6,64})",
            _password,
        ),
        (("password",), r"(?i)\bpassword:[ \t]{1,3}[\"'`]{0,1}([^\s\"'`,;]{6,64})", _password),
        (
            ("phrase",),
            r"(?i)\bpass[ \t_-]{0,1}phrase[\"'`]{0,1}[ \t]{0,3}(?::|=|is|was)[ \t]{0,3}"
            r"[\"'`]([a-z][^\n\"'`:?!]{8,200})[\"'`]",
            _phrase,
        ),
        # Commands
        (
            ("--",),
            r"(?i)--(?:[a-z]{1,12}-){0,2}(?:password|passwd|pass|token|secret|api-?key)(?:=|[ \t]{1,3})"
            r"[\"']{0,1}([^\s\"'`]{4,100})",
            _argument,
        ),
        (("sshpass",), r"\bsshpass[ \t]{1,3}-p[ \t]{0,3}[\"']{0,1}([^\s\"'`]{4,100})", _argument),
        (("mysql", "mariadb"), r"\b(?:mysql|mariadb)\w{0,10}\b[^\n|;]{0,80}?[ \t]-p([^\s\"'`]{4,100})", _argument),
        ((" login ",), r"\blogin\b[^\n|;]{0,80}?[ \t]-p[ \t]{1,3}[\"']{0,1}([^\s\"'`]{4,100})", _argument),
        (
            ("curl", "wget"),
            r"\b(?:curl|wget)\b[^\n|;]{0,80}?[ \t](?:-u[ =]?|--user[ =])[\"']{0,1}[^\s:\"']{1,64}:([^\s\"'`]{4,100})",
            _argument,
        ),
        (
            ("machine",),
            r"\bmachine\s{1,9}\S{1,200}\s{1,9}login\s{1,9}\S{1,100}\s{1,9}password\s{1,9}(\S{4,200})",
            _argument,
        ),
        # Headers
        (
            ("authorization",),
            rf"(?i)\bauthorization{_BEFORE}(?:basic|bearer|ssws|token|digest)[ \t]{{1,3}}([A-Za-z0-9+/=_.~-]{{8,500}})",
            _random,
        ),
        (("api-key",), rf"(?i)\bx-api-key{_BEFORE}([\w.~+/=-]{{12,200}})", _random),
        (
            ("cookie",),
            r"(?i)\bcookie[\"']{0,1}[ \t]{0,3}[:=][^\n]{0,200}?(?:sess|sid|token|auth)[\w-]{0,30}=([\w%.~+/-]{16,500})",
            _opaque,
        ),
        # Addresses
        (("sig=",), r"[?&]sig=([\w%+/=-]{20,200})", _always),
        (("api/webhooks/",), r"/api/webhooks/(\d{15,22}/[\w-]{40,100})", _always),
        (("hook",), r"://[^\s\"'<>]{1,200}?/(?:incoming-?)?(?:web-?)?hooks?(?:b2)?/([\w@/-]{16,300})", _opaque),
        (("sentry",), r"://([0-9a-f]{32})(?::[0-9a-f]{32}){0,1}@", _always),
        # Settings
        (("client-key-data",), r"client-key-data:[ \t]{0,3}[\"']{0,1}([A-Za-z0-9+/=]{40,20000})", _always),
        (("aws_secret",), rf"(?i)\baws_secret\w{{0,30}}{_BEFORE}([A-Za-z0-9+/]{{40}})(?![A-Za-z0-9+/])", _always),
        (("secret_key",), r"(?i)\bsecret_key[\"']{0,1}[ \t]{0,3}[:=][ \t]{0,3}[\"']([^\s\"']{20,200})[\"']", _opaque),
        (
            ("privatekey", "presharedkey"),
            r"\b(?:Private|Preshared)Key[ \t]{0,3}=[ \t]{0,3}([A-Za-z0-9+/]{43}=)",
            _always,
        ),
        # Tokens
        (
            ("token",),
            r"(?i)token[\"'\])]{0,3}[ \t]{0,3}(?::=|=>|[:=])[ \t]{0,3}[\"'`]{0,1}([\w.~+-]{20,300}+)(?![(\[])",
            _of_token,
        ),
        (("secret_",), r"\b(secret_[A-Za-z0-9]{43})\b", _always),
        (("key-",), r"\b(key-[0-9a-f]{32})\b", _always),
        (("dckr_pat_",), r"\b(dckr_pat_[\w-]{27})", _always),
        (("nrak-",), r"\b(NRAK-[A-Z0-9]{27})\b", _always),
        (("gocspx-",), r"\b(GOCSPX-[\w-]{28})", _always),
        (("aaaa",), r"\b(AAAA[\w-]{7}:[\w-]{120,200})", _always),
    )
)

_BY_WORD = tuple((word, pattern, check) for words, pattern, check in _RULES for word in words)


def mask_in_context(text: str) -> str:
    """Return a text whose secrets in prose, commands, headers and addresses are masked; the lines stay as many."""
    low = text.lower()
    tried = {pattern: check for word, pattern, check in _BY_WORD if word in low}
    if not tried:
        return text
    found = ((match, check) for pattern, check in tried.items() for match in pattern.finditer(text))
    spans = [match.span(1) for match, check in found if check(match[1])]
    return replace(text, spans) if spans else text
