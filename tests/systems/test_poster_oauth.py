"""The way to a Poster token: hosts that may be asked, the code, the signature, the end of its life."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from datetime import date
from hashlib import md5

import pytest
import requests
import responses

from connector.errors import ConnectorError, Forbidden, Invalid, OutcomeUnknown, UsageError
from connector.sandbox import Sandbox
from connector.systems.poster import oauth

CODE = "3e4f2ac6df7fa92660fa251528460575"
SECRET = "9642176a5cdfe3f65e6e00c27b668795"
TOKEN = "861052:02391570ff9af128e93c5a771055ba88"
ANSWER = {
    "access_token": TOKEN,
    "account_number": "861052",
    "user": {"id": 4, "name": "Poster", "email": "dev@joinposter.com", "role_id": 3},
    "ownerInfo": {"email": "dev@joinposter.com", "phone": "+380684152664", "company_name": "dev-example"},
}


@pytest.fixture
def mock() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as found:
        yield found


def exchange() -> oauth.Token:
    return oauth.exchange(
        CODE,
        "api-demo",
        application_id="76",
        application_secret=SECRET,
        redirect_uri="http://localhost:8080/",
        boundary="bound",
        sleep=lambda seconds: None,
    )


def test_the_address_for_the_owner() -> None:
    common = oauth.authorize_url("76", "http://localhost:8080/?a=1&b=2")
    assert common == (
        "https://joinposter.com/api/auth?application_id=76"
        "&redirect_uri=http%3A%2F%2Flocalhost%3A8080%2F%3Fa%3D1%26b%3D2&response_type=code"
    )
    assert oauth.authorize_url("76", "http://x/", "api-demo").startswith("https://api-demo.joinposter.com/api/auth?")


@pytest.mark.parametrize(
    "account",
    ["", "Api", "a.b", "a/b", "evil.example#", "a@b", "a" * 64, "ж", "-a", "a-", "127.0.0.1", "a:8080"],
)
def test_only_a_name_becomes_part_of_a_host(account: str, mock: responses.RequestsMock) -> None:
    with pytest.raises(UsageError):
        oauth.authorize_url("76", "http://x/", account)
    with pytest.raises(UsageError):
        oauth.read_redirect(f"http://localhost/?code={CODE}&account={account.replace('#', '%23').replace('@', '%40')}")
    with pytest.raises(UsageError):
        oauth.exchange(
            CODE, account, application_id="76", application_secret=SECRET, redirect_uri="http://x/", boundary="bound"
        )
    assert len(mock.calls) == 0


def test_a_line_break_is_no_part_of_a_name() -> None:
    with pytest.raises(UsageError):
        oauth.checked_account("a\n")


def test_the_redirect_is_read() -> None:
    assert oauth.read_redirect(f" http://localhost:8080/?code={CODE}&account=api-demo\n") == (CODE, "api-demo")
    with pytest.raises(UsageError, match="copy the whole address"):
        oauth.read_redirect("http://localhost:8080/?error=access_denied&account=api-demo")


def test_a_code_becomes_a_token_at_the_host_of_the_account(mock: responses.RequestsMock) -> None:
    mock.post("https://api-demo.joinposter.com/api/v2/auth/access_token", json=ANSWER)
    token = exchange()
    assert (token.value, token.account_number, token.account, token.company) == (
        TOKEN,
        "861052",
        "api-demo",
        "dev-example",
    )
    sent = mock.calls[0].request
    assert sent.headers["Content-Type"] == "multipart/form-data; boundary=bound"
    body = sent.body.decode() if isinstance(sent.body, bytes) else ""
    assert '--bound\r\nContent-Disposition: form-data; name="code"\r\n\r\n' + CODE + "\r\n--bound--\r\n" in body
    assert 'name="grant_type"\r\n\r\nauthorization_code\r\n' in body
    assert SECRET not in (sent.url or "")


def test_neither_token_nor_person_is_shown(mock: responses.RequestsMock, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    mock.post("https://api-demo.joinposter.com/api/v2/auth/access_token", json=ANSWER)
    token = exchange()
    for text in (repr(token), caplog.text):
        for secret in (TOKEN, TOKEN[7:], SECRET, CODE, "dev@joinposter.com", "380684152664"):
            assert secret not in text


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ({"code": 10, "error_type": "OAuthException", "error_message": f"bad code {CODE}"}, Forbidden),
        ({"account_number": "861052"}, Invalid),
        ({"access_token": ""}, Invalid),
        ("<html>", OutcomeUnknown),
    ],
)
def test_an_answer_without_a_token_is_an_error(
    mock: responses.RequestsMock, answer: object, kind: type[ConnectorError]
) -> None:
    body = answer if isinstance(answer, str) else json.dumps(answer)
    mock.post("https://api-demo.joinposter.com/api/v2/auth/access_token", body=body)
    with pytest.raises(ConnectorError) as caught:
        exchange()
    assert type(caught.value) is kind
    assert CODE not in str(caught.value)
    assert len(mock.calls) == 1


def test_a_lost_answer_is_not_asked_for_again(mock: responses.RequestsMock) -> None:
    mock.post("https://api-demo.joinposter.com/api/v2/auth/access_token", body=ConnectionResetError())
    with pytest.raises(OutcomeUnknown):
        exchange()
    assert len(mock.calls) == 1


def test_manage_signs_in_a_fixed_order(mock: responses.RequestsMock) -> None:
    expected = md5(b"41:123123:74367937cf906c097931a3888adf7a84", usedforsecurity=False).hexdigest()
    code = "74367937cf906c097931a3888adf7a84"
    assert oauth.verify_of("41", "123123", code) == expected
    mock.post("https://joinposter.com/api/v2/auth/manage", json=ANSWER)
    assert oauth.manage(code, application_id="41", application_secret="123123").account_number == "861052"
    sent = mock.calls[0].request.body
    assert isinstance(sent, bytes)
    assert f"verify={expected}".encode() in sent
    mock.reset()
    mock.post(
        "https://joinposter.com/api/v2/auth/manage",
        json={"error": 142, "message": "Verify code is not correct", "field": "verify"},
    )
    with pytest.raises(Forbidden, match="signature"):
        oauth.manage(code, application_id="41", application_secret="123123")


def test_the_end_of_a_token_is_told_before_it_comes() -> None:
    obtained = date(2024, 1, 1)
    assert oauth.expiry_warning("kafe", obtained, date(2025, 10, 1)) is None
    soon = oauth.expiry_warning("kafe", obtained, date(2025, 11, 15))
    over = oauth.expiry_warning("kafe", obtained, date(2026, 1, 1))
    assert soon is not None
    assert "ends on 2025-12-31" in str(soon)
    assert over is not None
    assert "ended on 2025-12-31" in str(over)


def test_the_whole_way_at_the_emulated_till() -> None:
    with Sandbox(kinds=("poster",)) as sandbox:
        account, base = sandbox.worlds["poster"].state["account"], sandbox.urls["poster"]
        known = {"application_id": str(account["application_id"]), "application_secret": account["application_secret"]}
        where = {"application_id": known["application_id"], "redirect_uri": account["redirect_uri"]}

        def code() -> tuple[str, str]:
            query = {**where, "response_type": "code"}
            answer = requests.get(f"{base}/auth", params=query, allow_redirects=False, timeout=5)
            return oauth.read_redirect(answer.headers["Location"])

        def token(code: str, name: str) -> oauth.Token:
            there = {"redirect_uri": account["redirect_uri"], "base": base, "insecure": True}
            return oauth.exchange(code, name, **known, **there)

        first, name = code()
        assert token(first, name).value == sandbox.credentials["poster"]["token"]
        with pytest.raises(ConnectorError):
            token(first, name)
        second, _ = code()
        assert oauth.manage(second, **known, base=base, insecure=True).value == account["token"]
