"""The report: what its blocks say, how a page becomes a paper, and that the PDF is the page's."""

import json

import pandas as pd
import pytest

from reproduce import pages, report
from reproduce.rows.recipes import EXPLAINS, LENET5, LENET5_DISTORTIONS, MODERN
from reproduce.writing import findings, typesetting
from tests import ROOT

PAGE = """\
# A title

Words with **weight**, *stress*, `code_1`, [a link](https://a.b/c), [a file](../x).

<!-- block -->
| name | value |
| --- | --- |
| one | 1 # 2 |
<!-- end -->

Two things:

- first
- second: $x_1 * y$ // no comment

![A picture.](../results/figures/ladder.png)

```sh
pip "x"
```
"""


@pytest.fixture(scope="module")
def source():
    return typesetting.typst("A title", PAGE, "docs")


def test_every_kind_of_block_has_its_form(source):
    body = source.removeprefix(typesetting.PREAMBLE.format(title="A title"))
    assert '\n= #"A title";' in body
    assert '#strong[#"weight";]' in body
    assert '#emph[#"stress";]' in body
    assert '#raw("code_1");' in body
    assert '#link("https://a.b/c")[#"a link";]' in body
    assert '#[#"a file";];' in body
    assert 'table.header([#"name";], [#"value";], )' in body
    assert '[#"one";], [#"1 # 2";], ' in body
    assert "breakable: false" in body, "it fits on a page"
    assert '#ahead[#"Two things:";]\n\n\n- #"first";' in body
    assert 'picture("/results/figures/ladder.svg", "A picture.")' in body
    assert '#raw("pip \\"x\\"", block: true)' in body
    assert "block -->" not in body


def test_no_sign_of_the_text_means_anything_to_typst(source):
    assert '#"second: $x_1 * y$ // no comment";' in source


@pytest.mark.parametrize(
    ("text", "printed"),
    [("-0.12 (-0.16 … +0.08)", "−0.12 (−0.16 … +0.08)"), ("28×28-300-10", "28×28-300-10"),
     ("until 2026-11-25, III-B", "until 2026-11-25, III-B"), ("from ±2.4 / F", "from ±2.4 / F"),
     ("7e-05 and 1.5e-10", "7·10⁻⁵ and 1.5·10⁻¹⁰"),
     ("0.95 ± 0.08 %, 95 % of", "0.95\xa0±\xa00.08\xa0%, 95\xa0% of")],
)  # fmt: skip
def test_numbers_are_set_as_print_has_them(text, printed):
    assert typesetting.numbers(text) == printed


def test_a_page_can_be_set_and_is_the_same_bytes_every_time():
    typst = pytest.importorskip("typst")
    assert typst
    one, other = (report.pdf(PAGE) for _ in range(2))
    assert one == other
    assert one.startswith(b"%PDF")


def test_the_report_is_a_paper_of_a_few_pages():
    typst = pytest.importorskip("typst")
    text = (ROOT / report.PAGE).read_text(encoding="utf-8")
    source = typesetting.typst("x", text, "docs").encode()
    sheets = typst.compile(source, root=str(ROOT), format="png", ppi=20)
    assert 4 <= len(sheets) <= 6


def test_every_picture_has_its_caption_below_it():
    typst = pytest.importorskip("typst")
    text = (ROOT / report.PAGE).read_text(encoding="utf-8")
    source = typesetting.typst("x", text, "docs") + (
        "#context[#metadata((image, figure.caption).map(kind => "
        "query(kind).map(one => one.location().page())))<pages>]"
    )
    found = typst.query(source.encode(), "<pages>", field="value", one=True, root=str(ROOT))
    pictures, captions = json.loads(found)
    assert pictures == captions
    assert len(pictures) == text.count("![") > 0


def test_the_pdf_is_that_of_the_page():
    text = (ROOT / report.PAGE).read_text(encoding="utf-8")
    assert pages.with_blocks(text) == text, "run `python -m reproduce.report`"
    made = (ROOT / report.PAGE).with_suffix(".pdf").read_bytes()
    assert report.pdf(text) == made, "run `python -m reproduce.report`"


def test_the_abstract_is_of_the_first_two_readings_and_of_the_claims(tmp_path):
    rows = {
        "model": [row.title for row in (*EXPLAINS, MODERN[0], LENET5, LENET5_DISTORTIONS)],
        "paper_error": [0.95, 0.8, None, 0.95, 0.8], "test_error": [1.11, 0.66, 9.0, 1.234, 0.567],
        "test_sd": [0.3, 0.4, 9.0, 0.1, 0.2], "n": [7, 3, 9, 7, 3],
        "train_error": [0.33, 1.1, 9.0, 0.4, 1.0],
    }  # fmt: skip
    pd.DataFrame(rows).to_csv(tmp_path / "table1.csv")
    verdicts = [findings.REPRODUCED, findings.NOT, findings.NOT]
    pd.DataFrame({"verdict": verdicts, "how": ""}).to_csv(tmp_path / "claims.csv")
    text = findings.abstract(tmp_path)
    for said in ("1.23 ± 0.10 %", "7 networks; the paper's one 0.95 %", "0.57 ± 0.20 % (3 networks;",
                 "misses 1.11 ± 0.30 % and 0.66 ± 0.40 %, and its training error is 0.33 %",
                 "0.40 %", "Of 3 claims", "1 are reproduced, 2 are not"):  # fmt: skip
        assert said in text


def test_the_cost_is_of_all_networks_by_where_they_were_trained(tmp_path):
    (tmp_path / "runs").mkdir()
    for number in range(1_203):
        machine = {"processor": "P"} | ({"gpu": "G"} if number < 3 else {})
        record = json.dumps({"seconds": 36, "machine": machine})
        (tmp_path / "runs" / f"{number}.json").write_text(record, encoding="utf-8")
    pd.DataFrame({"seconds": [28.4]}).to_csv(tmp_path / "table1.csv")
    assert findings.cost(tmp_path) == (
        "1,200 of the networks on record took 12 hours of one core (P), one LeNet-5 (1998) 28 seconds "
        "(median). 3 others, which learn in batches, were trained on a GPU (G), several at a time.\n"
    )


def test_what_is_not_reproduced_is_listed_by_verdict(tmp_path):
    lines = [("I", "one", "1", findings.OPEN, ""), ("II", "two", "2", findings.NOT, ""),
             ("II", "two", "3", findings.OPEN, "80 passes"), ("III", "three", "4", findings.NOT, ""),
             ("III", "three", "5", findings.REPRODUCED, "80 passes, eq. 8 with ½"),
             ("III", "three", "5", findings.NOT, "40 passes"),
             ("IV", "four", "6", findings.REPRODUCED, ""), ("V", "five", "7", findings.CONSISTENT, ""),
             (findings.BARS, "A: 2 %", "3.00; one network 1 … 2", findings.NOT, ""),
             (findings.BARS, "B: 4 %", "4.00", findings.REPRODUCED, ""),
             (findings.BARS, "C: 5 %", "6.00", findings.NOT, "")]  # fmt: skip
    columns = ["section", "paper", "ours", "verdict", "how"]
    pd.DataFrame(lines, columns=columns).to_csv(tmp_path / "claims.csv")
    assert findings.not_reproduced(tmp_path) == (
        "*Not reproduced:* two (II); bars of Fig. 9 (III-C): A: 2 % (here 3.00), C: 5 % (here 6.00).\n\n"
        "*In agreement by one reading of the loss or number of passes, not by another:* "
        "three (III).\n\n"
        "*Not to be told from what we have:* one (I).\n"
    )
