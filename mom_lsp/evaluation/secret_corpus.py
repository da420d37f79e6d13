"""Made-up secrets of many kinds, each as people write it down.

A kind is a name, the forms it is written in ("{}" stands for the secret), and how a secret is made. Secrets are put
together from pieces, so that no scanner takes this file for a leak.
"""

from __future__ import annotations

import base64
import random
import string
from collections.abc import Callable
from dataclasses import dataclass

DIGITS, LOWER, UPPER = string.digits, string.ascii_lowercase, string.ascii_uppercase
ALNUM = string.ascii_letters + DIGITS
URL_SAFE, HEX, BASE64 = ALNUM + "-_", DIGITS + "abcdef", ALNUM + "+/"
WORDS = "correct horse battery staple orbit velvet quartz lantern meadow copper thistle harbor".split()  # noqa: SIM905

Make = Callable[[random.Random], str]


@dataclass(frozen=True, slots=True)
class SecretKind:
    """A kind of secret."""

    name: str
    forms: tuple[str, ...]
    make: Make
    lines: bool = False  # written over several lines


def some(alphabet: str, count: int, prefix: str = "", suffix: str = "") -> Make:
    """Return a maker of random characters between a prefix and a suffix."""
    return lambda rng: prefix + "".join(rng.choice(alphabet) for _ in range(count)) + suffix


def joined(*makers: Make | str, between: str = "") -> Make:
    """Return a maker of several parts, one after the other."""
    return lambda rng: between.join(part if isinstance(part, str) else part(rng) for part in makers)


def _base64(count: int) -> Make:
    return lambda rng: base64.b64encode(rng.randbytes(count)).decode()


def _basic(rng: random.Random) -> str:
    return base64.b64encode(f"deploy:{_password(rng)}".encode()).decode()


def _password(rng: random.Random) -> str:
    return rng.choice(LOWER) + some(ALNUM + "!#%_-", rng.randint(8, 16))(rng) + rng.choice(DIGITS) + rng.choice(UPPER)


def _passphrase(rng: random.Random) -> str:
    return " ".join(rng.sample(WORDS, 4))


def _uuid(rng: random.Random) -> str:
    return "-".join(some(HEX, count)(rng) for count in (8, 4, 4, 4, 12))


def _lines_of(first: str, last: str) -> Make:
    body = some(BASE64, 64)
    return lambda rng: "\n".join([first, *(body(rng) for _ in range(6)), some(BASE64, 30)(rng) + "==", last])


def _pem(label: str) -> Make:
    dashes = "-" * 5
    return _lines_of(f"{dashes}BEGIN {label}{dashes}", f"{dashes}END {label}{dashes}")


def _putty(rng: random.Random) -> str:
    body = some(BASE64, 64)
    lines = [body(rng) for _ in range(4)]
    head = ["PuTTY-User-Key-File-" + "2: ssh-rsa", "Encryption: none", "Comment: deploy", "Public-Lines: 0"]
    return "\n".join([*head, f"Private-Lines: {len(lines)}", *lines, "Private-MAC: " + some(HEX, 40)(rng)])


_TOKEN = ("{}", "token: {}", 'client = Client("{}")', "use {}, see the wiki")

