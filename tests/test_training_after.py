"""training/after.py: the readers that it trains are the page's, and the page has results of all of them."""

import json

import after


def test_the_page_lends_its_readers_to_the_script_that_trains_them_often():
    page = after.of_the_page(after.PAGE)
    names = [reader.__name__ for reader in page["READERS"]]
    assert names == ["Window", "Convolution", "Attention", "GRU", "MinGRU"]
    assert "models" not in page  # nothing is trained on the way
    results = json.loads(after.RESULT.read_text(encoding="utf-8"))
    assert all(set(results["lamps"][name]) == set(map(str, after.SEEDS)) for name in names)
    assert {row["reader"] for row in results["times"]} == {*names, "MinGRU, loop"}
    assert {row["T"] for row in results["times"]} == set(after.LENGTHS)
