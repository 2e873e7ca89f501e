"""In which language somebody is answered."""

from typing import Literal, TypeAlias

from flask import request

Tongue: TypeAlias = Literal["ru", "en"]


def tongue() -> Tongue:
    """Return the language that `?lang=`, a cookie or `Accept-Language` asks for, in this order."""
    wishes = (
        request.args.get("lang"),
        request.cookies.get("lang"),
        request.accept_languages.best_match(["ru", "en"]),
    )
    known: dict[str | None, Tongue] = {"ru": "ru", "en": "en"}
    return next((known[wish] for wish in wishes if wish in known), "ru")