TOKENS = (  # recognised by their own form
    SecretKind("AWS access key", _TOKEN, some(UPPER + "234567", 16, "AK" + "IA")),
    SecretKind("GitHub", _TOKEN, some(ALNUM, 36, "gh" + "p_")),
    SecretKind("GitHub app", _TOKEN, some(ALNUM, 36, "gh" + "s_")),
    SecretKind("GitHub fine-grained", _TOKEN, joined("github_" + "pat_", some(ALNUM, 22), "_", some(ALNUM, 59))),
    SecretKind("GitLab", _TOKEN, some(URL_SAFE[:-2], 20, "gl" + "pat-")),
    SecretKind("GitLab runner", _TOKEN, some(ALNUM, 20, "GR" + "1348941")),
    SecretKind(
        "Slack bot", _TOKEN, joined("xo" + "xb", some(DIGITS, 12), some(DIGITS, 12), some(ALNUM, 24), between="-")
    ),
    SecretKind(
        "Slack user",
        _TOKEN,
        joined("xo" + "xp", some(DIGITS, 12), some(DIGITS, 12), some(DIGITS, 12), some(HEX, 32), between="-"),
    ),
    SecretKind("Stripe", _TOKEN, some(ALNUM, 24, "sk_" + "live_")),
    SecretKind("Stripe restricted", _TOKEN, some(ALNUM, 24, "rk_" + "live_")),
    SecretKind("OpenAI", _TOKEN, joined("sk-" + "proj-", some(URL_SAFE, 74), "T3Blbk" + "FJ", some(URL_SAFE, 74))),
    SecretKind("Anthropic", _TOKEN, some(URL_SAFE, 93, "sk-" + "ant-api03-", "AA")),
    SecretKind("Google API", _TOKEN, some(URL_SAFE, 35, "AI" + "za")),
    SecretKind("Google OAuth", _TOKEN, some(URL_SAFE, 28, "GO" + "CSPX-")),
    SecretKind("npm", _TOKEN, some(ALNUM, 36, "np" + "m_")),
    SecretKind("PyPI", _TOKEN, some(URL_SAFE, 90, "py" + "pi-AgEIcHlwaS5vcmc")),
    SecretKind("RubyGems", _TOKEN, some(HEX, 48, "ruby" + "gems_")),
    SecretKind("Docker Hub", _TOKEN, some(URL_SAFE, 27, "dckr_" + "pat_")),
    SecretKind("Hugging Face", _TOKEN, some(string.ascii_letters, 34, "h" + "f_")),
    SecretKind("SendGrid", _TOKEN, joined("S" + "G.", some(URL_SAFE, 22), ".", some(URL_SAFE, 43))),
    SecretKind("Twilio", _TOKEN, some(HEX, 32, "S" + "K")),
    SecretKind("Mailgun", _TOKEN, some(HEX, 32, "ke" + "y-")),
    SecretKind("Mailchimp", _TOKEN, some(HEX, 32, suffix="-u" + "s12")),
    SecretKind("Notion", _TOKEN, some(ALNUM, 43, "secr" + "et_")),
    SecretKind("Notion new", _TOKEN, joined("nt" + "n_", some(DIGITS, 11), some(ALNUM, 35))),
    SecretKind("Linear", _TOKEN, some(ALNUM, 40, "lin_" + "api_")),
    SecretKind("Figma", _TOKEN, some(URL_SAFE, 40, "fig" + "d_")),
    SecretKind("Postman", _TOKEN, joined("PM" + "AK-", some(HEX, 24), "-", some(HEX, 34))),
    SecretKind("DigitalOcean", _TOKEN, some(HEX, 64, "dop_" + "v1_")),
    SecretKind("Shopify", _TOKEN, some(HEX, 32, "shp" + "at_")),
    SecretKind("Square", _TOKEN, some(URL_SAFE, 22, "sq0" + "atp-")),
    SecretKind("Databricks", _TOKEN, some(HEX, 32, "da" + "pi")),
    SecretKind("Grafana", _TOKEN, joined("gl" + "sa_", some(ALNUM, 32), "_", some(HEX, 8))),
    SecretKind("Vault", _TOKEN, some(URL_SAFE, 92, "hv" + "s.")),
    SecretKind("Terraform Cloud", _TOKEN, joined(some(ALNUM, 14), ".atlas" + "v1.", some(URL_SAFE, 64))),
    SecretKind("Atlassian", _TOKEN, some(URL_SAFE, 186, "ATA" + "TT3")),
    SecretKind("Age", _TOKEN, some("QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L", 58, "AGE-SECRET-" + "KEY-1")),
    SecretKind("Telegram bot", _TOKEN, joined(some("123456789", 1), some(DIGITS, 9), ":A", some(URL_SAFE, 34))),
    SecretKind("Discord bot", _TOKEN, joined("M", some(ALNUM, 23), ".", some(ALNUM, 6), ".", some(URL_SAFE, 27))),
    SecretKind(
        "JSON Web Token",
        _TOKEN,
        joined("ey" + "J", some(URL_SAFE, 33), ".ey" + "J", some(URL_SAFE, 60), ".", some(URL_SAFE, 43)),
    ),
    SecretKind("Firebase messaging", _TOKEN, joined("AA" + "AA", some(URL_SAFE, 7), ":", some(URL_SAFE, 140))),
    SecretKind("New Relic", _TOKEN, some(UPPER + DIGITS, 27, "NR" + "AK-")),
    SecretKind("Pulumi", _TOKEN, some(HEX, 40, "pu" + "l-")),
    SecretKind("Doppler", _TOKEN, some(ALNUM, 43, "dp.p" + "t.")),
    SecretKind("PlanetScale", _TOKEN, some(URL_SAFE, 43, "pscale_" + "pw_")),
)

