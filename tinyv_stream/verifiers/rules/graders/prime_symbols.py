"""Unicode characters of LaTeX's symbol commands, accents and alphabets: a table, as PRIME's LaTeX converter has it.

Two commands that the converter tells apart must stay apart; which character stands for one does not matter otherwise.
"""

# ruff: noqa: RUF001
# The characters are data here.

from typing import Final

_PAIRS: Final = (
    "AA:Å AE:Æ Alpha:Α Angle:⦜ Beta:Β Bumpeq:≎ Cap:⋒ Chi:Χ Colon:∷ Cup:⋓ DH:Ð DJ:Đ Delta:Δ Digamma:Ϝ DownArrowBar:⤓ "
    "DownArrowUpArrow:⇵ DownLeftRightVector:⥐ DownLeftTeeVector:⥞ DownLeftVectorBar:⥖ DownRightTeeVector:⥟ "
    "DownRightVectorBar:⥗ Downarrow:⇓ Epsilon:Ε Equal:⩵ Eta:Η Gamma:Γ IJ:Ĳ Ident:𝕀 Iota:Ι Kappa:Κ Koppa:Ϟ L:Ł "
    "Lambda:Λ LeftDownTeeVector:⥡ LeftDownVectorBar:⥙ LeftRightVector:⥎ LeftTeeVector:⥚ LeftTriangleBar:⧏ "
    "LeftUpDownVector:⥑ LeftUpTeeVector:⥠ LeftUpVectorBar:⥘ LeftVectorBar:⥒ Leftarrow:⇐ Leftrightarrow:⇔ Lleftarrow:⇚ "
    "Longleftarrow:⟸ Longleftrightarrow:⟺ Longrightarrow:⟹ Lsh:↰ Mu:Μ NG:Ŋ NestedGreaterGreater:⪢ NestedLessLess:⪡ "
    "Nu:Ν O:Ø OE:Œ Omega:Ω Omicron:Ο Phi:Φ Pi:Π Psi:Ψ ReverseUpEquilibrium:⥯ Rho:Ρ RightDownTeeVector:⥝ "
    "RightDownVectorBar:⥕ RightTeeVector:⥛ RightTriangleBar:⧐ RightUpDownVector:⥏ RightUpTeeVector:⥜ "
    "RightUpVectorBar:⥔ RightVectorBar:⥓ Rightarrow:⇒ RoundImplies:⥰ Rrightarrow:⇛ Rsh:↱ RuleDelayed:⧴ Sampi:Ϡ "
    "Sigma:Σ Stigma:Ϛ Subset:⋐ Supset:⋑ TH:Þ Tau:Τ Theta:Θ UpArrowBar:⤒ UpEquilibrium:⥮ Uparrow:⇑ Updownarrow:⇕ "
    "Upsilon:Υ VDash:⊫ Vdash:⊩ Vert:‖ Vvdash:⊪ Xi:Ξ Zeta:Ζ aa:å ae:æ aleph:ℵ allequal:≌ alpha:α amalg:⨿ angle:∠ "
    "approx:≈ approxeq:≊ approxnotequal:≆ arccos:arccos arccosh:arccosh arcsin:arcsin arcsinh:arcsinh arctan:arctan "
    "arctanh:arctanh arrowwaveleft:↜ arrowwaveright:↝ ast:∗ asymp:≍ backepsilon:϶ backprime:‵ backsim:∽ backsimeq:⋍ "
    "backslash:\\ barwedge:⌅ because:∵ beta:β beth:ℶ between:≬ bigcap:⋂ bigcirc:◯ bigcup:⋃ bigoplus:⊕ bigotimes:⊗ "
    "bigtriangledown:▽ bigtriangleup:△ bigvee:⋁ bigwedge:⋀ blacklozenge:⧫ blacksquare:▪ blacktriangle:▴ "
    "blacktriangledown:▾ blacktriangleleft:◂ blacktriangleright:▸ bowtie:⋈ boxdot:⊡ boxminus:⊟ boxplus:⊞ boxtimes:⊠ "
    "bullet:∙ bumpeq:≏ cap:∩ cdot:· cdots:⋯ chi:χ circ:∘ circeq:≗ circlearrowleft:↺ circlearrowright:↻ circledS:Ⓢ "
    "circledast:⊛ circledcirc:⊚ circleddash:⊝ clockoint:⨏ clwintegral:∱ complement:∁ cong:≅ coprod:∐ cos:cos "
    "cosh:cosh cup:∪ curlyeqprec:⋞ curlyeqsucc:⋟ curlyvee:⋎ curlywedge:⋏ curvearrowleft:↶ curvearrowright:↷ dag:† "
    "dagger:† daleth:ℸ dashv:⊣ dblarrowupdown:⇅ ddots:⋱ delta:δ dh:ð diagup:╱ diamond:♢ digamma:ϝ div:÷ "
    "divideontimes:⋇ dj:đ doteq:≐ doteqdot:≑ dotplus:∔ dots:… dotsb:… dotsc:… dotsi:… dotsm:… dotso:… downarrow:↓ "
    "downdownarrows:⇊ downharpoonleft:⇃ downharpoonright:⇂ downslopeellipsis:⋱ ell:ℓ emptyset:∅ epsilon:ϵ eqcirc:≖ "
    "eqslantgtr:⪖ eqslantless:⪕ equiv:≡ estimates:≙ eta:η eth:ƪ exists:∃ exp:exp fallingdotseq:≒ flat:♭ forall:∀ "
    "forcesextra:⊨ frown:⌢ gamma:γ ge:≥ geq:≥ geqq:≧ geqslant:⩾ gg:≫ gimel:ℷ gnapprox:⪊ gneq:⪈ gneqq:≩ gnsim:⋧ "
    "greaterequivlnt:≳ gtrapprox:⪆ gtrdot:⋗ gtreqless:⋛ gtreqqless:⪌ gtrless:≷ gtrsim:≳ guillemotleft:« "
    "guillemotright:» guilsinglleft:‹ guilsinglright:› hbar:ħ hermitconjmatrix:⊹ homothetic:∻ hookleftarrow:↩ "
    "hookrightarrow:↪ hslash:ℏ i:ı id:𝕀 iddots:⋰ iiint:∭ iint:∬ ij:ĳ image:⊷ in:∈ inf:inf infty:∞ int:∫ intercal:⊺ "
    "iota:ι j:ȷ jupiter:♃ kappa:κ l:ł lVert:‖ lambda:λ langle:⟨ lazysinv:∾ lbrace:{ lceil:⌈ ldots:… le:≤ leftarrow:← "
    "leftarrowtail:↢ leftharpoondown:↽ leftharpoonup:↼ leftleftarrows:⇇ leftrightarrow:↔ leftrightarrows:⇆ "
    "leftrightharpoons:⇋ leftrightsquigarrow:↭ leftthreetimes:⋋ leq:≤ leqq:≦ leqslant:⩽ lessapprox:⪅ lessdot:⋖ "
    "lesseqgtr:⋚ lesseqqgtr:⪋ lessequivlnt:≲ lessgtr:≶ lesssim:≲ lfloor:⌊ lim:lim ll:≪ llcorner:⌞ lmoustache:⎰ ln:ln "
    "lnapprox:⪉ lneq:⪇ lneqq:≨ lnot:¬ lnsim:⋦ log:log longleftarrow:⟵ longleftrightarrow:⟷ longmapsto:⟼ "
    "longrightarrow:⟶ looparrowleft:↫ looparrowright:↬ lozenge:◊ lrcorner:⌟ ltimes:⋉ lvert:| male:♂ mapsto:↦ max:max "
    "measuredangle:∡ mercury:☿ mho:℧ mid:| min:min mp:∓ mu:μ multimap:⊸ nLeftarrow:⇍ nLeftrightarrow:⇎ nRightarrow:⇏ "
    "nVDash:⊯ nVdash:⊮ nabla:∇ natural:♮ nearrow:↗ neptune:♆ neq:≠ nexists:∄ ng:ŋ ngeq:≱ ngtr:≯ ni:∋ nleftarrow:↚ "
    "nleftrightarrow:↮ nleq:≰ nless:≮ nmid:∤ nolinebreak:⁠ notgreaterless:≹ notin:∉ notlessgreater:≸ nparallel:∦ "
    "nprec:⊀ nrightarrow:↛ nsubseteq:⊈ nsucc:⊁ nsupseteq:⊉ ntriangleleft:⋪ ntrianglelefteq:⋬ ntriangleright:⋫ "
    "ntrianglerighteq:⋭ nu:ν nvDash:⊭ nvdash:⊬ nwarrow:↖ o:ø odot:⊙ oe:œ oint:∮ omega:ω omicron:ο ominus:⊖ "
    "openbracketleft:〚 openbracketright:〛 oplus:⊕ original:⊶ oslash:⊘ otimes:⊗ parallel:∥ partial:∂ perp:⊥ "
    "perspcorrespond:⩞ phi:ϕ pi:π pitchfork:⋔ pluto:♇ pm:± prec:≺ precapprox:⪷ preccurlyeq:≼ precedesnotsimilar:⋨ "
    "preceq:≼ precnapprox:⪹ precneqq:⪵ precsim:≾ prime:' prod:∏ propto:∝ psi:ψ quotedblbase:„ quotesinglbase:‚ "
    "rVert:‖ rangle:⟩ rbrace:} rceil:⌉ recorder:⌕ rfloor:⌋ rho:ρ rightangle:∟ rightanglearc:⊾ rightarrow:→ "
    "rightarrowtail:↣ rightharpoondown:⇁ rightharpoonup:⇀ rightleftarrows:⇄ rightleftharpoons:⇌ rightmoon:☾ "
    "rightrightarrows:⇉ rightsquigarrow:⇝ rightthreetimes:⋌ risingdotseq:≓ rmoustache:⎱ rtimes:⋊ rvert:| saturn:♄ "
    "searrow:↘ setminus:∖ sharp:♯ sigma:σ sim:∼ simeq:≃ sin:sin sinh:sinh smallsetminus:∖ smile:⌣ sphericalangle:∢ "
    "sqcap:⊓ sqcup:⊔ sqrint:⨖ sqsubset:⊏ sqsubseteq:⊑ sqsupset:⊐ sqsupseteq:⊒ square:□ ss:ß star:⋆ starequal:≛ "
    "subset:⊂ subseteq:⊆ subseteqq:⫅ subsetneq:⊊ subsetneqq:⫋ succ:≻ succapprox:⪸ succcurlyeq:≽ succeq:≽ "
    "succnapprox:⪺ succneqq:⪶ succnsim:⋩ succsim:≿ sum:∑ sup:sup supset:⊃ supseteq:⊇ supseteqq:⫆ supsetneq:⊋ "
    "supsetneqq:⫌ surd:√ surfintegral:∯ swarrow:↙ tan:tan tanh:tanh tau:τ textTheta:ϴ textacutedbl:˝ "
    "textasciiacute:´ textasciibreve:˘ textasciicaron:ˇ textasciicircum:ˆ textasciidieresis:¨ textasciigrave:` "
    "textasciimacron:¯ textasciitilde:~ textasteriskcentered:⁎ textbackslash:\\ textbaht:฿ textbigcircle:◯ textblank:␢ "
    "textbrokenbar:¦ textbullet:• textcelsius:℃ textcent:¢ textcircledP:℗ textcolonmonetary:₡ textcompwordmark:‌ "
    "textcopyright:© textcurrency:¤ textdagger:† textdaggerdbl:‡ textdegree:° textdiscount:⁒ textdiv:÷ textdollar:$ "
    "textdong:₫ textdoublepipe:ǂ textdownarrow:↓ textellipsis:… textemdash:— textendash:– textestimated:℮ texteuro:€ "
    "textexclamdown:¡ textflorin:ƒ textfractionsolidus:⁄ textglotstop:ʔ texthvlig:ƕ textinterrobang:‽ textlangle:〈 "
    "textleftarrow:← textlira:₤ textlnot:¬ textmho:℧ textmp:∓ textmu:µ textmusicalnote:♪ textnaira:₦ textnrleg:ƞ "
    "textnumero:№ textohm:Ω textonehalf:½ textonequarter:¼ textonesuperior:¹ textopenbullet:◦ textordfeminine:ª "
    "textordmasculine:º textparagraph:¶ textperiodcentered:˙ textpertenthousand:‱ textperthousand:‰ textpeso:₱ "
    "textphi:ɸ textpm:± textquestiondown:¿ textquotedblleft:“ textquotedblright:” textquoteleft:‘ textquoteright:’ "
    "textquotesingle:' textrangle:〉 textrecipe:℞ textreferencemark:※ textregistered:® textrightarrow:→ textschwa:ə "
    "textsection:§ textservicemark:℠ textsterling:£ texttheta:θ textthreequarters:¾ textthreesuperior:³ "
    "texttildelow:˜ texttimes:* texttrademark:™ textturnk:ʞ texttwosuperior:² textuparrow:↑ textvartheta:ϑ "
    "textvisiblespace:␣ textwon:₩ textyen:¥ th:þ therefore:∴ theta:θ tildetrpl:≋ times:× to:→ top:⊤ triangledown:▿ "
    "triangleleft:◃ trianglelefteq:⊴ triangleq:≜ triangleright:▹ trianglerighteq:⊵ truestate:⊧ twoheadleftarrow:↞ "
    "twoheadrightarrow:↠ udots:⋰ ulcorner:⌜ uparrow:↑ updownarrow:↕ upharpoonleft:↿ upharpoonright:↾ uplus:⊎ "
    "upsilon:υ upslopeellipsis:⋰ upuparrows:⇈ uranus:♅ urcorner:⌝ varepsilon:ε varkappa:ϰ varnothing:∅ "
    "varperspcorrespond:⌆ varphi:φ varpi:ϖ varrho:ϱ varsigma:ς vartheta:ϑ vartriangle:▵ vartriangleleft:⊲ "
    "vartriangleright:⊳ vdash:⊢ vdots:⋮ vee:∨ veebar:⊻ venus:♀ vert:| verymuchgreater:⋙ verymuchless:⋘ volintegral:∰ "
    "wedge:∧ wp:℘ wr:≀ xi:ξ zeta:ζ "
)
SYMBOLS: Final = {name: sign for name, _, sign in (pair.partition(":") for pair in _PAIRS.split())}
"""What a command becomes in flat text."""

