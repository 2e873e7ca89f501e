"""In which language somebody is answered."""

from typing import Literal, TypeAlias

from flask import request

Tongue: TypeAlias = Literal["ru", "en"]


def tongue() -> Tongue:
    """Return the language asked for by `?lang=`, a cookie or `Accept-Language`, in this order; else Russian."""
    for wish in (request.args.get("lang"), request.cookies.get("lang")):
        if wish == "ru" or wish == "en":
            return wish
    return "en" if request.accept_languages.best_match(["ru", "en"], default="ru") == "en" else "ru"
