"""Site of a place: a list of its pipelines, and a page for each at /namespace/name/."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Final
from urllib.parse import unquote

from perennial.adapters.page_server import Content, Site, data, document, refusal
from perennial.page.data import to_json
from perennial.page.overview import overview_json
from perennial.watching.ports import Unseen
from perennial.watching.watches import Watches

NOT_THERE: Final = "There is no such ModelPipeline."
_NAME: Final = r"([a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?)"
_PAGE: Final = re.compile(f"/{_NAME}/{_NAME}/(data)?")


def site_of(watches: Watches) -> Site:
    """Names are taken only as Kubernetes has them: they become names of files, or of paths."""

    def site(path: str) -> Content | None:
        if path == "/":
            return document("overview")
        if path == "/data":
            return data(overview_json(watches.overview()))
        if not (found := _PAGE.fullmatch(unquote(path))):
            return None
        try:
            page = watches.page(found[1], found[2])
        except Unseen as trouble:  # the page is there, and says so
            return refusal(str(trouble)) if found[3] else document("page")
        if page is None:
            return refusal(NOT_THERE, HTTPStatus.NOT_FOUND)
        return data(to_json(page)) if found[3] else document("page")

    return site
