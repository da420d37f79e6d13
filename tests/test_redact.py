"""Secrets are masked, ordinary text is unchanged, and nothing is loaded or sent for it."""

import pkgutil
import random
import string
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mom_lsp.redact import MARK, Redactor, clean, redactor, sanitize

ALNUM = string.ascii_letters + string.digits
URL_SAFE = ALNUM + "-_"
SAMPLES = 60  # of each kind


def _pick(rng: random.Random, alphabet: str, count: int) -> str:
    return "".join(rng.choice(alphabet) for _ in range(count))


# Every secret is built from pieces, so that no scanner takes this file for a leak.
KINDS: dict[str, Callable[[random.Random], tuple[str, str]]] = {
    "aws id": lambda r: ("{}", "AK" + "IA" + _pick(r, string.ascii_uppercase + "234567", 16)),
    "aws secret": lambda r: (
        r.choice(['aws_secret_access_key = "{}"', "AWS_SECRET_ACCESS_KEY={}", "aws_secret_key: '{}'"]),
        _pick(r, ALNUM + "+/", 40),
    ),
    "github classic": lambda r: ("{}", "gh" + r.choice("pousr") + "_" + _pick(r, ALNUM, 36)),
    "github fine-grained": lambda r: ("{}", "github_" + "pat_" + _pick(r, ALNUM, 22) + "_" + _pick(r, ALNUM, 59)),
    "gitlab": lambda r: ("{}", "gl" + "pat-" + _pick(r, URL_SAFE[:-2], 20)),
    "slack": lambda r: (
        "{}",
        f"xo{'xb'}-{_pick(r, string.digits, 12)}-{_pick(r, string.digits, 12)}-{_pick(r, ALNUM, 24)}",
    ),
    "stripe": lambda r: ("{}", "sk_" + "live_" + _pick(r, ALNUM, 24)),
    "anthropic": lambda r: ("{}", "sk-" + "ant-api03-" + _pick(r, URL_SAFE, 93) + "AA"),
    "openai": lambda r: (
        "{}",
        "sk-" + "proj-" + _pick(r, URL_SAFE, 74) + "T3Blbk" + "FJ" + _pick(r, URL_SAFE, 74),
    ),
    "google": lambda r: ("{}", "AI" + "za" + _pick(r, URL_SAFE, 35)),
    "npm": lambda r: ("{}", "np" + "m_" + _pick(r, ALNUM, 36)),
    "pypi": lambda r: ("{}", "py" + "pi-AgEIcHlwaS5v" + "cmc" + _pick(r, URL_SAFE, 90)),
    "hugging face": lambda r: ("{}", "h" + "f_" + _pick(r, string.ascii_letters, 34)),
    "database url": lambda r: (
        f"{r.choice(['postgresql', 'mysql', 'mongodb+srv', 'redis'])}://app:{{}}@db.internal:5432/main",
        _pick(r, ALNUM + "!$%^*_-.", r.randint(8, 24)),
    ),
    "password": lambda r: (
        r.choice(
            ["password={}", 'password = "{}"', "DB_PASSWORD: {}", "passwd='{}'", '"password": "{}",', "pwd := `{}`"]
        ),
        r.choice(ALNUM + "!#^_") + _pick(r, ALNUM + "!#%^*_-.", r.randint(7, 20)),
    ),
}
PLACES = (
    "Fix the deploy: it used {} until now",
    "{}",
    "+    {}",
    "-# {}",
    "+// TODO remove {}",
    "+    client.connect({}, timeout=30)  # see above",
    "    * rotated {} after the leak, see 3f2a9c1",
    "é ünïcode → {} ← 日本",
)


@pytest.mark.parametrize("kind", KINDS)
def test_secrets_of_each_kind_are_found(kind: str) -> None:
    rng = random.Random(kind)
    missed = []
    for i in range(SAMPLES):
        form, secret = KINDS[kind](rng)
        line = PLACES[i % len(PLACES)].format(form.format(secret))
        masked = redactor().mask(f"subject line\n\n{line}\nlast line")
        if secret in masked or MARK not in masked:
            missed.append(line)
        else:
            assert masked.startswith("subject line\n\n")
            assert masked.endswith("\nlast line")
    assert len(missed) <= 0.05 * SAMPLES, missed


