"""Marks on the curve: models that took over and models taken back, as looks at a status tell."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from msgspec import Struct, field

from perennial.page.texts import plain, short
from perennial.page.traffic import Mark, MarkKind
from perennial_contract.objects.bundle import version_number
from perennial_operator.api.status import Status

KEPT: Final = 100  # the newest marks


class Marks(Struct):
    """What was seen so far; msgspec writes it to JSON and reads it again."""

    marks: list[Mark] = field(default_factory=list)
    serving: str = ""
    bad: list[str] | None = None
    """Versions known to have failed; None before the first look, which marks none of them."""

    def remember(self, status: Status) -> None:
        """Adds the take-overs of before the first look, as far as the history knows them.

        The history tells when a version was promoted: it took over some seconds later.
        """
        serving = status.model.version if status.model else ""
        for entry in status.history:
            if entry.version and entry.version not in {serving, *status.bad_versions}:
                self._took_over(entry.version, entry.ended_at)

    def look(self, status: Status, now: float) -> None:
        """Adds what has changed since the look before; `now` in seconds since 1970."""
        if status.model and status.model.version != self.serving:
            self._took_over(status.model.version, status.model.since)
        if self.bad is not None:
            for version in status.bad_versions:
                if version not in self.bad:
                    what = f"{plain(version)} failed and was taken back"
                    kind = MarkKind.ROLLBACK
                    self.add(Mark(at=now, kind=kind, label=f"✕ {short(version)}", text=what))
        self.bad = list(status.bad_versions)

    def add(self, mark: Mark) -> None:
        self.marks = [*self.marks, mark][-KEPT:]

    def _took_over(self, version: str, since: datetime) -> None:
        back = bool(self.serving) and version_number(version) < version_number(self.serving)
        if back:
            what = f"{plain(version)} serves again instead of {plain(self.serving)}"
        elif self.serving:
            what = f"{plain(version)} took over from {plain(self.serving)}"
        else:
            what = f"{plain(version)} serves"
        kind = MarkKind.ROLLBACK if back else MarkKind.PROMOTION
        self.add(Mark(at=since.timestamp(), kind=kind, label=short(version), text=what))
        self.serving = version
