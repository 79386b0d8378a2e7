"""The course's formulas are gradients for any window, ways are counted by the chain rule,
and names are scored as CoNLL scores them.
"""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinygrad_edu import Op, Value, cli, ops, train, zoo
from tinygrad_edu.engine import chain_rule
from tinygrad_edu.errors import UserError
from tinygrad_edu.zoo import cs224n
from tinygrad_edu.zoo.cs224n import sentences, tagger, window
from tinygrad_edu.zoo.report import Run

TAGS = st.sampled_from(["O", "O", "PER", "LOC"])
LABELS = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=30)


# Scores


@given(LABELS)
def test_precision_is_a_share_of_what_is_said_and_recall_of_what_is_true(pairs):
    true, said = zip(*pairs)
    X = [[float(k == s) for k in range(3)] for s in said]
    scores = train.precision_recall(lambda x: x, X, true)
    for k, score in enumerate(scores):
        claims, there = [t == k for t, s in pairs if s == k], [s == k for t, s in pairs if t == k]
        p, r = (sum(hits) / len(hits) if hits else 0.0 for hits in (claims, there))
        assert (score.precision, score.recall) == (p, r)
        assert score.f1 == pytest.approx(2 * p * r / (p + r) if p + r else 0.0)
    assert train.f1(lambda x: x, X, true) == pytest.approx(sum(s.f1 for s in scores) / 3)


def test_of_two_classes_f1_is_that_of_class_1():
    X, y = [[1.0], [1.0], [-1.0], [1.0]], [1, -1, 1, 1]
    assert train.f1(lambda x: x[0], X, y) == train.precision_recall(lambda x: x[0], X, y)[1].f1 == 2 * 2 / (3 + 3)


@given(st.lists(TAGS, max_size=12))
def test_names_cover_exactly_the_words_that_are_tagged(tags):
    painted = ["O"] * len(tags)
    found = train.entities(tags)
    for a, b, kind in found:
        painted[a:b] = [kind] * (b - a)
    assert painted == tags and all(p[1:] != (q[0], q[2]) for p, q in zip(found, found[1:]))


@given(st.lists(st.tuples(st.integers(1, 3), st.sampled_from(["O", "PER", "LOC"])), max_size=8))
def test_in_the_bio_scheme_neighbours_of_one_class_are_two_names(runs):
    tags, names = [], []
    for size, kind in runs:
        if kind != "O":
            names.append((len(tags), len(tags) + size, kind))
        tags += ["O"] * size if kind == "O" else [f"B-{kind}", *[f"I-{kind}"] * (size - 1)]
    assert train.entities(tags) == names


@given(st.lists(st.lists(st.tuples(TAGS, TAGS), min_size=1, max_size=8), max_size=5))
def test_a_name_counts_only_if_it_is_found_whole(pairs):
    true, said = ([[pair[k] for pair in one] for one in pairs] for k in (0, 1))
    total = sum(train.entity_scores(true, said).values(), train.Score())
    whole = [set(zip([n] * 99, train.entities(one))) for part in (true, said) for n, one in enumerate(part)]
    sought, given_ = whole[: len(pairs)], whole[len(pairs) :]
    assert total == train.Score(
        sum(len(a & b) for a, b in zip(sought, given_)), sum(map(len, given_)), sum(map(len, sought))
    )
    assert 0 <= total.f1 <= 1 and min(total.precision, total.recall) <= total.f1 + 1e-15
    assert total.f1 <= max(total.precision, total.recall) + 1e-15
    perfect = sum(train.entity_scores(true, true).values(), train.Score())
    assert perfect.found == perfect.given == perfect.sought == total.sought


@pytest.mark.parametrize("said, told", [([["O"]], "sentence 0 has 2 words"), ([], "1 sentences and tags for 0")])
def test_tags_that_do_not_fit_the_sentences_are_refused(said, told):
    with pytest.raises(UserError, match=told):
        train.entity_scores([["O", "PER"]], said)