def make_key(rng: random.Random, label: str = "RSA ", prefix: str = "", suffix: str = "") -> list[str]:
    """Return a private key block as lines, as it stands in a diff or in source code."""
    dashes = "-" * 5
    body = [_pick(rng, ALNUM + "+/", 64) for _ in range(rng.randint(3, 25))] + [_pick(rng, ALNUM, 30) + "=="]
    block = [f"{dashes}BEGIN {label}PRIVATE KEY{dashes}", *body, f"{dashes}END {label}PRIVATE KEY{dashes}"]
    return [prefix + line + suffix for line in block]


@pytest.mark.parametrize(("prefix", "suffix"), [("", ""), ("+", ""), ("-    ", ""), ('+  "', '\\n"'), ("# ", "")])
@pytest.mark.parametrize("label", ["", "RSA ", "EC ", "OPENSSH ", "ENCRYPTED "])
def test_private_keys_are_masked_whole_even_when_truncated(label: str, prefix: str, suffix: str) -> None:
    rng = random.Random(label + prefix)
    for _ in range(12):
        block = make_key(rng, label, prefix, suffix)
        for kept in (block, block[: rng.randint(2, len(block) - 1)], block[rng.randint(1, len(block) - 2) :]):
            masked = redactor().mask("\n".join(["before the key", *kept, prefix + "after the key"])).split("\n")
            assert masked[0] == "before the key"
            assert masked[-1] == prefix + "after the key"
            assert len(masked) == len(kept) + 2
            assert not [line for line in block if line[len(prefix) : len(line) - len(suffix)] in "\n".join(masked)]


def test_a_private_key_on_one_line_is_masked() -> None:
    block = "\\n".join(make_key(random.Random(1)))
    assert redactor().mask(f'key = "{block}" # end') == f'key = "{MARK}" # end'


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("see ftp://bob:hunter2@host/x", "see ftp://bob:[secret]@host/x"),
        ("amqp://me:!x{9@h", "amqp://me:[secret]@h"),
        ("redis://:p%40ss@h:1/0", "redis://:[secret]@h:1/0"),
        ("https://me:a@b@host/", "https://me:[secret]@host/"),
        ("a http://u:p@h/ http://v:q@i/", "a http://u:[secret]@h/ http://v:[secret]@i/"),
        ('{"password": "a1b2c3d4", "secret": "e5f6g7h8"}', '{"password": "[secret]", "secret": "[secret]"}'),
        ("password = 'tr0ub4dor'  # gitleaks:allow", "password = '[secret]'  # gitleaks:allow"),
    ],
)
def test_the_rest_of_the_line_is_kept(text: str, masked: str) -> None:
    assert redactor().mask(text) == masked


@pytest.mark.parametrize("before", ["", "pscale_tkn_", "live_app_user_", "foo-bar."])
@pytest.mark.parametrize("line", ["ACME_TOKEN={}", 'api_token: "{}"', "config['token'] = '{}'", "token := `{}`"])
def test_words_at_the_beginning_of_a_token_do_not_hide_it(line: str, before: str) -> None:
    token = before + _pick(random.Random(7), ALNUM, 43)
    assert token[-20:] not in redactor().mask(line.format(token))


@pytest.mark.parametrize(
    "line",
    [
        "token = get_oauth2_token_for_client_2(user)",
        "token = provider.getOAuth2TokenForUserV2(scope)",
        "csrf_token = settings.CSRF_TOKEN_OF_THE_SESSION_2024",
        "tokens: first-token-2023-01-15-and-the-others",
    ],
)
def test_code_that_makes_a_token_is_none(line: str) -> None:
    assert redactor().mask(line) == line