ACCENTS: Final = {
    "acute": "\u0301", "bar": "\u0305", "breve": "\u0306", "check": "\u030c", "ddot": "\u0308", "dot": "\u0307",
    "grave": "\u0300", "hat": "\u0302", "tilde": "\u0303", "vec": "\u20d7", "not": "\u0338",
}  # fmt: skip
"""The combining character that a command puts on the first character of its argument."""

_BOARD: Final = dict(zip("CHNPQRZ", "\u2102\u210d\u2115\u2119\u211a\u211d\u2124", strict=True))
_ALPHABETS: Final = {
    "mathbf": 0x1D400, "mathit": 0x1D434, "mathcal": 0x1D49C, "mathscr": 0x1D49C, "mathfrak": 0x1D504,
    "mathbb": 0x1D538, "mathsf": 0x1D5A0, "mathtt": 0x1D670,
}  # fmt: skip
STYLES: Final = frozenset(_ALPHABETS)
"""Commands that change the alphabet of their argument."""


def styled(command: str, text: str) -> str:
    """Return a text in the alphabet of a command; what is no Latin letter stays."""
    first = _ALPHABETS[command]
    return "".join(_letter(char, first, board=command == "mathbb") for char in text)


def _letter(char: str, first: int, *, board: bool) -> str:
    if board and char in _BOARD:
        return _BOARD[char]
    if "A" <= char <= "Z":
        return chr(first + ord(char) - ord("A"))
    return chr(first + 26 + ord(char) - ord("a")) if "a" <= char <= "z" else char
