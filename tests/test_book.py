"""The pages keep their contract: text and notebook in step, all run, all found, all sourced."""

import ast
import re
from functools import cache
from pathlib import Path

import jupytext
import nbformat
import pytest
import yaml
from notebooks import below

import rnnbook.data
import rnnbook.scratch
import rnnbook.tf

ROOT = Path(__file__).resolve().parent.parent
BOOK = ROOT / "book"
NOTEBOOKS, TEXTS = (below(BOOK, pattern) for pattern in ("*.ipynb", "*.md"))
CHAPTERS = [path for path in NOTEBOOKS if path.parent.name not in ("book", "reference")]
ALLOWED_TAGS = {"hide-cell", "hide-input", "raises-exception", "shared"}  # shared: a script runs it too

# What each row of the sources must show, and where. The strings must stand in the outputs
# of the page's cells; a row that is words only needs its anchor.
Y0 = """-0.29645720 0.82874775 -0.34216955 -0.75720584 0.19011548
-0.12842922 0.99981797 0.84704727 -0.99570125 0.38665548
0.04731077 0.99999976 0.99330056 -0.99993300 0.55339795
0.70323634 0.99309105 0.99909431 -0.85363263 0.74721080""".splitlines()
Y1 = """0.51955646 1.00000000 0.99999022 -0.99984968 -0.24616946
-0.70553327 -0.11918639 0.48885304 0.08917919 -0.26579669
-0.32477224 0.99996376 0.99933046 -0.99711186 0.10981458
-0.43738723 0.91517633 0.97817528 -0.91763324 0.11047263""".splitlines()
TWO_STEPS = """0.6 0.5
0.53704957 0.46211716
1.56128388
1.2923401 1.39225678
0.85973818 0.88366641
2.72707101""".splitlines()
ZERO = "0.00000000 " * 5
ROWS = {
    "a1": ("1-memory/recurrent-neuron", []),
    "a2": ("1-memory/recurrent-neuron", TWO_STEPS),
    "b1": ("1-memory/sequences", []),
    "b2": ("1-memory/recurrent-neuron", []),
    "b3": ("1-memory/layer-and-batch", ["45"]),
    "b6-tables": ("reference/recovered-weights", [*Y0, *Y1]),
    "b4": ("1-memory/memory-cells", []),
    "b5": ("1-memory/input-output-sequences", []),
    "b6": ("2-unrolling/by-hand", [*Y0, *Y1]),
    "b7": ("2-unrolling/static", [*Y0, *Y1]),
    "b8": ("2-unrolling/static", [*Y0, *Y1]),
    "b9": ("2-unrolling/dynamic", []),
    "b10": ("2-unrolling/dynamic", [*Y0, *Y1]),
    "b11": ("2-unrolling/variable-length-inputs", [*Y0, Y1[0], ZERO, *Y1[2:]]),
    "b12": ("2-unrolling/variable-length-outputs", []),
    "a3": ("3-learning/long-term-dependencies", []),
    "a4": ("4-gates/lstm", []),
    "a5": ("4-gates/lstm", []),
    "a6": ("5-variants/bidirectional", []),
    "a7": ("5-variants/deep", []),
    "a8": ("5-variants/dropout", []),
    "a9": ("6-applications/sine-wave", ["weights 12271", "last value 0.0072698", "after 0.00184"]),
    "a10": ("6-applications/sine-wave", ["weights 11191", "straight line 0.0000689"]),
    "b13": ("3-learning/backpropagation-through-time", []),
    "b14": ("3-learning/long-term-dependencies", []),
    "b15": ("6-applications/translating-dates", ["months in both sets: 0", "rule answers 100.0"]),
}


def name(path: Path) -> str:
    return path.relative_to(BOOK).with_suffix("").as_posix()


@cache
def read(path: Path) -> nbformat.NotebookNode:
    return nbformat.read(path, as_version=4)


def code_cells(path: Path) -> list:
    return [cell for cell in read(path).cells if cell.cell_type == "code"]


def printed(path: Path) -> list[float | str]:
    """All that a page's cells print, word by word, numbers as numbers."""
    text = " ".join(out.get("text", "") for cell in code_cells(path) for out in cell.outputs)
    return words(text)


