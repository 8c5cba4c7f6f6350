r"""The answer inside a completion, two ways: as the reference cuts it, and as its writer marked it.

- `prime_answer` follows the reference's steps exactly. `final_answer` is what `cascade` and TinyV read: what the
  completion marks as its final answer, whole. A damaged answer would make every later verifier say "wrong".
- One way only: `turn` (which part speaks), `boxes`, `marks`, `labels` and `keyed` (where an answer is marked),
  `framed`, `judged`, `beside`, `supposed`, `attributed`, `instructed` and `steps` (which boxes say none), `statement`
  (where it ends), `several` (which boxes are one answer), `spelled` (JSON and markdown), `withdrawn` and `continued`
  (what takes it back), `final` (which mark counts). The languages are tables, `words` and `label_words`.
- Pure string work, linear in the text, never evaluated.
"""

from tinyv_stream.verifiers.rules.extract.boxes import without_boxes
from tinyv_stream.verifiers.rules.extract.final import final_answer
from tinyv_stream.verifiers.rules.extract.prime import Extraction, last_box, prime_answer
from tinyv_stream.verifiers.rules.extract.several import in_boxes

__all__ = ["Extraction", "final_answer", "in_boxes", "last_box", "prime_answer", "without_boxes"]
