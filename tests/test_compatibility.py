"""What the table in docs/sdlm.md says of PyTorch's tools is so, of those that are installed."""

import pytest

from tools.compatibility import CHECKS, WORKS, installed, outcome, recorded

HERE = [check for check in CHECKS if installed(check.library)]


@pytest.mark.parametrize("check", HERE, ids=lambda check: f"{check.tool}: {check.does}")
def test_a_tool_works_where_the_table_says_so(check):
    says, found = recorded()[check.tool, check.does]["outcome"], outcome(check.run)
    assert (found == WORKS) == (says == WORKS), found


def test_the_table_has_a_line_for_every_check_and_no_other():
    assert list(recorded()) == [(check.tool, check.does) for check in CHECKS]


def test_a_tool_that_fails_is_quoted():
    assert outcome(lambda: 1 / 0) == "ZeroDivisionError: division by zero"
