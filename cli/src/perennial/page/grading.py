"""Grading of answers by the labels that come later, for the curve and for what goes by.

Answers and labels come in any order; the newest ids are remembered, each is graded once.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from datetime import UTC, datetime
from typing import Final

from msgspec import Struct

from perennial.page.curve import NEVER, Curve, log_loss
from perennial.page.data import ANSWERS
from perennial.page.traffic import Answer

REMEMBERED: Final = 50_000  # ids


class Pair(Struct):
    """Answer and label of one id, as far as they are known."""

    at: float = 0.0
    answer: str | None = None
    probability: float | None = None
    model: str = ""
    label: str | None = None

    @property
    def right(self) -> bool | None:
        known = self.answer is not None and self.label is not None
        return self.answer == self.label if known else None


class Grading:
    """Curve and recent answers of one pipeline; labels are compared as they are given."""

    def __init__(self, positive: str, curve: Curve | None = None) -> None:
        """`positive` is the label whose probability an answer gives; `curve` is gone on with.

        Empty it is not known yet: then there is no loss.
        """
        self.curve: Final = curve or Curve()
        self.answered = 0
        self.doubled = 0
        """Answers to an id that had one, among those remembered."""
        self.positive = positive
        self._pairs: OrderedDict[str, Pair] = OrderedDict()
        self._recent: deque[str] = deque(maxlen=ANSWERS)

    def answer(
        self, at: float, event: str, label: str, probability: float | None, model: str
    ) -> None:
        """One answer to the event of that id; `at` in seconds since 1970.

        Raises:
            ValueError: The time is none of 1970 to 9999, or the probability is none.
        """
        if not 0 <= at < NEVER or (probability is not None and not 0 <= probability <= 1):
            raise ValueError(f"an answer at {at} with probability {probability} is none")
        pair = self._of(event)
        if pair.answer is not None:
            self.doubled += 1
            return
        self.answered += 1
        pair.at, pair.answer, pair.probability, pair.model = at, label, probability, model
        self._recent.append(event)
        self._grade(event, pair)

    def label(self, event: str, label: str) -> None:
        """One label; the first for an id counts, as it does for the recorder."""
        pair = self._of(event)
        if pair.label is None:
            pair.label = label
            self._grade(event, pair)

    def recent(self) -> list[Answer]:
        """Answers that were given or graded last, the newest last."""
        return [_shown(e, self._pairs[e]) for e in self._recent if e in self._pairs]

    def _of(self, event: str) -> Pair:
        if event not in self._pairs and len(self._pairs) >= REMEMBERED:
            self._pairs.popitem(last=False)
        return self._pairs.setdefault(event, Pair())

    def _grade(self, event: str, pair: Pair) -> None:
        if pair.right is None:
            return
        given = pair.probability if self.positive else None
        if given is not None and pair.label != self.positive:
            given = 1 - given
        if event not in self._recent:
            self._recent.append(event)  # it is seen again, now that it is known to be right or not
        self.curve.add(pair.at, right=pair.right, loss=None if given is None else log_loss(given))


def _shown(event: str, pair: Pair) -> Answer:
    return Answer(
        at=datetime.fromtimestamp(pair.at, UTC),
        id=event,
        label=pair.answer or "",
        probability=pair.probability,
        model=pair.model,
        right=pair.right,
    )
