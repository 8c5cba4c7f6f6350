"""The index: every line once, whatever is killed; it may be deleted, and labels are not in it."""

import sqlite3
from collections.abc import Mapping
from pathlib import Path

import pytest
from board_kit import began, refused, rescued, reward, write
from hypothesis import given
from hypothesis import strategies as st

from tinyv_stream.board import quality, queries
from tinyv_stream.board.filters import PRESETS, tables, where
from tinyv_stream.board.index import Index
from tinyv_stream.board.ingest import Indexer
from tinyv_stream.board.labels import Labels, label_of
from tinyv_stream.lab.pairs import read_pairs
from tinyv_stream.record import reading
from tinyv_stream.types import Status


def indexed(runs: Path) -> Index:
    index = Index(runs)
    indexer = Indexer(index)
    while indexer.take_in()[1]:
        pass
    indexer.close()
    return index


def ids(index: Index, query: Mapping[str, str]) -> list[str]:
    with index.reading() as base:
        return [row["id"] for row in queries.page(base, query)[0]]


def test_every_whole_line_is_indexed_once_and_a_torn_one_when_it_is_whole(tmp_path: Path) -> None:
    path = write(tmp_path, [reward(n) for n in range(5)])
    whole = path.read_bytes()
    path.write_bytes(whole[:-10])
    assert len(ids(indexed(tmp_path), {})) == 4
    path.write_bytes(whole)
    assert ids(indexed(tmp_path), {}) == ["r4", "r3", "r2", "r1", "r0"]


def test_a_kill_in_the_middle_of_a_batch_loses_and_doubles_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, [began(1, 1.0), *(reward(n) for n in range(50))])
    indexer = Indexer(Index(tmp_path))

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(indexer, "_sums", die)
        with pytest.raises(KeyboardInterrupt):
            indexer.take_in()
    assert ids(Index(tmp_path), {}) == []
    indexer.take_in()
    indexer.close()
    with Index(tmp_path).reading() as base:
        assert base.execute("select count(*), count(distinct id) from v").fetchone()[:] == (50, 50)
        assert base.execute("select rollouts, found from step").fetchone()[:] == (50, 50)


def test_two_clients_two_tries_and_a_rotated_segment_are_all_there(tmp_path: Path) -> None:
    write(tmp_path, [reward(0)])
    write(tmp_path, [reward(1)], "c-00001.jsonl")
    write(tmp_path, [reward(2, client="d")], "d-00000.jsonl")
    write(tmp_path, [reward(0, try_=2000)], "c-00002.jsonl")
    index = indexed(tmp_path)
    assert sorted(ids(index, {})) == ["r0", "r0", "r1", "r2"]
    with index.reading() as base:
        assert [one["try"] for one in queries.runs(base)] == [2000, 1000]


def test_a_resumed_run_does_not_stretch_the_step_that_it_does_again(tmp_path: Path) -> None:
    write(tmp_path, [began(1, 10.0), reward(0, ended=11.0, rewarded=11.2)])
    write(tmp_path, [began(1, 500.0, try_=2000), reward(0, try_=2000, ended=502.0, rewarded=502.1)], "c-00001.jsonl")
    with indexed(tmp_path).reading() as base:
        times = [row[0] for row in base.execute("select generation from step order by r")]
    assert times == [1.0, 2.0]


def test_a_deleted_index_is_built_again_and_the_labels_are_still_there(tmp_path: Path) -> None:
    write(tmp_path, [rescued(0), refused(1)])
    label = label_of(
        "wrong", accepted=True, pair_id=f"{0:032x}", texts=("What is 0?", "0", "0"), source="x", via="audit"
    )
    Labels(tmp_path).add(label)
    for _ in range(2):
        index = indexed(tmp_path)
        base = index.connect()
        Labels(tmp_path).mirror(base)
        base.close()
        assert ids(index, {"preset": "wrong"}) == ["r0"]
        for path in tmp_path.glob("board.db*"):
            path.unlink()