def words(text: str) -> list[float | str]:
    def value(word: str) -> float | str:
        try:
            return float(word)
        except ValueError:
            return word

    return [value(word) for word in re.sub(r"[\[\],]", " ", text).split()]


def stands_in(wanted: list[float | str], page: list[float | str]) -> bool:
    """Whether the words stand in a row in the page; floats to the rounding of float32 (eager TensorFlow is 2.4e-7 off)."""

    def same(a: float | str, b: float | str) -> bool:
        both_numbers = isinstance(a, float) and isinstance(b, float)
        return abs(a - b) <= 5e-7 if both_numbers else a == b

    n = len(wanted)
    return any(all(map(same, wanted, page[start : start + n])) for start in range(len(page) - n + 1))


def test_every_page_with_code_has_its_notebook():
    pages = [path for path in TEXTS if path.read_text().startswith("---\njupytext:")]
    assert sorted(path.with_suffix(".ipynb") for path in pages) == NOTEBOOKS


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name)
def test_text_and_notebook_hold_the_same_cells(path):
    text = jupytext.read(path.with_suffix(".md"))
    cells = [(c.cell_type, c.source, c.metadata) for c in text.cells]
    assert cells == [(c.cell_type, c.source, c.metadata) for c in read(path).cells]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name)
def test_every_code_cell_was_executed_in_order(path):
    counts = [cell.execution_count for cell in code_cells(path)]
    assert counts == list(range(1, len(counts) + 1))
    assert counts, "a page without code cells needs no notebook"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name)
def test_no_output_tells_of_a_machine_or_a_moment(path):
    for cell in code_cells(path):
        for out in cell.outputs:
            assert out.get("name") != "stderr"
            assert out.output_type in ("stream", "display_data", "execute_result", "error")
            text = str(out.get("text", "")) + str(out.get("data", {}).get("text/plain", ""))
            assert not re.search(r"0x[0-9a-f]{6,}|/home/|/tmp/|site-packages|\d\d:\d\d:\d\d|it/s", text)
            html = out.get("data", {}).get("text/html", "")
            assert not html or 'class="dataframe"' in html or html.startswith("<rnn-")  # a table or a figure


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name)
def test_a_cell_raises_only_where_it_says_so(path):
    for cell in code_cells(path):
        raised = any(out.output_type == "error" for out in cell.outputs)
        assert raised == ("raises-exception" in cell.metadata.get("tags", []))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name)
def test_no_cell_is_hidden_from_validation(path):
    for cell in code_cells(path):
        assert set(cell.metadata) <= {"tags", "mystnb", "tolerance", "room"}
        assert set(cell.metadata.get("tags", [])) <= ALLOWED_TAGS
        assert 0 < cell.metadata.get("tolerance", 0.01) <= 0.05
        assert not re.search(r"(?i)nbval|pytest_", cell.source)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name)
def test_every_figure_has_alt_text_and_a_caption(path):
    for cell in code_cells(path):
        pictures = [out for out in cell.outputs if "image/png" in out.get("data", {})]
        if pictures:
            assert len(pictures) == 1
            options = cell.metadata.mystnb
            assert len(options.image.alt.split()) >= 8
            assert len(options.figure.caption.split()) >= 4
            assert options.figure.name.startswith("fig-")
            assert cell.source.rstrip().endswith("plt.show()")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name)
def test_code_cells_hold_one_idea(path):
    for cell in code_cells(path):
        if not {"hide-input", "hide-cell"} & set(cell.metadata.get("tags", [])):
            lines = [line for line in cell.source.splitlines() if line.strip()]
            assert len(lines) <= 15, cell.source


@pytest.mark.parametrize("path", CHAPTERS, ids=name)
def test_every_chapter_keeps_the_order_of_the_contract(path):
    text = path.with_suffix(".md").read_text()
    assert re.search(r"^\([a-z-]+\)=\n# ", text, re.M)
    places = [text.find(f"\n## {heading}") for heading in ("What goes wrong", "Exercises")]
    assert -1 not in places
    assert places == sorted(places)
    exercises = re.findall(r"```\{exercise\}[^\n]*\n:label: (\S+)", text)
    solutions = re.findall(r"```\{solution-start\} (\S+)\n:class: dropdown\n", text)
    assert 3 <= len(exercises) <= 5
    assert exercises == solutions


