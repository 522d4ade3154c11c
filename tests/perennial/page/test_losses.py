from xml.etree import ElementTree as ET

from msgspec import structs

from perennial.page.attempts import attempts
from perennial.page.data import Attempt
from perennial.page.drawing import NARROW, WIDE
from perennial.page.losses import losses
from tests.support.perennial.pages import FIRST, FOURTH, KEPT, V4, VERDICTS, a_status

SVG = "{http://www.w3.org/2000/svg}"


def some_attempts() -> list[Attempt]:
    return attempts([], a_status(V4, 118, [FIRST, *KEPT, FOURTH]), VERDICTS)[0]


def test_it_shows_what_served_after_each_attempt_and_each_challenger() -> None:
    for frame in (WIDE, NARROW):
        root = ET.fromstring(losses(some_attempts(), frame))

        dots = [each.get("class", "") for each in root.iter(f"{SVG}circle")]
        named = [each.text for each in root.iter(f"{SVG}text") if each.get("class") == "version"]
        (line,) = [each for each in root.iter(f"{SVG}path") if each.get("class") == "line loss"]
        assert dots == ["dot won", "dot lost", "dot lost", "dot won"]
        assert named == ["v1", "v4"]
        assert line.get("d", "").count("L") == 4  # it rises before it falls


def test_its_words_tell_the_same() -> None:
    (title,) = ET.fromstring(losses(some_attempts(), WIDE)).iter(f"{SVG}title")

    assert title.text == (
        "Log loss of what served, over 4 attempts: 0.235 after the first, 0.318 after the last;"
        " 2 of them published a model."
    )


def test_one_attempt_makes_no_picture_nor_does_one_without_a_loss() -> None:
    first = some_attempts()[-1]
    refused = structs.replace(first, version="", champion_loss=None, challenger_loss=None)

    assert [losses(each, WIDE) for each in ([], [first], [first, refused])] == ["", "", ""]