def test_a_label_covers_equal_rollouts_and_its_file_is_what_eval_reads(tmp_path: Path) -> None:
    pair = "a" * 32
    write(tmp_path, [rescued(0, pair=pair), rescued(1, pair=pair), refused(2)])
    labels = Labels(tmp_path)
    texts = ("q", "3\\cdot 2^{n-1}", "3\\cdot 2^n")
    labels.add(label_of("right", accepted=True, pair_id=pair, texts=texts, source="x", via=""))
    labels.add(label_of("wrong", accepted=True, pair_id=pair, texts=texts, source="x", via="audit"))
    labels.add(label_of("unsure", accepted=False, pair_id="b", texts=texts, source="x", via=""))
    labels.add(label_of("right", accepted=False, pair_id="c", texts=texts, source="x", via=""))
    labels.add(label_of("", accepted=False, pair_id="c", texts=texts, source="x", via=""))
    index = indexed(tmp_path)
    base = index.connect()
    labels.mirror(base)
    with index.reading() as reader:
        rates = quality.quality(reader, 1)["whole"].wrong
    assert sorted(ids(index, {"preset": "wrong"})) == ["r0", "r1"]
    assert rates["tinyv"].n == 1 and rates["tinyv"].share == 1.0 and rates["refused"] is None
    (only,) = read_pairs(labels.path)
    assert only.label is False and only.model_answer == texts[2]


def test_only_labels_from_the_audit_count_in_the_rates(tmp_path: Path) -> None:
    write(tmp_path, [rescued(n) for n in range(10)])
    labels = Labels(tmp_path)
    for n in range(6):
        label = label_of(
            "wrong" if n < 3 else "right", accepted=True, pair_id=f"{n:032x}", texts=("q", "1", "1"), source="",
            via="" if n < 3 else "audit",
        )  # fmt: skip
        labels.add(label)
    index = indexed(tmp_path)
    labels.mirror(index.connect())
    with index.reading() as base:
        found = quality.quality(base, 1)
    assert (
        found["whole"].wrong["tinyv"].n == 3
        and found["whole"].wrong["tinyv"].wrong == 0
        and found["by_eye"]["tinyv"] == 3
    )


def test_presets_pick_what_they_say(tmp_path: Path) -> None:
    lines = [
        reward(0),
        rescued(1),
        refused(2),
        rescued(3, p_true=0.94, value=0.0, tinyv=refused(3).tinyv),
        reward(4, ended=1.0, rewarded=9.0),
        reward(5, value=None, status=Status.EXPIRED, source="fallback"),
    ]
    write(tmp_path, lines)
    index = indexed(tmp_path)
    assert ids(index, {"preset": "rescued"}) == ["r1"]
    assert ids(index, {"preset": "near"}) == ["r1"]
    assert ids(index, {"preset": "undecided"}) == ["r5"]
    assert ids(index, {"preset": "slow"}) == ["r4"]
    assert ids(index, {"text": "what is 2"}) == ["r2"]
    assert ids(index, {"pmin": "0.5"}) == ["r1"]


def test_groups_teach_by_the_rules_through_tinyv_or_not_at_all(tmp_path: Path) -> None:
    lines = [
        reward(0, group="rules"), refused(1, group="rules"),
        rescued(2, group="tinyv"), refused(3, group="tinyv"),
        refused(4, group="flat"), refused(5, group="flat"),
        reward(6, group="half"),
    ]  # fmt: skip
    write(tmp_path, lines)
    with indexed(tmp_path).reading() as base:
        assert quality.quality(base, 1)["steps"] == [[1, 1, 1, 1]]


def test_a_text_is_found_in_a_compressed_segment_and_said_to_be_gone_when_it_is(tmp_path: Path) -> None:
    path = write(tmp_path, [reward(n) for n in range(200)])
    index = indexed(tmp_path)
    reading.compress(path)
    with index.reading() as base:
        facts = queries.verdict(base, 150)
    assert facts is not None and queries.line_of(tmp_path, facts).id == facts["id"]
    Path(f"{path}.gz").unlink()
    with pytest.raises(queries.GoneError):
        queries.line_of(tmp_path, facts)


_KEYS = [
    "preset",
    "r",
    "from",
    "to",
    "source",
    "rule",
    "tinyv",
    "kind",
    "label",
    "data",
    "text",
    "pmin",
    "pmax",
    "before",
]
_VALUES = st.one_of(
    st.text(st.characters(codec=None), max_size=30),
    st.sampled_from([*PRESETS, "nan", "1e999", "-1", "'", '"*"', "a OR b"]),
)


@given(st.dictionaries(st.sampled_from(_KEYS), _VALUES, max_size=6))
def test_any_query_string_is_valid_sql(query: dict[str, str]) -> None:
    from tinyv_stream.board.index import _TABLES

    base = sqlite3.connect(":memory:")
    base.executescript(_TABLES)
    condition, values = where(query)
    base.execute(f"select 1 from {tables(condition)} where {condition}", values).fetchall()
