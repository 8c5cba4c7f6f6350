"""Values with names, several of them: `x = 3, y = 4` beside `3, 4`, `(3, 4)` and `y = 4, x = 3`."""

from tinyv_stream.verifiers.rules.answers import order
from tinyv_stream.verifiers.rules.answers.forms import Comparison, Form, Labelled, Match, Scalar, Sequence
from tinyv_stream.verifiers.rules.maths.exact import exact
from tinyv_stream.verifiers.taxonomy import Taxonomy


def same_assignments(gold: Sequence, answer: Sequence, question: str, same: Comparison) -> Match | None:
    """Compare `x=3, y=4` with `3, 4`, with `(3, 4)`, and with `y=4, x=3`; each name once, on one side at least."""
    ours, theirs = by_label(gold), by_label(answer)
    if ours is None or theirs is None:
        return _named_and_bare(gold, answer, question, same)
    ours, theirs = _in_full(ours), _in_full(theirs)
    if ours.keys() != theirs.keys():
        ours, theirs = _by_initial(ours, theirs), _by_initial(theirs, ours)
    if ours.keys() != theirs.keys():
        return None
    if any(_is_set(ours[k]) != _is_set(theirs[k]) for k in ours):  # `x = \\{1\\}` is no `x = 1` beside another name
        return None
    found = all((m := same(ours[k], theirs[k], question)) and m.same for k in ours)
    reason = "same assignments" if found else "different assignments"
    return Match(same=found, reason=reason, taxonomy=Taxonomy.SET_LIST)


def _is_set(form: Form) -> bool:
    return isinstance(form, Sequence) and form.brackets == "{}"


def _in_full(side: dict[str, Form]) -> dict[str, Form]:
    """Return the values by their full names, where each still has its own: not `x_max` and `y_max`."""
    if side.keys() == {"M", "m"}:
        return {"maximum": side["M"], "minimum": side["m"]}
    named = {order.full_name(name): value for name, value in side.items()}
    return named if len(named) == len(side) else side


def _by_initial(side: dict[str, Form], other: dict[str, Form]) -> dict[str, Form]:
    """Return `l = 9, w = 4` by the words of the other side, `length` and `width`, where each has its own initial."""
    initials = {word[0]: word for word in other if len(word) > 2 and word.isalpha()}
    if len(initials) != len(other) or side.keys() != initials.keys():
        return side
    return {initials[letter]: value for letter, value in side.items()}


def _named_and_bare(gold: Sequence, answer: Sequence, question: str, same: Comparison) -> Match | None:
    ours, theirs = by_label(gold), by_label(answer)
    named, bare = (ours, answer) if ours is not None else (theirs, gold)
    if named is None or bare.brackets == "{}":  # a set says nothing of which is which
        return None
    if len(named) != len(bare.items) or any(isinstance(item, Labelled) for item in bare.items):
        return None
    if ours is None and _are_extremes(theirs, gold.items, question, same):
        return Match(same=True, reason="extremes against their values", taxonomy=Taxonomy.LANGUAGE)
    if ours is None and _in_full(theirs or {}).keys() == {"maximum", "minimum"} and order.are_extremes_asked(question):
        return None
    ordered = order.places(list(named), question)
    if ours is not None and not any(order.is_said(name, question) for name in named):
        ordered = list(named)  # a question without these names has the order of the ground truth
    if ordered is None:
        return None
    pairs = list(zip((named[name] for name in ordered), bare.items, strict=True))
    found = all((m := same(a, b, question) if ours is not None else same(b, a, question)) and m.same for a, b in pairs)
    reason = "assignments against their values" if found else "different values"
    return Match(same=found, reason=reason, taxonomy=Taxonomy.LANGUAGE)


def _are_extremes(named: dict[str, Form] | None, bare: tuple[Form, ...], question: str, same: Comparison) -> bool:
    """Say whether a maximum and a minimum that the answer names are the two numbers of a bare ground truth."""
    values = _in_full(named or {})
    if values.keys() != {"maximum", "minimum"}:
        return False
    high, low = values["maximum"], values["minimum"]
    ends = [exact(form.node) if isinstance(form, Scalar) else None for form in (low, high)]
    if ends[0] is None or ends[1] is None or ends[0] > ends[1]:
        return False
    return matching(bare, (low, high), question, same)


def by_label(sequence: Sequence) -> dict[str, Form] | None:
    """Return the values by their names; None where one has no name, or two have the same."""
    found = {item.label: item.value for item in sequence.items if isinstance(item, Labelled)}
    return found if len(found) == len(sequence.items) and len(found) > 1 else None


def matching(ours: tuple[Form, ...], theirs: tuple[Form, ...], question: str, same: Comparison) -> bool:
    """Say whether each item has its own partner."""
    left = list(theirs)
    for item in ours:
        for index, other in enumerate(left):
            found = same(item, other, question)
            if found is not None and found.same:
                del left[index]
                break
        else:
            return False
    return True
