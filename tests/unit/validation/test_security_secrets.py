"""Secrets: what is one, what only looks like one, and that none is ever printed."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import pytest
import yaml

from qlp.validation.security.inside.secrets import Scanner, masked

pytestmark = pytest.mark.unit

DATA: dict[str, Any] = yaml.safe_load(files("qlp.validation.security").joinpath("data", "secrets.yaml").read_bytes())


def scan(path: str, text: str) -> list[dict[str, Any]]:
    # The library is there only in the sandbox: here the patterns alone.
    return Scanner({**DATA, "detectors": []}).scan(path, text)


SECRETS = {
    "aws-access-key": "AKIA" + "Q3EGTXWP7LMN5VRB",
    "gitlab-token": "glpat-" + "Zx81kQm2Lp0Vb7Ns4Rt9",
    "stripe-key": "sk_live_" + "9dKq27LmWz41XvBt60NrPc8s",
    "google-api-key": "AIza" + "SyB7kq2Lm9Qw4Er7Ty1Ui3Op6As5Df0Gh8J",
    "sendgrid-key": "SG." + "kq2Lm9Qw4Er7Ty1Ui3Op6A" + "." + "s5Df0Gh8Jk2Lz4Xc6Vb8Nm1Qa3Ws5Ed7Rf9Tg1Yh3Uj",
    "npm-token": "npm_" + "kq2Lm9Qw4Er7Ty1Ui3Op6As5Df0Gh8Jk2Lz4",
}


@pytest.mark.parametrize("rule", SECRETS)
def test_keys_of_providers_are_found_and_masked(rule: str) -> None:
    (found,) = scan("src/settings.py", f'KEY = "{SECRETS[rule]}"\n')
    assert found["rule"] == rule
    assert found["severity"] in ("high", "critical")
    assert (found["line"], found["column"]) == (1, 8)
    assert SECRETS[rule] not in str(found)
    assert SECRETS[rule][6:] not in str(found)


@pytest.mark.parametrize("secret", ["a", "abcd", "kd83hf02jd", "x" * 500])
def test_a_mask_shows_at_most_a_sixth_and_four_characters(secret: str) -> None:
    shown = masked(secret).split("***")[0]
    assert len(shown) <= min(4, len(secret) // 6)


def test_a_private_key_is_critical_and_its_mention_is_not() -> None:
    body = "\n".join(["MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj"] * 3)
    (found,) = scan("deploy/id_rsa", f"-----BEGIN RSA PRIVATE KEY-----\n{body}\n-----END RSA PRIVATE KEY-----\n")
    assert (found["rule"], found["severity"]) == ("private-key", "critical")
    assert "MIIEv" not in str(found)
    (mention,) = scan("app.py", 'if text.startswith("-----BEGIN PRIVATE KEY-----"):\n    load(text)\n')
    assert mention["severity"] == "low"


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("README.md", "postgres://app:Zk39dkq02LsP@db/app"),
        ("tests/test_db.py", "postgres://app:Zk39dkq02LsP@db/app"),
        (".env.example", "API_KEY=kD83hf02jDsa91xx"),
        ("app.yaml", "password: changeme123"),
        ("compose.yaml", "url: postgres://postgres:postgres@db/app"),
        ("src/a.py", "KEY = 'AKIAIOSFODNN7EXAMPLE'"),
    ],
)
def test_examples_and_placeholders_are_low(path: str, text: str) -> None:
    assert [f["severity"] for f in scan(path, text + "\n")] == ["low"]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.py", "# the password is hashed, the api key too\npassword = read_password()\n"),
        ("a.env", "DB_PASSWORD=${DB_PASSWORD}\nTOKEN=$(cat /run/secrets/token)\n"),
        ("a.yaml", "password: {{ .Values.password }}\nsecretKeyRef: db\nsecretName: database-credentials\n"),
        ("a.json", '{"passwordMinimum": 12, "password": "string"}\n'),
        ("package-lock.json", '"integrity": "sha512-kq2Lm9Qw4Er7Ty1Ui3Op6As5Df0Gh8Jk2Lz4=="\n'),
        ("a.go", 'url := fmt.Sprintf("postgres://%s:%s@%s/app", user, word, host)\n'),
        ("a.js", "const sum = 'd41d8cd98f00b204e9800998ecf8427e';\n"),
        ("a.py", f'KEY = "{SECRETS["gitlab-token"]}"  # pragma: allowlist secret\n'),
    ],
)
def test_what_is_no_secret_is_not_reported(path: str, text: str) -> None:
    assert scan(path, text) == []


def test_long_lines_cost_little() -> None:
    text = "a" * 300_000 + "\n" + "password" * 20_000 + "\n" + " " * 100_000 + "\n" * 50_000
    assert scan("a.env", text) == []
