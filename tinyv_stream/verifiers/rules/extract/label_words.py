"""Words in front of the name of an answer, in fifteen languages: those of the writer's own one, and those that deny it."""
# ruff: noqa: E501 one alternation is one line; the letters of other scripts are meant

import re
from typing import Final

ADJECTIVES: Final = (
    "final correct corrected revised right exact numerical numeric short overall actual updated model expected "
    "complete full true own required requested desired sought unique only simplified simplest computed calculated "
    "derived resulting rounded decimal integer approximate approximated closed-form fractional reduced total "
    "combined definitive conclusive official ultimate last main direct brief concise detailed plain proper "
    "best good following above below stated submitted verified confirmed new single one mathematical "
    "general specific positive negative nonnegative rational real complex valid optimal obtained concluding "
    "formatted quick math written accurate accepted consistent predicted formal solution problem question "
    "multiple-choice summary corresponding appropriate analytic analytical algebraic symbolic percentage acceptable clean neat clear standard key generated output assistant"
)
"""English words that leave an answer the final one of the writer."""
NOT_OWN: Final = (
    "wrong incorrect false mistaken erroneous his her their another other sample example dummy placeholder hypothetical "
    "possible previous earlier old former initial student students opponent friend tempting naive usual popular common "
    "typical candidate rejected discarded intermediate partial fake bad invalid"
)
"""English words that make an answer another's or none, in a sentence, too."""
THEIRS: Final = re.compile(
    r"\b(?:students?|pupils?|friends?|teacher|(?:text)?book|people|he|she|they|most|many|others|someone) (?:\w+ )?(?:gave|gives?|got|gets?|wrote|writes?|says?|said|expects?)\b"
    r"|\b(?:of|by|from) (?:the|an?|my|some|most) (?:\w+ )?(?:students?|pupils?|friends?|teacher|textbook)\b",
    re.IGNORECASE,
)
"""Between an answer and its verb: who gave it."""
STOPS: Final = (
    "the our my your this that these those its a an is are was be so thus hence therefore then and but now "
    "finally here in as of for to with by on at from into or get gets have has give gives gave find finds found "
    "yield yields state conclude conclusion ergo i we it textbf text mathbf bf large huge boxed center b u strong "
    "edit note also because since which if giving yielding write writing provide present report choose select pick submit mark print "
    "output return calculate compute determine produce enter box"
)
"""English words in front of which a noun phrase begins."""
SPACED: Final = {
    "es": "la el una mi nuestra su esta final correcta exacta y así luego entonces única definitiva correcto verdadera buscada",
    "fr": "la le une ma notre cette bonne finale exacte correcte et donc ainsi alors vraie votre juste",
    "de": "die das eine der meine unsere ihre endgültige richtige korrekte exakte also somit daher damit und finale lautet ist gesuchte genaue vollständige kurze",
    "pt": "a o uma minha nossa esta final correta certa exata e então assim portanto logo sua",
    "it": "la il una mia nostra questa finale corretta esatta giusta e quindi dunque allora",
    "ru": "правильный верный окончательный итоговый наш мой этот и итак значит тогда следовательно образом точный полный краткий поэтому отсюда конечный получаем",
    "id": "jadi maka dan ini itu",
}
"""The same in other languages with spaces: a word right in front of the noun is one of these."""
DENIED: Final = re.compile(
    r"错误|错的|不正确|示例|样例|例子|可能|学生|同学|他的|她的|之前|先前|旧|初步|猜测|間違|誤|例の|仮の|生徒|学生の|以前|틀린|잘못|오답|예시|학생|이전|خاطئ|خطأ|مثال|الطالب|السابق|غلط|गलत|उदाहरण|छात्र|पिछल"
    r"|ভুল|উদাহরণ|incorrect[oa]?|fals[aoe]\w*|errónea|equivocada|ejemplo|estudiante|anterior|mauvaise|fausse|erronée|incorrecte|exemple|élève|étudiant|précédente|inkorrekt\w*|beispiel\w*|schüler\w*|vorherig\w*|alte\b"
    r"|errad[ao]|incorreta|exemplo|aluno|sbagliata|errata|esempio|studente|precedente|неправильн\w*|неверн\w*|ошибочн\w*|пример\w*|ученик\w*|студент\w*|предыдущ\w*|salah|contoh|siswa|sebelumnya|wrong",
    re.IGNORECASE,
)
"""Words that make it another's answer or none, in languages without a table of the other kind, and behind a noun."""
