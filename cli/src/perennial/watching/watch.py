"""Watch of one pipeline: a look after another, each of which makes a page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from msgspec import structs
from pydantic import ValidationError

from perennial.page.data import Page
from perennial.page.overview import UNREADABLE
from perennial.page.pipeline import Measured, page, spec_of
from perennial.watching.notes import Notes
from perennial.watching.ports import Place, Resource, Unseen
from perennial.watching.topics import Topics
from perennial_operator.api.status import Status

UNREAD: Final = (
    "This version cannot read its status: use the perennial-loop of the operator's version."
    " You see what was read last."
)
GONE: Final = "It is not there any more: you see it as it was."


class Watch:
    """What is seen of a pipeline while somebody looks; one thread uses it."""

    def __init__(self, place: Place, resource: Resource, now: Callable[[], float]) -> None:
        """`now` gives seconds since 1970."""
        self._place, self._resource, self._now = place, resource, now
        metadata = resource["metadata"]
        self._key: Final[tuple[str, str]] = (metadata.get("namespace", ""), metadata["name"])
        self._problem = place.problem()
        self._notes, self._topics = Notes(place), Topics(place, now)
        self._status, self._seen = self._read(resource) or Status(), False
        self._asked = float("-inf")

    def glance(self) -> Page:
        """The page of the resource alone, at once."""
        return self._place.left(*self._key) or self._page(self._notes.measured)

    def look(self) -> Page:
        """The page as of now; the place is asked as often as it allows."""
        if (left := self._place.left(*self._key)) is not None:
            self.close()
            return left
        if self._seen:  # a storage that does not answer holds up no first page
            self._notes.look_up(self._resource)
        self._seen = True
        if not 0 <= self._now() - self._asked < self._place.every:
            self._asked = self._now()
            self._ask()
        self._follow()
        return self._page(self._topics.added(self._notes.measured))

    def close(self) -> None:
        """Leaves Kafka; the next look would go there again."""
        self._topics.close()

    def _ask(self) -> None:
        try:
            found = self._place.pipeline(*self._key)
        except Unseen as trouble:
            self._problem = f"{trouble} You see what was seen last."
            return
        self._problem = self._place.problem() if found else GONE
        self._resource = found or self._resource
        if (status := self._read(self._resource)) is not None:
            self._status = status
            self._notes.look(self._resource, status, self._now())

    def _read(self, resource: Resource) -> Status | None:
        """None for what a later version has written, which the page then says."""
        try:
            return Status.model_validate(resource.get("status", {}))
        except ValidationError:
            self._problem = UNREAD
            return None

    def _page(self, measured: Measured) -> Page:
        made = page(self._resource, measured, problem=self._problem, status=self._status)
        return structs.replace(made, state=UNREADABLE) if self._problem == UNREAD else made

    def _follow(self) -> None:
        """The topics, once the two classes are known: of the spec, or as a trainer found them."""
        spec = None if self._problem else spec_of(self._resource)
        found = self._status.label
        declared = spec.label_schema.label if spec else None
        classes = declared or (found.as_declared() if found else None)
        if spec is None or classes is None:
            self._topics.close()
        else:
            self._topics.look(spec, classes)