IN_CONTEXT = (  # recognised by what is around them
    SecretKind("AWS secret", ('aws_secret_access_key = "{}"', "AWS_SECRET_ACCESS_KEY={}"), some(BASE64, 40)),
    SecretKind(
        "password in code", ('password = "{}"', "DB_PASSWORD: {}", "passwd='{}'", '"password": "{}",'), _password
    ),
    SecretKind(
        "password in settings", ("SMTP_PASS={}", 'MAIL_PASS="{}"', "MYSQL_ROOT_PASS: {}", "smtp_pass = '{}'"), _password
    ),
    SecretKind(
        "password in another language",
        (
            "Passwort: {}",
            "Kennwort = '{}'",
            "mot de passe : {}",
            "contraseña: {}",
            "senha: {}",
            "Пароль: {}",
            "密码\uff1a{}",
            "パスワード: {}",
            "비밀번호: {}",
        ),
        _password,
    ),
    SecretKind(
        "password of two words",
        ("password='{}'", 'passwd: "{}"', 'DB_PASSWORD="{}"'),
        joined(some(LOWER, 3), "@", some(DIGITS, 2), " ", some(LOWER, 4), some(DIGITS, 2)),
    ),
    SecretKind("password in prose", ("the password is {}", "Password: {}", "its password was {} until now"), _password),
    SecretKind("pass phrase", ('passphrase: "{}"', 'the pass phrase is "{}"', "passphrase = '{}'"), _passphrase),
    SecretKind("--password", ("deploy --password {} --now", "mysqldump --user=app --password={} db"), _password),
    SecretKind("-p", ("mysql -u root -p{} app", "docker login -u ci -p {} registry.example.org"), _password),
    SecretKind("sshpass", ("sshpass -p {} ssh ci@example.org", "sshpass -p '{}' scp a b:"), _password),
    SecretKind(
        "curl -u",
        ("curl -u deploy:{} https://example.org/", "curl -udeploy:{} https://a/", "wget --http-password={} https://a/"),
        _password,
    ),
    SecretKind("netrc", ("machine example.org login ci password {}",), _password),
    SecretKind("Authorization: Basic", ("Authorization: Basic {}", '-H "Authorization: Basic {}"'), _basic),
    SecretKind("Authorization: Bearer", ("Authorization: Bearer {}", '"Authorization": "Bearer {}"'), some(ALNUM, 40)),
    SecretKind("Okta", ("Authorization: SSWS {}",), some(URL_SAFE, 40, "00")),
    SecretKind("X-API-Key", ("X-API-Key: {}", "curl -H 'x-api-key: {}' a"), some(ALNUM, 32)),
    SecretKind("cookie", ("Cookie: sessionid={}; theme=dark", "Set-Cookie: session={}; HttpOnly"), some(ALNUM, 32)),
    SecretKind("URL with password", ("postgresql://app:{}@db.internal/main", "https://ci:{}@example.org/"), _password),
    SecretKind("token in a URL", ("https://example.org/a?access_token={}", "GET /v1?api_key={}&x=1"), some(ALNUM, 32)),
    SecretKind("Azure storage", ("DefaultEndpointsProtocol=https;AccountName=a;AccountKey={}",), _base64(64)),
    SecretKind(
        "Azure SAS",
        ("https://a.blob.core.windows.net/c?sv=2022-11-02&se=2026-01-01&sp=rl&sig={}",),
        lambda rng: (
            base64.b64encode(rng.randbytes(32)).decode().replace("+", "%2B").replace("/", "%2F").replace("=", "%3D")
        ),
    ),
    SecretKind(
        "Azure client secret",
        ('client_secret = "{}"', "AZURE_CLIENT_SECRET={}"),
        joined(some(ALNUM, 3), "8Q~", some(URL_SAFE, 34)),
    ),
    SecretKind(
        "Slack webhook",
        ("https://hooks.slack.com/services/{}",),
        joined(some(UPPER + DIGITS, 9, "T"), some(UPPER + DIGITS, 9, "B"), some(ALNUM, 24), between="/"),
    ),
    SecretKind(
        "Discord webhook", ("https://discord.com/api/webhooks/{}",), joined(some(DIGITS, 18), "/", some(URL_SAFE, 68))
    ),
    SecretKind("other webhook", ("https://chat.example.org/hooks/{}", "https://a.example/webhook/{}"), some(ALNUM, 26)),
    SecretKind(
        "Teams webhook",
        ("https://a.webhook.office.com/webhookb2/{}",),
        joined(_uuid, "@", _uuid, "/IncomingWebhook/", some(HEX, 32), "/", _uuid),
    ),
    SecretKind("Sentry DSN", ("https://{}@o12345.ingest.sentry.io/678",), some(HEX, 32)),
    SecretKind("WireGuard", ("PrivateKey = {}", "PresharedKey = {}"), _base64(32)),
    SecretKind("Docker auth", ('{{"auths": {{"a.example": {{"auth": "{}"}}}}}}', '"auth": "{}"'), _basic),
    SecretKind("Kubernetes client key", ("client-key-data: {}",), _base64(120)),
    SecretKind("Kubernetes token", ("    token: {}", "bearer_token: {}"), some(ALNUM, 48)),
    SecretKind("Datadog", ("DD_API_KEY={}", 'datadog_api_key: "{}"'), some(HEX, 32)),
    SecretKind("Heroku", ("HEROKU_API_KEY={}", 'heroku_api_key = "{}"'), _uuid),
    SecretKind("Django", ("SECRET_KEY = '{}'",), some(ALNUM + "!@#$%^&*(-_=+)", 50)),
)

KEYS = (  # over several lines
    SecretKind("RSA key", ("{}",), _pem("RSA PRIVATE KEY"), lines=True),
    SecretKind("OpenSSH key", ("{}",), _pem("OPENSSH PRIVATE KEY"), lines=True),
    SecretKind("PGP key", ("{}",), _pem("PGP PRIVATE KEY BLOCK"), lines=True),
    SecretKind("PuTTY key", ("{}",), _putty, lines=True),
)

KINDS = TOKENS + IN_CONTEXT + KEYS
