import pytest

from perennial.replay.selection import Span, moment

NOW = 1_790_000_000.0  # 2026-09-21T14:13:20Z


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("3", Span(3)),
        ("3/17", Span(3, 17, 17)),
        ("0/17-42", Span(0, 17, 42)),
    ],
)
def test_a_span_is_a_partition_an_offset_or_a_range(text: str, span: Span) -> None:
    assert Span.parse(text) == span


@pytest.mark.parametrize("text", ["", "a", "1/", "1/2-", "-1", "1/5-2", "1/2/3", "\u0661"])
def test_what_is_no_span_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not PARTITION|ends before it begins"):
        Span.parse(text)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2h", 1_790_000_000_000 - 7_200_000),
        ("1d30m", 1_790_000_000_000 - 88_200_000),
        ("2026-09-21T14:13:20Z", 1_790_000_000_000),
        ("2026-09-21 16:13:20+02:00", 1_790_000_000_000),
        ("1790000000", 1_790_000_000_000),
    ],
)
def test_a_moment_is_a_time_or_so_long_ago(text: str, at: int) -> None:
    assert moment(text, NOW) == at


@pytest.mark.parametrize("text", ["", "yesterday", "2x"])
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is neither a time such as"):
        moment(text, NOW)
