"""The words of a final answer in the most used languages, as data: how it is named, stated, denied and explained.

One row a language. `noun` names the answer, `copula` states it, `no` denies it, `but` brings the right one after a
denial, `why` begins an explanation and `aside` does so behind a comma or a bracket, `either` and `both` join values,
`tail` is what a sentence ends with behind its value.
"""
# ruff: noqa: E501, RUF001 one alternation is one line; the letters of other scripts are meant

import re
from typing import Final

import msgspec


class Language(msgspec.Struct, frozen=True):
    """Regular expressions of one language, each an alternation without groups; empty where there is nothing to say."""

    name: str
    stems: tuple[str, ...]
    """What every name of the answer contains, in the case in which it is written: it is looked for first, and fast."""
    noun: str
    copula: str
    no: str
    but: str
    why: str
    aside: str
    either: str
    both: str
    tail: str = ""
    spaced: bool = True
    """Whether words stand between spaces, in letters that `\\b` knows."""


_ENGLISH: Final = ("nswer", "NSWER", "Ans", "ANS", "ans:", "ans ", "orrect option", "orrect choice", "looking for",
                   "inal res", "inal val", "inal sol", "inal out", "inal tot")  # fmt: skip
LANGUAGES: Final = (
    Language(
        "en",
        stems=_ENGLISH,
        noun=r"answers?|ans|final (?:result|value|solution|output|total)|correct (?:option|choice)|(?:number|value|quantity) (?:that )?we (?:are|were) looking for",
        copula=r"is|are|equals|comes out (?:as|to)|turns out to be|(?:must|should|will|has to) be|becomes",
        no=r"not|isn't|aren't|cannot be|never|no longer",
        but=r"but(?: rather| instead)?|rather|instead",
        why=r"because|since|due to|thanks to|by (?:theorem|lemma|counting|induction|inspection|definition|construction)|by the (?:\w+ )?(?:principle|rule|theorem|lemma|formula|law|definition)"
        r"|as (?:required|desired|claimed|expected|needed|stated|wanted|asked|promised)|which (?:follows|comes|agrees|matches)|although|though|whereas|while|rather than|instead of|i hope|as opposed to|after all|and (?:certainly )?not"
        r"|to (?:do|make|choose|form|arrange|get|reach|colou?r|place|select|pick|complete|cover|tile|win|seat|write)\b(?! it)",
        aside=r"(?:i|we) hope|for which|as(?! ?[$\\(]| [a-z]\b)|obtained|found by|given by|which|by|where (?:we|i)"
        r"|and (?:we|this|that|it|i|so|not|neither|nor|certainly not|hence|thus|therefore|the check|you)|not|but not"
        r"|neither|so (?:we|that|the)|given that(?![^.;]*[\d\x00])|checked|verified|rounded|attained|achieved|reached|in (?:simplest|lowest|reduced)|see|this|some|compare|a (?:double|triple) root|for \d+,|using",
        either=r"or",
        both=r"and",
    ),
    Language(
        "es",
        stems=("espuesta", "ESPUESTA", "olución final", "esultado final", "olución:"),
        noun=r"solución(?=:)|respuesta|solución final|resultado final",
        copula=r"es igual a|es|son",
        no=r"no",
        but=r"sino(?: que)?|pero sí",
        why=r"porque|ya que|puesto que|aunque|y no",
        aside=r"pues|y no|no|lo que|como",
        either=r"o bien|o|u",
        both=r"y|e",
    ),
    Language(
        "fr",
        stems=("éponse", "eponse", "ÉPONSE", "ésultat final", "ésultat cherché", "aleur cherchée", "a solution fin"),
        noun=r"solution finale|réponses?|reponses?|résultat (?:final|cherché)|valeur cherchée",
        copula=r"est égale? à|est donc|est|sont|vaut|n'est|n’est",
        no=r"pas|n'est pas|ne sont pas",
        but=r"mais(?: plutôt)?",
        why=r"parce que|car|puisque|bien que|et non(?: pas)?",
        aside=r"et non(?: pas)?|non pas|pas|ce qui|comme",
        either=r"ou bien|ou",
        both=r"et",
    ),
    Language(
        "de",
        stems=("ntwort", "NTWORT", "rgebnis", "ösung"),
        noun=r"(?:(?:lautet|ist|beträgt|sind) (?:also |somit |daher )?(?:die|das|unsere|meine) (?:\w{1,20} )?)?"
        r"(?:antwort|endergebnis|ergebnis|lösung)(?:en)?",
        copula=r"lautet|lauten|ist|sind|beträgt",
        no=r"nicht|kein",
        but=r"sondern|vielmehr",
        why=r"weil|denn|obwohl|und nicht",
        aside=r"da|und nicht|nicht|was|wie",
        either=r"oder",
        both=r"und",
    ),
    Language(
        "pt",
        stems=("esposta", "ESPOSTA", "esultado final", "olução final"),
        noun=r"resposta|resultado final|solução final",
        copula=r"é igual a|é|são",
        no=r"não",
        but=r"e sim|mas sim|mas|senão",
        why=r"porque|pois|já que|uma vez que|embora|e não",
        aside=r"e não|não|como",
        either=r"ou",
        both=r"e",
    ),
    Language(
        "ru",
        stems=("твет", "ТВЕТ", "скомое", "скомая"),
        noun=r"ответы?|иском(?:ое значение|ое число|ая величина)",
        copula=r"равен|равна|равно|составляет|это|[—–-]",
        no=r"не",
        but=r"а|но",
        why=r"потому что|так как|поскольку|хотя|а не|и не",
        aside=r"а не|и не|не|как|что",
        either=r"или|либо",
        both=r"и",
    ),
    Language(
        "ar",
        stems=("جواب", "إجابة", "اجابة"),
        noun=r"ال(?:جواب|إجابة|اجابة)|إجابة",
        copula=r"هو|هي|هم|يساوي|تساوي",
        no=r"ليست|ليس",
        but=r"بل|ولكن|وإنما|وانما",
        why=r"لأن|لان|وليست|وليس",
        aside=r"وليست|وليس|ليست|ليس|حيث|رغم",
        either=r"أو|او",
        both=r"و",
        spaced=False,
    ),
    Language(
        "ur",
        stems=("جواب",),
        noun=r"(?<!ال)جواب",
        copula=r"یہ ہے",
        no=r"نہیں",
        but=r"بلکہ",
        why=r"کیونکہ",
        aside=r"نہ کہ",
        either=r"یا",
        both=r"اور",
        tail=r"ہے|ہیں",
        spaced=False,
    ),
    Language(
        "hi",
        stems=("उत्तर", "जवाब"),
        noun=r"उत्तर|जवाब",
        copula=r"यह है",
        no=r"नहीं",
        but=r"बल्कि",
        why=r"क्योंकि|चूँकि",
        aside=r"न कि",
        either=r"या|अथवा",
        both=r"और|एवं",
        tail=r"है|हैं|होगा",
        spaced=False,
    ),
    Language(
        "bn",
        stems=("উত্তর",),
        noun=r"উত্তর",
        copula=r"হলো|হল",
        no=r"নয়",
        but=r"বরং",
        why=r"কারণ",
        aside=r"যেহেতু",
        either=r"বা|অথবা",
        both=r"এবং|ও",
        tail=r"হবে|হয়",
        spaced=False,
    ),
    Language(
        "zh",
        stems=("答案", "所求", "答", "选", "最终结果", "最后结果"),
        noun=r"最(?:终|后)结果|答案|(?:故|应|因此|所以)选(?:择)?|所求的?(?:值|数|结果)?|(?<![回解作问抢])答(?=\s*[:：])",
        copula=r"应该是|应为|应是|就是|即为|是|为|等于",
        no=r"并不|并非|不|非",
        but=r"而应该是|而是|但是|但",
        why=r"因为|由于|而不是|而非",
        aside=r"不是|其中|虽然|所以",
        either=r"或者|或|还是",
        both=r"以及|和|与|及|、",
        spaced=False,
    ),
    Language(
        "ja",
        stems=("答え", "解答", "正解", "求める", "最終解", "最終結果"),
        noun=r"最終結果|答え|解答|正解|求める(?:べき)?(?:値|数|答え)|最終解",
        copula=r"は|が",
        no=r"ではない|ではありません|ではなく|じゃない|でなく",
        but=r"ではなく|でなく|じゃなくて",
        why=r"なぜなら|というのは",
        aside=r"ただし",
        either=r"または|あるいは|か",
        both=r"および|と|、",
        tail=r"です|である|となります|になります|となる|になる|だ",
        spaced=False,
    ),
    Language(
        "ko",
        stems=("답",),
        noun=r"정답|최종 답|(?<![가-힣])답",
        copula=r"은|는",
        no=r"[이가] 아니라|[이가] 아닙니다|[이가] 아니다",
        but=r"[이가] 아니라",
        why=r"왜냐하면",
        aside=r"단,",
        either=r"또는",
        both=r"와|과|그리고",
        tail=r"입니다|이다|이에요|예요",
        spaced=False,
    ),
    Language(
        "it",
        stems=("isposta", "ISPOSTA", "isultato finale"),
        noun=r"risultato finale|risposta",
        copula=r"è|sono",
        no=r"non",
        but=r"ma|bensì",
        why=r"perché|poiché|e non",
        aside=r"e non|non",
        either=r"oppure|o",
        both=r"e",
    ),
    Language(
        "id",
        stems=("awaban", "asil akhir"),
        noun=r"hasil akhir(?:nya)?|jawaban(?: akhir)?(?:nya)?",
        copula=r"adalah|ialah",
        no=r"bukan(?:lah)?",
        but=r"melainkan|tetapi",
        why=r"karena|sebab",
        aside=r"bukan",
        either=r"atau",
        both=r"dan",
    ),
)


