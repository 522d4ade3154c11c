"""Loan applications, generated: nine attributes, and ten functions that sort them into two groups.

R. Agrawal, T. Imielinski, A. Swami: "Database Mining: A Performance Perspective", IEEE Transactions
on Knowledge and Data Engineering 5(6), 1993. Amounts are whole dollars, ages whole years.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Final

Application = dict[str, int]

A: Final = "A"
B: Final = "B"
ATTRIBUTES: Final = (
    "salary",
    "commission",
    "age",
    "elevel",
    "car",
    "zipcode",
    "hvalue",
    "hyears",
    "loan",
)
_YOUNG, _OLD = 40, 60  # years: three groups of age
_SALARIED = 75_000  # dollars, from which no commission is paid


def application(chance: random.Random) -> Application:
    """One application; a house's value depends on the area, a commission on the salary."""
    salary = chance.randint(20_000, 150_000)
    zipcode = chance.randint(1, 9)
    return {
        "salary": salary,
        "commission": 0 if salary >= _SALARIED else chance.randint(10_000, 75_000),
        "age": chance.randint(20, 80),
        "elevel": chance.randint(0, 4),
        "car": chance.randint(1, 20),
        "zipcode": zipcode,
        "hvalue": chance.randint(50_000 * zipcode, 150_000 * zipcode),
        "hyears": chance.randint(1, 30),
        "loan": chance.randint(0, 500_000),
    }


def label(function: int, of: Application) -> str:
    """The group, A or B, that one of the functions 1 to 10 puts an application into."""
    return A if FUNCTIONS[function](of) else B


def applications(function: int, seed: int) -> Iterator[tuple[Application, str]]:
    """Applications with their group, without end; the same ones for the same seed."""
    chance = random.Random(seed)  # noqa: S311  a stream that can be repeated, no secret
    while True:
        made = application(chance)
        yield made, label(function, made)


def other(group: str) -> str:
    return B if group == A else A


def _by_age(age: int, young: int, middle: int, old: int) -> int:
    """One of three values, by the group of age."""
    return young if age < _YOUNG else middle if age < _OLD else old


def _within(value: float, thousands: int, width: int) -> bool:
    return thousands * 1000 <= value <= (thousands + width) * 1000


def _income(of: Application) -> int:
    return of["salary"] + of["commission"]


def _one(of: Application) -> bool:
    return not _YOUNG <= of["age"] < _OLD


def _two(of: Application) -> bool:
    return _within(of["salary"], _by_age(of["age"], 50, 75, 25), 50)


def _three(of: Application) -> bool:
    lowest = _by_age(of["age"], 0, 1, 2)
    return lowest <= of["elevel"] <= _by_age(of["age"], 1, 3, 4)


def _four(of: Application) -> bool:
    """Those whose education is the usual one of their age earn other salaries than the rest."""
    usual = _by_age(of["age"], 25, 50, 50)
    rest = _by_age(of["age"], 50, 75, 25)
    return _within(of["salary"], usual if _three(of) else rest, 50)


def _five(of: Application) -> bool:
    """Those whose salary is the usual one of their age ask for other loans than the rest."""
    usual = _by_age(of["age"], 100, 200, 300)
    rest = _by_age(of["age"], 200, 300, 100)
    return _within(of["loan"], usual if _two(of) else rest, 200)


def _six(of: Application) -> bool:
    return _within(_income(of), _by_age(of["age"], 50, 75, 25), 50)


def _seven(of: Application) -> bool:
    return 0.67 * _income(of) - 0.2 * of["loan"] - 20_000 > 0


def _eight(of: Application) -> bool:
    return 0.67 * _income(of) - 5_000 * of["elevel"] - 20_000 > 0


def _nine(of: Application) -> bool:
    return 0.67 * _income(of) - 5_000 * of["elevel"] - 0.2 * of["loan"] - 10_000 > 0


def _ten(of: Application) -> bool:
    equity = 0.1 * of["hvalue"] * max(of["hyears"] - 20, 0)
    return 0.67 * _income(of) - 5_000 * of["elevel"] + 0.2 * equity - 10_000 > 0


FUNCTIONS: Final[dict[int, Callable[[Application], bool]]] = {
    1: _one,
    2: _two,
    3: _three,
    4: _four,
    5: _five,
    6: _six,
    7: _seven,
    8: _eight,
    9: _nine,
    10: _ten,
}
