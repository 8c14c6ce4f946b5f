"""Secrets are masked by value, in every spelling, and by name, whatever the value."""

from __future__ import annotations

import logging

import pytest

from connector.transport.redaction import MASK, RedactingFilter, Redactor, redact


@pytest.mark.parametrize(
    "text",
    [
        "the key is s3c/ret+key",
        "GET /x?other=s3c%2Fret%2Bkey",
        "Basic czNjL3JldCtrZXk=",
    ],
)
def test_known_values_in_every_spelling(text):
    hide = Redactor()
    hide.hide("s3c/ret+key", None, "")
    assert "s3c" not in hide(text)
    assert "czNj" not in hide(text)
    assert MASK in hide(text)


def test_cyrillic_secrets_also_in_their_escaped_form():
    hide = Redactor()
    hide.hide("пароль")
    assert hide("a пароль b") == f"a {MASK} b"
    assert hide(r'{"x": "\u043f\u0430\u0440\u043e\u043b\u044c"}') == f'{{"x": "{MASK}"}}'


def test_short_values_do_not_mask_ordinary_words():
    hide = Redactor()
    hide.hide("1", "abc")
    assert hide("1 abc") == "1 abc"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://x/api?token=UNKNOWN&num=2", f"https://x/api?token={MASK}&num=2"),
        ("apikey=UNKNOWN", f"apikey={MASK}"),
        ("a=1&application_secret=UNKNOWN&code=UNKNOWN", f"a=1&application_secret={MASK}&code={MASK}"),
        ('{"access_token": "UNKN\\"OWN", "id": 5}', f'{{"access_token": "{MASK}", "id": 5}}'),
        ("{'password': 'UNKNOWN', 'a': 1}", f"{{'password': \"{MASK}\", 'a': 1}}"),
        ('{"code": "4f1aUNKNOWN"}', f'{{"code": "{MASK}"}}'),
        ("Authorization: Basic UNKNOWN", f"Authorization: {MASK}"),
        ("{'Authorization': 'Bearer UNKNOWN'}", f"{{'Authorization': '{MASK}'}}"),
        ("http://login:UNKNOWN@shop.example/panel", f"http://{MASK}@shop.example/panel"),
    ],
)
def test_unknown_values_under_known_names(text, shown):
    assert Redactor()(text) == shown


@pytest.mark.parametrize(
    "text",
    ["barcode=123", "qrcode: 5", "page=2&num=3", "decode=yes", "tokens used: 5", '{"code": 11}', '{"code": "11"}'],
)
def test_other_names_stay(text):
    assert Redactor()(text) == text


def test_filter_masks_message_arguments_and_traceback():
    redact.hide("the-secret-of-this-test")
    lines: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(self.format(record))

    handler = Keep()
    handler.addFilter(RedactingFilter())
    logger = logging.getLogger("test.redaction")
    logger.addHandler(handler)
    logger.propagate = False
    try:
        raise RuntimeError("went wrong with the-secret-of-this-test")
    except RuntimeError:
        logger.exception("failed: %s", "the-secret-of-this-test", stack_info=True)
    assert MASK in lines[0]
    assert "RuntimeError" in lines[0]
    assert "the-secret-of-this-test" not in lines[0]


def test_a_line_with_wrong_arguments_is_still_a_line():
    record = logging.LogRecord("x", logging.INFO, "f", 1, "token=%s and %s", ("UNKNOWN",), None)
    assert RedactingFilter().filter(record)
    assert "UNKNOWN" not in record.getMessage()
