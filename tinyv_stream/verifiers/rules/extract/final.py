"""The final answer of a completion: the last box, unless something behind it is marked as the final answer."""

from tinyv_stream.verifiers.rules.extract import statement
from tinyv_stream.verifiers.rules.extract.boxes import boxes, without_commands
from tinyv_stream.verifiers.rules.extract.closing import last_stated
from tinyv_stream.verifiers.rules.extract.continued import is_of_a_part
from tinyv_stream.verifiers.rules.extract.framed import standing
from tinyv_stream.verifiers.rules.extract.instructed import without_quoted_instructions
from tinyv_stream.verifiers.rules.extract.labels import ends_in_anothers
from tinyv_stream.verifiers.rules.extract.marks import last_mark
from tinyv_stream.verifiers.rules.extract.several import chosen
from tinyv_stream.verifiers.rules.extract.spelled import spelled
from tinyv_stream.verifiers.rules.extract.steps import goes_on
from tinyv_stream.verifiers.rules.extract.turn import response
from tinyv_stream.verifiers.rules.extract.withdrawn import corrected, guesses_again, taken_back


def final_answer(completion: str, ground_truth: str = "") -> str:
    """Return what a completion gives as its final answer; empty where it gives none.

    `ground_truth` decides one thing only: whether several boxes may be one list. Without it the answer is taken for one
    value, and boxes with nothing but separators between them for a list.
    """
    said = response(completion)
    text = without_quoted_instructions(said)  # of the same length; what takes an answer back is read as it was said
    every = boxes(text)
    found = standing(text, every)
    end = found[-1].end if found else 0
    mark = last_mark(text, end)
    if mark is not None and every and not found and _is_box(mark.text):
        return ""
    if mark is not None and (not found or mark.strength != "words"):
        answer, end = spelled(without_commands(mark.text)), mark.end
        if guesses_again(text[mark.start : mark.end]) or is_of_a_part(
            text[mark.start : mark.end], text[mark.end - 1 :]
        ):
            answer = ""
    elif found and (
        goes_on(before := text[max(0, found[-1].start - 400) : found[-1].start], text[end:])
        or is_of_a_part(before, text[end:])
    ):
        return ""
    elif found:
        answer = spelled(statement.tidy(chosen(text, found, ground_truth)))
    else:
        return "" if every or ends_in_anothers(text) else spelled(without_commands(last_stated(text)))
    return spelled(corrected(said[end:])) or ("" if taken_back(said[end:], answer) else answer)


def _is_box(text: str) -> bool:
    """Say whether a text is one box and nothing else: behind a denial its value is none, whatever names it."""
    found = boxes(text)
    return len(found) == 1 and found[0].start == 0 and found[0].end == len(text)
