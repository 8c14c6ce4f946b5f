"""Encodings: PHP brackets, percent signs, exact numbers, strict text."""

from __future__ import annotations

from decimal import Decimal

import pytest

from connector.errors import BrokenAnswer
from connector.transport.http import Response, form_of, json_of, pairs_of, path_of, query_of


def response(body: bytes, content_type: str = "application/json") -> Response:
    return Response(account="a", endpoint="e", status=200, headers={"content-type": content_type}, body=body)


@pytest.mark.parametrize(
    ("form", "pairs"),
    [
        ({"a": 1, "b": "x y"}, [("a", "1"), ("b", "x y")]),
        ({"a": {"b": {"c": 0}}}, [("a[b][c]", "0")]),
        ({"a": [{"m": 1}, {"m": 2}]}, [("a[0][m]", "1"), ("a[1][m]", "2")]),
        ({0: {"client_name": "Анна"}}, [("0[client_name]", "Анна")]),
        ([("a", "1"), ("a", "2")], [("a", "1"), ("a", "2")]),
        (
            {"none": None, "no": False, "yes": True, "empty": ""},
            [("none", ""), ("no", "0"), ("yes", "1"), ("empty", "")],
        ),
        ({"sum": Decimal("1E+2"), "cent": Decimal("0.10")}, [("sum", "100"), ("cent", "0.10")]),
    ],
)
def test_brackets(form, pairs):
    assert list(pairs_of(form)) == pairs


@pytest.mark.parametrize("encode", [lambda value: list(pairs_of({"a": value})), lambda value: json_of({"a": value})])
def test_a_float_is_never_sent(encode):
    with pytest.raises(TypeError):
        encode(0.1)


def test_form_and_query_spelling():
    assert form_of({"имя": "а б&+"}) == b"%D0%B8%D0%BC%D1%8F=%D0%B0+%D0%B1%26%2B"
    assert query_of({"$filter": "a eq 'б'", "x": "1+1"}) == "$filter=a%20eq%20%27%D0%B1%27&x=1%2B1"


def test_path_segments_are_encoded_with_their_slashes():
    assert path_of("panel", "client", "filter", "client_name", 'ООО "А/Б"') == (
        "/panel/client/filter/client_name/%D0%9E%D0%9E%D0%9E%20%22%D0%90%2F%D0%91%22"
    )
    assert path_of("phone", "+7(123)456-78-90") == "/phone/%2B7%28123%29456-78-90"


@pytest.mark.parametrize("segment", [".", ".."])
def test_dots_are_no_segment(segment):
    with pytest.raises(ValueError, match="dots"):
        path_of("panel", segment)


def test_json_has_no_exponent_and_keeps_letters():
    assert json_of({"a": Decimal("1E+3"), "б": [True, None, "ё"], "c": Decimal("0.10")}) == (
        '{"a":1000,"б":[true,null,"ё"],"c":0.10}'.encode()
    )


def test_json_is_read_strictly():
    assert response(b"\xef\xbb\xbf[1, 2.50]").json() == [1, Decimal("2.50")]
    for broken in (b"{", b"", b"[NaN]", b"\xff\xfe", b"<html><body>login", b"[" * 100_000):
        with pytest.raises(BrokenAnswer) as caught:
            response(broken).json()
        assert caught.value.__context__ is None


def test_text_in_the_encoding_it_claims():
    assert response("Ёж".encode("cp1251"), "text/xml; charset=windows-1251").text() == "Ёж"
    for content_type in ("text/xml; charset=utf-8", "text/xml; charset=nonsense", "text/xml"):
        with pytest.raises(BrokenAnswer):
            response("Ёж".encode("cp1251"), content_type).text()