def test_an_allow_comment_or_a_nul_does_not_hide_a_token() -> None:
    token = "gh" + "p_" + _pick(random.Random(3), ALNUM, 36)
    for line in (f"{token} # betterleaks:allow", f"{token} GITLEAKS:ALLOW", f"a\0b {token}", f"\ud800 {token}"):
        assert redactor().mask(line) == line.replace(token, MARK)


SHA = "0a1b2c3d4e5f60718293a4b5c6d7e8f901234567"
ORDINARY = [
    f"This reverts commit {SHA}.",
    f"commit {SHA}",
    f'key = "{SHA}"',
    f"sha256:{SHA}{SHA[:24]}",
    f"index {SHA[:7]}..{SHA[7:14]} 100644",
    f"Fixes: {SHA[:12]} (the token cache)",
    "request 123e4567-e89b-12d3-a456-426614174000 failed",
    "https://user@example.com/a?token=1 and http://localhost:8080/@scope/name",
    "http://localhost:8080?email=name@example.com and http://%HOST:%PORT?email=name@example.com",
    "git@github.com:owner/repository.git",
    "password = get_password(user)",
    "passwd = data->set.str[STRING_KEY_PASSWD];",
    'password = os.environ["DB_PASSWORD"]',
    "password = utf8_to_utf16_dup(v);",
    "password = md5_v2(x1)",
    "passwd = crypt3.sha256_crypt(pw2);",
    "secret: v1alpha1",
    "password: argon2id",
    'secret = "pbkdf2-sha256"',
    "password: ${DB_PASSWORD}",
    "the password: it is required",
    "token = tokenizer.next_token()",
    "secret_key = settings.SECRET_KEY",
    "public class AbstractSingletonProxyFactoryBean2 extends Object",
    "CURLOPT_SSL_VERIFYHOST_2 = CURLOPT_PROXY_SSLCERTTYPE_1",
    "mysql://%s:%s@%s/%s",
    "-----BEGIN PUBLIC KEY-----",
    "it parses -----BEGIN CERTIFICATE----- blocks",
    "lib/vtls/openssl_v3_2_1_compatibility_layer.c",
]


@pytest.mark.parametrize("line", ORDINARY)
def test_ordinary_lines_are_unchanged(line: str) -> None:
    assert redactor().mask(line) == line


def test_the_standard_library_has_almost_no_false_positives() -> None:
    """Source with its comments and docstrings: under 1% of lines may change, and in fact far fewer do."""
    folder = Path(string.__file__).parent
    names = sorted(m.name for m in pkgutil.iter_modules([str(folder)]) if not m.ispkg)
    text = "\n".join((folder / f"{name}.py").read_text("utf-8", "replace") for name in names)
    lines = text.split("\n")
    masked = redactor().mask(text).split("\n")
    assert len(lines) == len(masked) > 100_000
    changed = [(a, b) for a, b in zip(lines, masked, strict=True) if a != b]
    assert len(changed) < 0.0005 * len(lines), changed


def _texts() -> st.SearchStrategy[str]:
    """Texts rich in what the detectors react to, and any text."""
    pieces = st.sampled_from(
        [
            *(
                "password",
                "secret",
                "api_key",
                "pwd",
                "token",
                " = ",
                ": ",
                '"',
                "'",
                "=",
                ":=",
                "\n",
                " ",
                ";",
                ",",
                "@",
            ),
            *("://", "http://u:", "x7Kq9Zp2", "hunter22", MARK, "[secret", "secret]", "\0", "é", "İ", "\ud800"),
            "AK" + "IA" + "Q2W3E4R5T6Y7U2I3",
            "gh" + "p_" + "aB3" * 12,
            "-" * 5 + "BEGIN PRIVATE KEY" + "-" * 5,
            "-" * 5 + "END PRIVATE KEY" + "-" * 5,
            "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC",
        ]
    )
    return st.one_of(st.text(), st.lists(st.one_of(pieces, st.text(max_size=4)), max_size=14).map("".join))


@given(_texts())
@example("password = 'a1b2c3d4' password = [secret] x9x9x9")
def test_masking_is_idempotent(text: str) -> None:
    once = redactor().mask(text)
    assert redactor().mask(once) == once
    assert once.count("\n") == text.count("\n")


