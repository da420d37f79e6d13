"""Secrets of many kinds, in every place where people leave them."""

import random
from pathlib import Path

import pytest
from repositories import Repo, Start

from mom_lsp.evaluation.secret_corpus import KINDS, SecretKind
from mom_lsp.evaluation.secret_recall import leaks
from mom_lsp.evaluation.secret_repository import KEY_LINE, PLACES, plant
from mom_lsp.redact import MARK, sanitize, with_secrets

ORDINARY = [
    "the password is wrong",
    "the password is base64-encoded",
    "Password: required",
    "the password was sha256-hashed before",
    "passphrase: 'Enter the pass phrase of the key'",
    "run it with --password $PASSWORD or --password=<password>",
    "mkdir -p /usr/local/share && login -p",
    "curl -u user:$TOKEN https://example.org",
    "Authorization: Bearer <token>",
    "Authorization: Bearer ${TOKEN}",
    "Cookie: theme=dark; session=expired",
    "see https://docs.example.org/webhooks/event-payloads-and-more",
    "machine example.org login anonymous",
    "RENDER_PASS = second_pass; first_pass = pass2d, NUM_PASS=3",
    "Passwort: erforderlich; contraseña: obligatoria; mot de passe : requis",
    "desenhar: 12a34b",
    "密码\uff1amd5加密",
    "密码学: sha256sum1",
    "password = 'Enter 2 or 3digits'",
    '"client_secret": "OAuth2 client"',
    "SECRET_KEY = os.environ['SECRET_KEY']",
]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_secret_is_masked_however_it_is_written(kind: SecretKind) -> None:
    rng = random.Random(kind.name)
    for form in kind.forms * 5:
        secret = kind.make(rng)
        masked = sanitize(f"Fix the login\n\nIt used\n{form.format(secret)}\nuntil now")
        hidden = [line for line in secret.split("\n") if len(line) >= KEY_LINE] if kind.lines else [secret]
        assert MARK in masked and not any(line in masked for line in hidden), (form, secret)


@pytest.mark.parametrize("text", ORDINARY)
def test_what_only_looks_like_a_secret_is_kept(text: str) -> None:
    assert sanitize(text) == text


def test_paths_with_a_secret_are_told_apart() -> None:
    token = "gh" + "p_" + "R8mK2vXqLw9TzYb4NcJd7HfGs3PaEuQ1oVi5"
    secret = {f"keys/{token}", f"{token}.txt", f"a/{token}/b.py"}
    plain = {"lib/vtls/openssl.c", "tests/data/test1234", "node_modules/x/0a1b2c3d4e5f60718293a4b5c6d7e8f901234567.js"}
    assert with_secrets(secret | plain) == secret
    assert with_secrets([]) == set()


def test_a_file_named_by_a_secret_leaves_no_memory_and_its_commit_stays(project: Repo, moms: Start) -> None:
    token = "gh" + "p_" + "R8mK2vXqLw9TzYb4NcJd7HfGs3PaEuQ1oVi5"
    project.commit("Keep the key beside the giraffe", {f"{token}.md": "# Use it\n", "giraffe.py": "x = 1\n"})
    mom = moms(project)
    mom.index()
    (found,) = mom.search("giraffe")
    assert token not in repr([found, mom.call("show", id=found["id"])])
    assert [one["title"] for one in mom.suggest("giraffe.py", 1)] == ["Keep the key beside the giraffe"]


@pytest.mark.slow
def test_no_secret_reaches_the_disk_or_an_answer(tmp_path: Path) -> None:
    kinds = {kind.name for kind in KINDS[::6]}
    planted = [one for one in plant() if one.kind in kinds]
    assert {one.place for one in planted} == set(PLACES)
    assert leaks(tmp_path, planted) == []