# The graph and the formulas


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=7))
def test_way_by_way_a_node_is_visited_as_often_as_the_chain_rule_counts_with_ones(edges):
    made = [Value(1.0)]
    for a, b in edges:
        made.append(made[a % len(made)] + made[b % len(made)])
    assert cs224n.walked(made[-1]) == chain_rule(made[-1], 1.0, lambda node: (1.0,) * len(node.parents))


@pytest.mark.parametrize("times", [1, 5, 10])
def test_doublings_have_twice_as_many_ways_each(times):
    first, last = cs224n.doubled(times)
    visits = cs224n.walked(last)
    assert visits[first] == 2**times and sum(visits.values()) == 2 ** (times + 1) - 1 and last.data == 2.0**times


@given(st.lists(st.sampled_from(window.SENTENCE), min_size=5, max_size=5), st.integers(0, 99))
@settings(max_examples=15, deadline=None)
def test_the_formulas_are_the_gradients_also_where_words_repeat(words, seed):
    scorer = window.Scorer.drawn(window.SENTENCE, seed)
    x, h, s = scorer.score(words)
    s.backward()
    found = window.by_formula(scorer, x, h)
    for formula, engine in ((found.u, scorer.u), (found.b, scorer.b), (found.W, scorer.W)):
        assert window.apart(formula, engine) < window.TINY
    size = window.SIZE
    for word in window.SENTENCE:
        places = [k for k in range(5) if words[k] == word]
        together = [sum(found.x[size * k + i] for k in places) for i in range(size)]
        assert window.apart(together, scorer.vector(word)) < window.TINY


@pytest.mark.parametrize(
    "slope, passes",
    [
        (lambda y, x: (1 - y * y,), True),
        (lambda y, x: (1 - x * x,), False),
        (lambda y, x: (1 - y,), False),
        (lambda y, x: (1.0001 * (1 - y * y),), False),
    ],
)
def test_the_check_of_the_course_passes_what_is_right_and_nothing_else(slope, passes):
    scorer, bend = window.Scorer.drawn(window.SENTENCE, 3), Op("tanh", ops.tanh.forward, slope)
    before = [p.data for p in scorer.parameters()]
    found = window.largest_difference(lambda: scorer.score(window.SENTENCE[:5], bend)[2], scorer.parameters())
    assert (found <= window.TOLERANCE) == passes and [p.data for p in scorer.parameters()] == before


@pytest.mark.parametrize("seed", range(1, 6))
def test_every_seed_meets_what_does_not_depend_on_training(seed):
    run = Run("test", seed=seed, show=None)
    for part in (window.shapes, window.twice, window.checked, window.margin):
        part(run)
    assert not run.missed and len(run.rows) == 11


# The names


def test_the_sentences_are_many_varied_and_mostly_of_names_that_are_new_to_the_learner():
    learned, held = sentences.sentences()
    assert len(learned) >= 200 and len(held) >= 50
    assert sentences.classes(learned) == ["O", "PER", "LOC", "ORG", "MISC"]
    assert {*sentences.classes(held)} == {*sentences.classes(learned)}
    every = [" ".join(one.words) for one in learned + held]
    assert len(set(every)) == len(every)
    seen = {word for one in learned for word in one.words}
    names = [one.words[a:b] for one in held for a, b, _ in train.entities(one.tags)]
    assert sum(not seen.issuperset(name) for name in names) > len(names) / 2


def test_a_sentence_is_read_as_it_is_written():
    for part in sentences.sentences():
        for one in part:
            assert sentences.reading(tagger.bracketed(*one), 1) == one


WRONG = [
    ("[PER Ada lives .\n", "line 1 has a '[' at column 1"),
    ("Ada] lives .\n", "line 1 has a ']' at column 4"),
    ("He met [LOC ] .\n", "line 1 has a '[' at column 8"),
    ("He met [PER [LOC Ada]] .\n", "line 1 has a '[' at column 8"),
    ("[PER Ada] lives .\n", "held out, after the line '# held out', have no names"),
    ("Nobody .\n# held out\n[PER Ada] lives .\n", "the 1 sentences to learn from have no names"),
]


