"""Picture of the README: the curve of a demo, from the report that it left.

`make picture`, after `perennial demo`; `REPORT=file` names another report.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from perennial.page.drawing import picture
from perennial.page.html import data_of

PICTURE: Final = Path(__file__).parent / "images" / "curve.svg"


def drawn(report: Path) -> str:
    """The curve as a file of its own, light or dark as the reader's system is.

    Raises:
        ValueError: The file is no report of this version, or holds no curve.
    """
    page = data_of(report.read_bytes())
    found = picture(page.points, page.marks) if page else ""
    if not found:
        raise ValueError(f"{report} is no report with a curve")
    return found + "\n"


if __name__ == "__main__":
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_text(drawn(Path(sys.argv[1])))