@given(st.lists(_texts(), min_size=1, max_size=6))
def test_masking_a_line_does_not_depend_on_its_neighbours(texts: list[str]) -> None:
    lines = [line for text in texts for line in text.split("\n") if "PRIVATE KEY" not in line]
    assert Redactor().mask("\n".join(lines)) == "\n".join(Redactor().mask(line) for line in lines)


def test_a_line_that_comes_back_is_masked_again() -> None:
    line, remembering = "password = 'x9Kq2mP7wR4t'", Redactor()
    assert remembering.mask(f"one\n{line}") == "one\npassword = '[secret]'"
    assert remembering.mask(f"{line}\ntwo\n{line}") == "password = '[secret]'\ntwo\npassword = '[secret]'"


@given(st.text(alphabet=st.characters(exclude_characters="0123456789:=@(>")))
def test_text_without_secrets_is_unchanged(text: str) -> None:
    assert redactor().mask(text) == text


@pytest.mark.parametrize(
    ("dirty", "cleaned"),
    [
        ("a\r\nb\tc\n", "a\nb\tc\n"),
        ("\x1b[1;31mred\x1b[0m \x9b2Kx", "red x"),
        ("\x1b]8;;http://evil\x07link\x1b]8;;\x1b\\", "link"),
        ("a\u202eb\u2066c\u2069", "abc"),
        ("ze\u200bro\u200d\ufeff wi\u2060dth", "zero width"),
        ("bell\x07 nul\0 del\x7f nel\x85 sur\ud800", "bell nul del nel sur"),
        ("naïve 日本 🙂 \u00a0", "naïve 日本 🙂 \u00a0"),
    ],
)
def test_clean_removes_invisible_characters(dirty: str, cleaned: str) -> None:
    assert clean(dirty) == cleaned


@given(st.text())
def test_cleaned_text_is_utf8_without_control_characters(text: str) -> None:
    cleaned = clean(text)
    assert clean(cleaned) == cleaned
    assert "\x1b" not in cleaned
    assert all(c in "\n\t" or ord(c) >= 32 for c in cleaned)
    cleaned.encode("utf-8")


def test_sanitize_finds_a_secret_split_by_an_invisible_character() -> None:
    token = "gh" + "p_" + _pick(random.Random(5), ALNUM, 36)
    assert sanitize(f"use {token[:9]}\u200b{token[9:]}\r\n") == f"use {MARK}\n"


@pytest.mark.parametrize(
    "line", ["//" * 60_000, "a:" * 60_000, '"' * 50_000, "+" * 50_000, "key=" * 40_000, "A1" * 60_000]
)
def test_hostile_lines_are_masked_in_linear_time(line: str) -> None:
    limited = "import resource; resource.setrlimit(resource.RLIMIT_CPU, (20, 20))"  # seconds, of its own
    program = f"{limited}; import sys; from mom_lsp.redact import redactor; redactor().mask(sys.stdin.read())"
    subprocess.run([sys.executable, "-c", program], input=line, text=True, check=True)


def test_masking_imports_lazily_and_opens_no_socket() -> None:
    program = """
import sys
calls = []
sys.addaudithook(lambda event, args: calls.append(event) if event.startswith("socket.") else None)
import mom_lsp.redact as redact
redact.redactor().mask("nothing to see")
heavy = {"betterleaks", "detect_secrets", "requests"}
assert not heavy & set(sys.modules), heavy & set(sys.modules)
masked = redact.redactor().mask("password = 'tr0ub4dor' AK" + "IA" + "Q2W3E4R5T6Y7U2I3 gh" + "p_" + "aB3" * 12)
assert masked == "password = '[secret]' [secret] [secret]", masked
assert heavy & set(sys.modules)
assert not calls, calls
"""
    subprocess.run([sys.executable, "-c", program], check=True)


def test_there_is_one_redactor() -> None:
    assert redactor() is redactor()
    assert isinstance(redactor(), Redactor)
