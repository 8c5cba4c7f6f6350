r"""Values of somebody else: another person's, another source's, a usual mistake's, or the writer's own from before.

`one might think it is \boxed{5}` and `my friend says \boxed{5}` give another's view; people of the problem (`each
student gets \boxed{5} candies`) give none. `the expected answer is \boxed{5}, but I get 6` is another's only by what
follows it.
"""
# ruff: noqa: E501, RUF001 one alternation is one line; an apostrophe is meant

import re
from typing import Final

from tinyv_stream.verifiers.rules.extract.numbers import another

_END: Final = r"[\s$*({\\\[:]*\Z"
_TO_IT: Final = rf"(?:(?!\b(?:but|yet|however|so|hence|thus|therefore)\b)[^.;!?\n]){{0,50}}{_END}"
_PERSON: Final = r"(?:readers?|students?|pupils?|kids?|child|children|boys?|girls?|mathematicians?|candidates?|solvers?|guessers?|calculators?|friends?|persons?|people|class ?mates?|beginners?|novices?|teachers?|tutors?|professors?|colleagues?|neighbou?rs?|brothers?|sisters?|mother|father|(?:text)?books?|internet|forum|websites?|answer key|solution manual)"
_MODAL: Final = r"(?:(?:might|may|could|would|can|will|often|easily|wrongly|simply|just|then|probably|perhaps|also|still) ){0,3}(?:be (?:tempted|inclined|led) to )?"
_THINKS: Final = re.compile(
    rf"\b(?:one|someone|somebody|anyone|some|people|students?|many|most|others|(?:an?|the|my|your|his|her|some|many|most|other) (?:\w+ )?{_PERSON}(?: of (?:mine|ours|yours|his|hers))?|the (?:answer )?key|chatgpt|gpt|wikipedia|google|wolfram ?alpha|the (?:ai|bot|llm))"
    rf" {_MODAL}(?:thinks?(?! of)|says?|said|guess(?:es)?|believes?|claims?|claimed|expects?|supposes?|argues?)\b{_TO_IT}"
    rf"|\b(?:someone|somebody|anyone|some|people|students?|many|most|others|(?:an?|the|my|your|his|her) (?:\w+ )?{_PERSON}) {_MODAL}concludes?\b{_TO_IT}"
    rf"|\b(?:my|your|our|some|the (?:text ?book|internet|forum|website)[’']?s?) ?(?:\w+ )?{_PERSON} (?:thinks?|thought|told (?:me|us))\b{_TO_IT}"
    rf"|\baccording to (?:(?:my|your|some|many|most) (?:\w+ )?{_PERSON}|the (?:text ?book|internet|forum|website|answer key|key|solution manual))\b{_TO_IT}"
    rf"|\bthe (?:answer )?(?:key|answer sheet|solution manual) (?:gives|has|lists|states)\b{_TO_IT}",
    re.IGNORECASE,
)
"""Who thinks or says a value: everybody but the writer."""
_OWN_VIEW: Final = re.compile(
    rf"\b(?:you|we|i|one) (?:might|may|could|would) (?:\w+ )?(?:think(?! of)|guess|believe|be (?:tempted|inclined|led)){_TO_IT}"
    rf"|\byou (?:might|may|could) (?:\w+ )?(?:say|expect|answer|conclude){_TO_IT}"
    rf"|\bone (?:might|may|could|would) (?:\w+ )?(?:answer|conclude|say){_TO_IT}|(?:\b(?:for example|for instance|e\.g\.),? (?:one|you|we) (?:might|may|could)|\bone might) (?:\w+ )?(?:write|get|answer){_TO_IT}"
    rf"|(?<!as )\b(?:i|we) (?:initially|previously|originally|mistakenly|wrongly|at first|first|once|earlier|had) (?:thought|believed|guessed|assumed|suspected|said|answered|estimated)\b{_TO_IT}"
    rf"|\b(?:initially|previously|originally|at first|earlier|before),? (?:i|we) (?:thought|believed|guessed|assumed|suspected|said|answered)\b{_TO_IT}"
    rf"|\b(?:my|our) (?:\w+ )?(?:previous|earlier|first|initial|old|original|prior|former) (?:answer|guess|thought|attempt|estimate|conclusion|result|solution)s? (?:was|gave|had been|is){_END}",
    re.IGNORECASE,
)
"""A view that the writer does not hold, or held before."""
_CARELESS: Final = r"(?:careless|hasty|naive|naïve|lazy|sloppy|rushed|inattentive|typical|average|confused|weak|quick|inexperienced|beginning|tired|distracted)"
_ANSWERS: Final = re.compile(
    rf"(?:\b(?:my|your) (?:\w+ )?{_PERSON}|\b(?:an?|the) {_CARELESS} {_PERSON}|\ban? (?:student|reader|solver|guesser|beginner|novice)"
    rf"|\b(?:(?:an?|the) (?:\w+ )?{_PERSON}|someone|somebody|anyone) (?:(?:might|may|could|would|will|often|easily|wrongly|simply) ){{1,3}}(?:be (?:tempted|inclined|led) to )?"
    rf"|(?:\A|[,;:]|\b(?:and|but|that|here|although|while))\W*(?:some|many|most|others|people|students|(?:some|many|most|other|{_CARELESS}) {_PERSON})(?: {_MODAL})?)"
    rf" ?{_MODAL}(?:answer(?:s|ed)?|writes?|wrote|gets?|got|obtain(?:s|ed)?)\b(?! (?:is|are|was|were|equals)\b){_TO_IT}",
    re.IGNORECASE,
)
"""Who answers, writes or gets a value, as people of a problem may do, too."""
_COUNTS: Final = re.compile(
    r"[\s$*)}\]\\]*(?!as\b|is\b|was\b|this\b|always\b)(?:[a-z]+s|mice|men|women|people|children|feet|teeth|sheep|fish|dozen|percent|[ck]?m|kg)\b",
    re.IGNORECASE,
)
"""A noun in the plural behind a box: what people of the problem get."""
_ON: Final = r"(?:(?!\b(?:but|yet|however|(?:so|and|then|hence|thus|therefore) (?:we|i|the correct|the right)|and the)\b|, (?:we|i) (?!would|might|could|may))[^.;!?\n]){0,90}"
_USUAL: Final = (
    r"(?:common|typical|frequent|usual|classic|easy|popular|tempting|incorrect|wrong|flawed|faulty|erroneous|mistaken)"
)
_MISTAKE: Final = re.compile(
    rf"\b{_USUAL} (?:\w+ )?(?:mistakes?|traps?|misconceptions?|slips?|pitfalls?|wrong answers?)\b"
    rf"(?:(?!\b(?:but|so|and|we|whereas|while)\b)[^.,;:!?\n]){{0,40}}{_END}"
    rf"|\b{_USUAL} errors? (?!of\b|in\b|(?:is|was|are|equals?)[\s$\\(\[{{]*\Z)(?:(?!\b(?:but|so|and|we|whereas|while)\b)[^.,;:!?\n]){{0,40}}{_END}"
    rf"|\b(?:tempting|incorrect|wrong|flawed|faulty|erroneous|mistaken) (?:\w+ )?(?:approach|method|way|argument|reasoning|solution|computation|calculation)(?:e?s)?\b"
    rf"(?:(?!\b(?:but|so|and|we|whereas|while)\b)[^.,;:!?\n]){{0,40}}{_END}",
    re.IGNORECASE,
)
_ERRS: Final = re.compile(
    rf"(?<!\d )(?<!of )(?<!many )(?<!more )(?<!fewer )\b(?:mistakes?|traps?|pitfalls?|misconceptions?|blunders?|fallac(?:y|ies))\b{_ON}{_END}"
    rf"|\b(?:wrong|incorrect|false|mistaken|tempting|naive|naïve|bogus|trap) (?:answer|result|guess|conclusion)s?\b{_ON}{_END}"
    rf"|\A\W*(?:wrong|incorrect|false|mistaken)\W{{0,3}}[:–—]{_END}"
    rf"|\b(?:an?|this|that|one) (?:[a-z]+ )?error (?:(?:many|people|students|most|some|one|you) (?:\w+ )?makes?|gives?|leads?|yields?|results?|would)\b{_ON}{_END}"
    rf"|\b(?:if (?:you|we|one|i|they) (?:\w+ )?(?:forg[eo]t|misread|overlook|mis\w+)|forgetting|misreading|overlooking|(?:who|he|she) (?:forgets|misreads|overlooks))\b{_ON}{_END}"
    rf"|\b(?:na[iï]vely|na[iï]ve (?:count(?:ing)?|computation|calculation|estimate|reasoning|view|reader))\b{_ON}{_END}"
    rf"|\b(?:intuition|(?:an?|the) (?:quick|first|hasty) (?:glance|look)|gut feeling) (?:says|suggests|gives|tells)\b{_ON}{_END}"
    rf"|\b(?:obvious|natural|random|lucky) guess (?:is|was|would be){_END}|\b(?:an?|one|another) (?:\w+ )?candidate (?:for the \w+ )?(?:is|would be){_END}"
    rf"|\b(?:nobody|no ?one) (?:should|would|can|could|must) (?:\w+ )?(?:answer|write|say|get|give)\b{_ON}{_END}",
    re.IGNORECASE,
)
"""A mistake, and what it leads to."""
_MENDED: Final = re.compile(
    r"\b(?:avoid\w*|correct(?:ed|ing|s)|fix\w*|without|no|aside|apart|not (?:making|falling|to be)|prevent\w*|despite|after|instead|mend\w*|noticed|found)\b",
    re.IGNORECASE,
)
_KEY: Final = re.compile(rf"\b(?:reference|official) (?:answer|solution|result) (?:is|was|equals){_END}", re.IGNORECASE)
"""What only somebody who grades knows."""
_SOURCE: Final = re.compile(
    r"\b(?:reference|expected|given|official|published|stated|listed|intended|supposed|alleged|book|key) (?:\w+ )?(?:answer|solution|result|value|key)"
    rf"(?: (?:key|in the book))? (?:is|was|gives|says|equals|would be){_END}",
    re.IGNORECASE,
)
_I_GET: Final = r"(?:(?:i|we) (?:\w+ )?(?:get|got|obtain(?:ed)?|find|found|comput\w+|calculat\w+|have|arrive at|end up with)|(?:my|our) (?:\w+ ){0,2}(?:is|was|gives?|gave|yields?|shows?|says?))"
_BUT_I_GET: Final = re.compile(
    rf"[\s$*)}}\]\\]{{0,12}}(?:[^.;!?\n\d$\\\s]{{1,20}}\s){{0,6}}?[^.;!?\n\d$\\\s]{{0,20}}[,.;:]?\s{{0,3}}\b(?:but|however|yet|while|whereas|though|although)\b,?\s+{_I_GET}\s+(?P<said>[^.;!?\n]{{1,60}})",
    re.IGNORECASE,
)
_I_GET_BEHIND: Final = re.compile(
    rf"[\s$*)}}\]\\]{{0,12}}[,.;:]?\s{{0,3}}(?:and\s+)?{_I_GET}\s+(?P<said>[^.;!?\n]{{1,60}})", re.IGNORECASE
)
_I_GOT: Final = re.compile(rf"\b{_I_GET}\s+(?P<said>[^.;!?\n]{{1,40}})[.;,!?]", re.IGNORECASE)
_HINTS: Final = ("error", "think", "thought", "say", "said", "guess", "belie", "claim", "expect", "suppos", "trap", "pitfall", "misconc", "blunder", "fallacy", "slip", "forget", "forgot", "misread", "overlook", "nobody", "no one", "naive", "naïve", "intuition", "glance", "look", "feeling", "candidate", "bogus", "false", "argue", "conclu", "told", "accord", "key", "sheet", "manual", "tempt", "inclin", "led", "answer", "writ", "wrote", "get", "got", "obtain", "assum", "suspect", "estim", "attempt", "result", "solution", "common", "typical", "frequent", "usual", "classic", "easy", "popular", "wrong", "incorrect", "flaw", "fault", "erron", "mista")  # fmt: skip


