"""training/shared.py: what a training runs is what the page marks for it, and no other page's checkpoint is taken up."""

import numpy as np
import pytest
import shared
from trainings import Number

CELL = "```{{code-cell}} python\n---\ntags: [{tags}]\n---\n{code}\n```\n"
HEADER = "---\njupytext:\n  text_representation: {extension: .md, format_name: myst}\n---\n\n"


def test_the_cells_that_a_page_shares_are_run_and_no_others(tmp_path):
    page = tmp_path / "page.md"
    cells = [("shared", "two = 2"), ("hide-input", "1 / 0"), ("hide-input, shared", "four = two * 2")]
    page.write_text(HEADER + "\n".join(CELL.format(tags=tags, code=code) for tags, code in cells))
    first = shared.of_the_page(page)
    assert (first["two"], first["four"]) == (2, 4)
    page.write_text(page.read_text().replace("1 / 0", "2 / 0"))
    assert shared.of_the_page(page)["digest"] == first["digest"]
    page.write_text(page.read_text().replace("two * 2", "two * 3"))
    assert shared.of_the_page(page)["digest"] != first["digest"]


def test_a_checkpoint_gives_back_what_was_kept_to_the_same_page_alone(tmp_path):
    path, kept = tmp_path / "folder" / "state.npz", [Number([1.5, 2.5]), Number(3.5)]
    assert shared.resume(path, "this page", kept) is None
    shared.keep(path, "this page", kept, {"epoch": 2})
    fresh = [Number([0.0, 0.0]), Number(0.0)]
    assert shared.resume(path, "this page", fresh) == {"epoch": 2}
    assert [one.value.tolist() for one in fresh] == [[1.5, 2.5], 3.5]
    with pytest.raises(SystemExit, match="run it with --fresh"):
        shared.resume(path, "another page", fresh)
    assert [one.name for one in path.parent.iterdir()] == ["state.npz"]


def test_16_bits_keep_a_weight_to_a_thousandth():
    weight = np.random.default_rng(0).normal(size=(3, 5))
    back = shared.unpacked(shared.float16(weight))
    np.testing.assert_allclose(back, weight, rtol=2**-11)
