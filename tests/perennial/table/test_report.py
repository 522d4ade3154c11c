from perennial.stream.accuracy import Grade
from perennial.table.report import along, report
from tests.perennial.report.test_report import FACTS
from tests.support.examples.builders import a_table


def test_accuracy_is_told_along_the_stream() -> None:
    grades = [Grade(n, n >= 10, f"v{1 + n // 15}-a", 0) for n in range(20)]

    lines = list(along(grades))
    assert len(lines) == 10
    assert lines[0] == "        1 to       2  0.0%  v1"
    assert lines[7] == "       15 to      16  100.0%  v1, v2"
    assert list(along(grades[:1])) == ["        1 to       1  0.0%  v1"]


def test_the_report_says_what_accuracy_is_to_be_compared_with() -> None:
    said = report(FACTS, [], a_table("n" * 100 + "yyyn"), 100)

    assert "Accuracy along the stream ('y' for all of it would be right in 75.0%)" in said
    assert said[0] == "Attempts"
    assert said[-1].startswith("Records: 4 sent, 4 answered, 0 lost, 0 doubled")