def test_labels_are_unique_over_the_book():
    text = "\n".join(path.read_text() for path in TEXTS)
    labels = re.findall(r"^\(([\w-]+)\)=$|^:label: (\S+)$|^    name: (fig-\S+)$", text, re.M)
    flat = ["".join(found) for found in labels]
    assert sorted(flat) == sorted(set(flat))


def test_every_page_is_in_the_table_of_contents():
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text())
    files = [toc["root"]] + [page["file"] for part in toc["parts"] for page in part["chapters"]]
    listed = {Path(file).with_suffix("").relative_to("book").as_posix() for file in files}
    assert listed == {name(path) for path in TEXTS}


@pytest.mark.parametrize("row", ROWS)
def test_every_row_of_the_sources_has_its_home_and_its_numbers(row):
    page, wanted = ROWS[row]
    path = BOOK / f"{page}.ipynb"
    assert f"(source-{row})=\n" in path.with_suffix(".md").read_text()
    outputs = printed(path)
    for line in wanted:
        assert stands_in(words(line), outputs), f"{page} does not print {line}"


@pytest.mark.parametrize("row", ROWS)
def test_the_source_map_links_to_every_row(row):
    assert f"<source-{row}>" in (BOOK / "reference" / "source-map.md").read_text()


@pytest.mark.parametrize("path", CHAPTERS, ids=name)
def test_a_chapter_and_the_package_link_to_each_other(path):
    taught = set()
    for module in (rnnbook.scratch, rnnbook.tf, rnnbook.data):
        for public in getattr(module, "__all__", dir(module)):
            if re.search(rf"Taught in: book/{name(path)}\b", getattr(module, public).__doc__ or ""):
                taught.add(f"{module.__name__}.{public}")
    linked = re.findall(r"\{py:obj\}`[^<`]+ <(rnnbook\.[\w.]+)>`", path.with_suffix(".md").read_text())
    assert set(linked) == taught


def heavy_names(code: str) -> tuple[set[str], set[str]]:
    """What code imports of TensorFlow, Keras and the half built on them: the names bound, and those used."""
    nodes = list(ast.walk(ast.parse(code)))
    bound = set()
    for node in nodes:
        if isinstance(node, ast.Import | ast.ImportFrom):
            for alias in node.names:
                module = f"{node.module}.{alias.name}" if isinstance(node, ast.ImportFrom) else alias.name
                if re.match(r"(tensorflow|keras|rnnbook\.tf)(\.|$)", module):
                    bound.add(alias.asname or alias.name.split(".")[0])
    return bound, bound & {node.id for node in nodes if isinstance(node, ast.Name)}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name)
def test_a_page_imports_tensorflow_or_keras_only_where_it_uses_it(path):
    bound, used = heavy_names("\n".join(cell.source for cell in code_cells(path)))
    assert bound == used


def test_an_import_that_is_not_used_is_seen():
    code = "import tensorflow as tf\nimport keras\nfrom rnnbook import tf as rnn\nfrom rnnbook import data\nkeras.Input"
    assert heavy_names(code) == ({"tf", "keras", "rnn"}, {"keras"})


@pytest.mark.parametrize("path", CHAPTERS, ids=name)
def test_every_chapter_is_in_the_index(path):
    assert "```{eval-rst}\n.. index::\n   single: " in path.with_suffix(".md").read_text()


def test_the_search_for_printed_numbers_can_fail():
    page = words("[[0.53704957 0.46211716]] True")
    assert stands_in(words("0.53704957 0.46211716"), page)
    assert not stands_in(words("0.53704957 0.46211816"), page)
    assert not stands_in(words("0.46211716 0.53704957"), page)


def test_no_project_file_names_this_machine_or_a_forgotten_task():
    pattern = re.compile(r"/(root|work|home|tmp)/\w|\b(TO" + "DO|FIX" + r"ME)\b")
    for folder in ("rnnbook", "tests", "tools", "training", "benchmarks", "mutation", "book", ".ci"):
        for path in (ROOT / folder).rglob("*"):
            if path.suffix in {".py", ".md", ".ipynb", ".sh", ".json"} and path != Path(__file__):
                assert not pattern.search(path.read_text(encoding="utf-8")), path