@pytest.mark.parametrize("text, told", WRONG)
def test_a_file_that_cannot_be_read_says_where_and_how_it_is_written(text, told, tmp_path):
    file = tmp_path / "mine.txt"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(UserError) as refused:
        sentences.sentences(file)
    assert told in str(refused.value)


def test_what_is_no_text_is_refused_by_the_command(tmp_path, capsys):
    file = tmp_path / "mine.txt"
    file.write_bytes(b"[PER \xff] lives .")
    assert cli.main(["zoo", "cs224n", "--small", "--data", str(file), "--out", str(tmp_path / "zoo")]) == 2
    told = capsys.readouterr()
    assert "no text in UTF-8" in told.err and told.out == ""


def test_sentences_of_ones_own_are_learned(tmp_path):
    file = tmp_path / "mine.txt"
    file.write_text(
        "Eat [FRUIT red plums] now .\nEat bread .\n# held out\nBuy [FRUIT red pears] .\n[SHOP Ada] sells .\n"
    )
    run = zoo.run("cs224n", data=file, small=True, show=None)
    assert not run.missed and "| FRUIT | 1 |" in run.markdown() and "| SHOP | 1 |" in run.markdown()


def test_a_replayed_training_is_the_eager_one():
    learned = sentences.sentences()[0][:6]
    kinds, known = sentences.classes(learned), sentences.vocabulary(learned)
    seen = {}
    for backend in ("eager", "python"):
        model = tagger.Tagger(known, len(kinds), seed=1)
        run = Run("test", seed=1, small=True, backend=backend, show=None)
        seen[backend] = tagger.learn(run, model, tagger.Samples.of(model, learned, kinds))
        seen[backend] += [p.data for p in model.parameters()]
    assert seen["eager"] == pytest.approx(seen["python"], rel=1e-9, abs=1e-12) and seen["eager"][4] < seen["eager"][0]


def test_an_unknown_word_is_its_form_and_the_unknown_vector():
    rng = random.Random(0)
    model = tagger.Tagger({sentences.EDGE: 0, sentences.UNKNOWN: 1, "in": 2}, 2, rng.randrange(99))
    assert model.vector("Riga") == model.vector("Oslo") != model.vector("riga")
    assert model.vector("in")[: tagger.SIZE] == model.vector("In")[: tagger.SIZE] != model.vector("on")[: tagger.SIZE]
    assert len(model.windows(["in", "Riga"])) == 2 and model.windows(["in"])[0][: tagger.SIZE] == model.words(0)


@given(st.integers(0, 99), st.lists(st.sampled_from(["in", "Riga", "of"]), min_size=3, max_size=3))
@settings(max_examples=10, deadline=None)
def test_what_words_speak_for_is_to_first_order_what_the_difference_of_scores_owes_to_them(seed, words):
    model = tagger.Tagger({sentences.EDGE: 0, sentences.UNKNOWN: 1, "in": 2}, 3, seed, reach=1)
    faint = [Value(v.data * 1e-6) for v in model.windows(words)[1]]
    shares, back = (tagger.spoken(model, faint, *pair) for pair in ((0, 2), (2, 0)))
    with_words, without = (model(x) for x in (faint, [0.0] * len(faint)))
    owed = (with_words[0] - with_words[2] - (without[0] - without[2])).data
    assert len(shares) == 3 and sum(shares) == pytest.approx(owed, rel=1e-4, abs=1e-10)
    assert shares == pytest.approx([-share for share in back])


def test_an_interrupted_training_is_judged_and_nothing_else_is_trained(monkeypatch):
    whole = Run.repeat

    def interrupted(run, count, step, unit):
        def once(k):
            if k:
                raise KeyboardInterrupt
            return step(k)

        return whole(run, count, once, unit)

    monkeypatch.setattr(Run, "repeat", interrupted)
    run = Run("test", small=True, epochs=10, backend="python", show=None)
    tagger.names(run, *sentences.sentences())
    assert {"loss", "confusion"} <= {*run.pictures} and "What it needs" not in run.markdown()