def attributes(said: str, before: str, behind: str, value: str) -> bool:
    """Say whether the sentence of a box up to it, `said`, or what follows the box makes its value another's.

    `before` and `behind` are what stands in front of the box and after it, `value` is its inside.
    """
    if (found := _BUT_I_GET.match(behind)) and another(found["said"], value):
        return True
    low = said.lower()
    if not any(hint in low for hint in _HINTS):
        return False
    if _of_somebody(said, is_counted=_COUNTS.match(behind) is not None):
        return True
    if _KEY.search(said):
        return True
    if not _SOURCE.search(said):
        return False
    around = [_I_GET_BEHIND.match(behind), *list(_I_GOT.finditer(before[: len(before) - len(said)]))[-2:]]
    return any(found is not None and another(found["said"], value) for found in around)


def _of_somebody(said: str, *, is_counted: bool) -> bool:
    """Say whether a sentence gives a view or a mistake; what is counted behind the box belongs to the problem."""
    thinks = _THINKS.search(said)
    if _OWN_VIEW.search(said) or _MISTAKE.search(said) or (thinks and "expect" not in thinks[0].lower()):
        return True
    errs = _ERRS.search(said) and not _MENDED.search(said)
    return bool(errs or thinks or _ANSWERS.search(said)) and not is_counted
