from perennial.table.income import as_csv

HEAD = (
    "age,workclass,fnlwgt,education,education_num,marital_status,occupation,relationship,race,sex,"
    "capital_gain,capital_loss,hours_per_week,native_country,label\n"
)
ROW = "39, State-gov, 77516, Bachelors, 13, Never-married, ?, Husband, White, Male, 1, 0, 40, Cuba"
CSV = ROW.replace(" ", "")


def test_rows_stand_below_a_header_without_blanks() -> None:
    published = f"{ROW}, <=50K\n{ROW}, >50K\n\n"
    assert as_csv(published.encode()).decode() == f"{HEAD}{CSV},<=50K\n{CSV},>50K\n"


def test_the_test_parts_comment_and_dots_are_left_out() -> None:
    published = f"|1x3 Cross validator\n{ROW}, <=50K.\n{ROW}, >50K.\n\n"
    assert as_csv(published.encode()).decode() == f"{HEAD}{CSV},<=50K\n{CSV},>50K\n"