def whole(language: Language, pattern: str) -> str:
    """Return an alternation that matches whole words of a language only."""
    return rf"(?<![^\W\d_])(?:{pattern})(?![^\W\d_])" if language.spaced else f"(?:{pattern})"


BY_NAME: Final = {row.name: row for row in LANGUAGES}
_NOUNS: Final = {row.name: re.compile(whole(row, row.noun), re.IGNORECASE) for row in LANGUAGES}
_BEFORE: Final = 70
_BEHIND: Final = 40
"""Characters around a stem in which the whole name is looked for."""


class Noun(msgspec.Struct, frozen=True):
    """A name of the answer in a text, and its language."""

    start: int
    end: int
    language: Language


def nouns(text: str, after: int, most: int) -> list[Noun]:
    """Return the last `most` names of an answer behind `after`, the last one first."""
    found: dict[int, Noun] = {}
    for row in LANGUAGES:
        for stem in row.stems:
            end = len(text)
            for _ in range(most):
                at = text.rfind(stem, after, end)
                if at < 0:
                    break
                end = at
                noun = _noun_at(text, at, row)
                if noun and noun.start >= after:
                    found.setdefault(noun.start, noun)
    return [found[start] for start in sorted(found, reverse=True)[:most]]


def first_mark(text: str) -> int:
    """Return where the first thing that marks an answer ends; -1 where there is none."""
    ends = [at + len(sign) for sign in ("\\boxed", "\\fbox", "####", "<answer>") if (at := text.find(sign)) >= 0]
    for row in LANGUAGES:
        for stem in row.stems:
            at = text.find(stem)
            if at >= 0 and (noun := _noun_at(text, at, row)):
                ends.append(noun.end)
    return min(ends, default=-1)


def _noun_at(text: str, at: int, row: Language) -> Noun | None:
    for noun in _NOUNS[row.name].finditer(text, max(0, at - _BEFORE), min(len(text), at + _BEHIND)):
        if noun.start() <= at < noun.end():
            return Noun(noun.start(), noun.end(), row)
    return None
