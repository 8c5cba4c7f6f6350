r"""Supposed answers in other languages than English: `Si la respuesta fuera \boxed{5}`, `如果答案是 \boxed{5}`."""
# ruff: noqa: E501, RUF001 one alternation is one line; the letters of other scripts are meant

import re
from typing import Final

_END: Final = r"[\s$*({\\\[:：]*\Z"
_HINTS: Final = (
    "si ", "se ", "supon", "suppos", "suponha", "wenn", "falls", "angenommen", "wäre", "если", "допуст", "предполож", "пусть",
    "如果", "假", "若", "说", "为", "得", "もし", "仮", "만약", "가정", "نفترض", "افترض", "إذا", "لو ", "यदि", "अगर", "मान", "যদি", "ধর", "اگر", "فرض", "fehler", "irrtum", "err", "ошибк", "错误", "よくある", "흔한", "kesalahan", "خطأ", "गलती", "ভুল", "غلطی",
)  # fmt: skip
"""Parts of words that every condition below has one of."""
_ROMANCE: Final = r"(?:la |le |el |o |a |il |lo |l['’])?(?:bonne |correcta |corretta )?(?:respuesta|resultado|valor|solución|réponse|résultat|valeur|solution|resposta|solução|risposta|risultato|valore|soluzione)"
_FRONT: Final = re.compile(
    rf"\b(?:si|se|supongamos que|suponiendo que|supon(?:ga)? que|supposons que|en supposant que|suponha(?:mos)? que|supondo que|supponiamo che|supponendo che) {_ROMANCE}(?: (?:fuera|fuese|es|era|sea|était|est|soit|fosse|é|for|seja|è|sia)){_END}"
    rf"|\b(?:wenn|falls|angenommen|nehmen wir an),?(?: dass)? (?:(?:die|das|der) )?(?:antwort|ergebnis|lösung|resultat|wert)(?: (?:wäre|ist|sei|gleich))?{_END}"
    rf"|\b(?:если(?: бы)?|допустим|предположим|пусть),?(?: что)?,? (?:\w+ )?(?:ответ|результат|решение)(?: (?:был|будет|есть|это|равен|равен бы|был бы))?{_END}"
    rf"|(?:如果|假如|假设|假定|倘若|若)(?:最终|正确)?(?:的)?(?:答案|结果|值)(?:是|为|等于)?{_END}"
    rf"|(?:如果|假如|假设|假定|倘若|若)[^，,。；;\n]{{0,20}}{_END}"
    rf"|(?:有人|别人|书上|网上|同学|老师)(?:们)?(?:说|认为|觉得|以为)[^。；;\n]{{0,12}}{_END}"
    rf"|(?:もし|仮に)[^。\n]{{0,6}}(?:答え|解|値|結果)(?:が|を|は){_END}"
    rf"|(?:만약|만일|가령)\s*(?:답|정답|결과|값)(?:이|은|가|는|을|를)?{_END}"
    rf"|(?:لنفترض|نفترض|افترض|بفرض|إذا كان(?:ت)?|لو كان(?:ت)?)(?: أن)? (?:الجواب|الإجابة|النتيجة|الحل)(?: (?:هو|هي|تساوي|يساوي))?{_END}"
    rf"|(?:यदि|अगर|मान लीजिए(?: कि)?|मान लें(?: कि)?) (?:उत्तर|जवाब){_END}"
    rf"|(?:যদি|ধরি|ধরা যাক) (?:উত্তর|উত্তরটি){_END}"
    rf"|(?:اگر|فرض کریں(?: کہ)?) جواب{_END}",
    re.IGNORECASE,
)
"""Right in front of a box: a condition about the answer itself."""
_UNREAL: Final = re.compile(
    rf"\bs[ie] [^.!?\n]*\b(?:fuera|fuese|hubiera|hubiese|était|avait|fosse|avesse|tivesse|houvesse)\b[^.!?\n]*\b(?:sería|habría sido|serait|aurait été|seria|teria sido|sarebbe)(?: {_ROMANCE})?{_END}"
    rf"|\bs[ie] [^.!?\n]*\b(?:fuera|fuese|hubiera|hubiese|était|avait|fosse|avesse|tivesse|houvesse)\b[^.!?\n]*\b{_ROMANCE} (?:sería|serait|seria|sarebbe){_END}"
    rf"|(?:\A\W*|\bwenn\b[^.!?\n]*)(?:wäre|hätte|würde)\b[^.!?\n]*,[^.!?\n]*\b(?:wäre|würde)\b[^.!?\n]{{0,40}}{_END}"
    rf"|\bесли бы\b[^.!?\n]*\b(?:был бы|было бы|бы был|бы получил\w*)\b[^.!?\n]{{0,30}}{_END}",
    re.IGNORECASE,
)
"""What would be, under a condition that does not hold."""
_OF_ANSWER: Final = re.compile(
    r"respuesta|resultado|solución|pregunta|réponse|résultat|solution|question|resposta|solução|pergunta|risposta|risultato|soluzione|domanda|antwort|ergebnis|lösung|aufgabe|frage|ответ|результат|решени|вопрос|задач|fórmula",
    re.IGNORECASE,
)
"""What is unreal is the answer or the question; anything else may be the question's own condition."""
_NOT_SO: Final = re.compile(
    r"[^.!?\n]{0,60}[,.;]\s*(?:pero|mais|aber|mas|ma|però|но|однако|tatsächlich|sin embargo|cependant)\b", re.IGNORECASE
)
_MISTAKE: Final = re.compile(
    r"(?:\b(?:häufige\w*|typische\w*|üblich\w*|gängige\w*) (?:Fehler|Irrtum)|\berreur (?:fréquente|courante|classique|typique|commune)|\berror (?:común|frecuente|típico|habitual)"
    r"|\berro (?:comum|frequente|típico)|\berrore (?:comune|frequente|tipico)|\b(?:частая|типичная|распростран[её]нная|обычная) ошибка|(?:常见|典型|容易犯)的?错误|よくある(?:間違い|誤り|ミス)|흔한 (?:실수|오류)"
    rf"|\bkesalahan (?:umum|yang sering)|خطأ شائع|الخطأ الشائع|आम गलती|सामान्य गलती|সাধারণ ভুল|عام غلطی)[^.!?\n。，,;；]{{0,40}}{_END}",
    re.IGNORECASE,
)


def supposes_elsewhere(said: str, low: str, behind: str) -> bool:
    """Say whether the sentence of a box, up to it, supposes its value; `low` is the sentence in lower case."""
    if not any(hint in low for hint in _HINTS):
        return False
    if _FRONT.search(said) or _MISTAKE.search(said):
        return True
    return _UNREAL.search(said) is not None and (_OF_ANSWER.search(said) or _NOT_SO.match(behind)) is not None
