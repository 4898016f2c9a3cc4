from detector.markdown import markdown_table


def test_columns_line_up_with_numbers_to_the_right():
    table = markdown_table(("name", "count"), [("a", 1234), ("longer", "x")])
    assert table.splitlines() == [
        "| name   | count |",
        "|--------|------:|",
        "| a      | 1,234 |",
        "| longer |     x |",
    ]
