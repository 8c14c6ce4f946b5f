"""What the platform answers when it refuses: an HTTP status, an inner code and a sentence (chapter 17.4.10)."""

from __future__ import annotations

from typing import Final


class ODataError(Exception):
    """A refusal. `status` is that of HTTP, `code` the platform's own."""

    def __init__(self, status: int, code: int, text: str) -> None:
        self.status, self.code, self.text = status, code, text
        super().__init__(text)


class Stale(Exception):
    """If-Match names a version that is no longer there: 412."""


_TEXTS: Final = {
    2: (400, "Неверный формат запроса"),
    3: (406, "Запрошенный тип представления не поддерживается"),
    4: (400, "Неверное значение свойства"),
    5: (400, "Отсутствует обязательное значение свойства"),
    6: (404, "Неверный URL"),
    7: (400, "Не хватает элемента ключа сущности"),
    8: (404, "Тип сущности не найден"),
    9: (404, "Экземпляр сущности не найден"),
    10: (400, "Запрошенное свойство не найдено"),
    11: (404, "Метод не найден"),
    12: (400, "Отсутствует обязательный аргумент метода"),
    13: (400, "Cоздание строк табличной части напрямую не поддерживается"),
    14: (400, "Ошибка разбора опций запроса"),
    15: (400, "Сущность с таким ключом уже существует"),
    19: (405, "Использованный HTTP-метод запрещен в данном контексте"),
    20: (401, "Нарушение прав доступа"),
    21: (400, "Вызов нереализованной функции"),
}
INTERNAL: Final = (
    "Произошла внутренняя ошибка OData сервиса. Дополнительные сведения можно найти в технологическом журнале."
)


def refusal(code: int, about: str = "") -> ODataError:
    """A refusal by its code, with what it is about."""
    status, text = _TEXTS[code]
    return ODataError(status, code, f"{text}: {about}" if about else text)


def business(text: str) -> ODataError:
    """What a handler of the configuration refuses: code -1 with 500, and everything rolled back."""
    return ODataError(500, -1, text)


def unsupported(parameter: str) -> ODataError:
    """A virtual table is given a parameter that it has not."""
    return ODataError(501, 0, f"Параметр {parameter} не поддерживается")


def extra_segments() -> ODataError:
    return ODataError(400, 6, "Неверный URL: лишние сегменты")
