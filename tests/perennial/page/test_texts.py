import json
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

from hypothesis import given
from hypothesis import strategies as st

from perennial.page.texts import MOST, plain, short

every = st.text(st.characters(exclude_categories=()))


@given(every)
def test_any_text_can_be_shown_as_json_and_as_xml(text: str) -> None:
    fit = plain(text)

    assert json.loads(json.dumps(fit).encode()) == fit
    assert (ET.fromstring(f"<t>{escape(fit)}</t>").text or "") == fit
    assert len(fit.encode()) <= 4 * MOST
    assert plain(fit) == fit


def test_a_text_stays_as_it_is_on_one_line() -> None:
    assert plain("log loss 0.2354\ninstead of\t0.6938 ✓ </b>") == (
        "log loss 0.2354 instead of 0.6938 ✓ </b>"
    )


def test_a_long_text_ends_with_a_sign_that_it_goes_on() -> None:
    assert plain("x" * 500) == "x" * (MOST - 1) + "…"


def test_a_version_is_called_by_its_number() -> None:
    assert short("v7-3fa9c1d2") == "v7"
