"""Answers as structures: lists, sets, intervals, assignments, equations, units, words; and when two are the same.

- `reading.read_answer` turns one text into a `forms.Form`; `same.same` compares two of them, given the question.
- Certain or silent: a comparison answers True only where mathematics leaves no doubt, False where both sides are fully
  understood and differ, None otherwise.
"""
