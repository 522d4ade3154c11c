"""People, generated: the thirteen fields of the census income example, and an income bracket.

Income follows education, occupation, age, hours and capital, by a rule of our own.
"""

from __future__ import annotations

import math
import random
from typing import Any, Final

HIGH: Final = ">50K"
LOW: Final = "<=50K"
_EDUCATION: Final = {
    "11th": -1.5,
    "HS-grad": -0.6,
    "Some-college": -0.2,
    "Bachelors": 0.9,
    "Masters": 1.5,
    "Doctorate": 2.2,
}
_OCCUPATION: Final = {
    "Other-service": -1.2,
    "Farming-fishing": -0.8,
    "Adm-clerical": -0.2,
    "Craft-repair": 0.0,
    "Sales": 0.4,
    "Prof-specialty": 0.8,
    "Exec-managerial": 1.3,
}
_WORK: Final = ("Private", "Self-emp-not-inc", "Local-gov", "Federal-gov", "?")
_MARRIED: Final = {"Married-civ-spouse": 1.2, "Never-married": -1.2, "Divorced": -0.6}
_RELATIONSHIP: Final = ("Husband", "Wife", "Not-in-family", "Unmarried")
_RACE: Final = ("White", "Black", "Asian-Pac-Islander", "Other")
_COUNTRY: Final = ("United-States", "Mexico", "Philippines", "Germany")
_MOSTLY: Final = (20, 2, 1, 1)  # weights of four values of which the first is the usual one


def person(chance: random.Random) -> tuple[dict[str, Any], str]:
    """The fields in the order of the example's messages, and the bracket."""
    education, occupation = chance.choice(list(_EDUCATION)), chance.choice(list(_OCCUPATION))
    married = chance.choice(list(_MARRIED))
    age, hours = chance.randint(18, 75), min(max(round(chance.gauss(40, 10)), 5), 90)
    gain = chance.choice((3_103, 7_298, 15_024)) if chance.random() < 0.1 else 0  # noqa: PLR2004
    record = {
        "age": age,
        "workclass": chance.choice(_WORK),
        "fnlwgt": chance.randint(20_000, 400_000),
        "education": education,
        "marital_status": married,
        "occupation": occupation,
        "relationship": chance.choice(_RELATIONSHIP),
        "race": chance.choices(_RACE, _MOSTLY)[0],
        "gender": chance.choice(("Male", "Female")),
        "capital_gain": gain,
        "capital_loss": 0 if chance.random() < 0.95 else 1_902,  # noqa: PLR2004
        "hours_per_week": hours,
        "native_country": chance.choices(_COUNTRY, _MOSTLY)[0],
    }
    score = _EDUCATION[education] + _OCCUPATION[occupation] + _MARRIED[married] + gain / 5_000
    score += (hours - 40) / 15 - ((age - 48) / 15) ** 2 / 2 - 0.5
    return record, HIGH if chance.random() < 1 / (1 + math.exp(-2 * score)) else LOW
