"""What a sound verdict rests on, kind by kind: right and wrong answers that differ in one thing.

Each row is (question, ground truth, answers that are right, answers that are wrong).
"""

from typing import Final

import pytest

from tinyv_stream.types import Outcome
from tinyv_stream.verifiers import grade

_ROWS: Final = {
    "terms of any size": [
        ("Find it.", r"\frac{\sqrt{3}}{5^{90}}", [r"\sqrt{3}\cdot 5^{-90}"], [r"\frac{\sqrt{3}}{5^{91}}", "0"]),
        ("Find it.", r"e^{-150}", [r"\frac{1}{e^{150}}"], ["e^{-151}", "3e^{-150}", "0"]),
        ("Find it.", r"1+10^{-70}\pi", [r"10^{-70}\pi+1"], ["1", r"1+10^{-71}\pi"]),
        ("Find it.", r"7^{400}\sqrt{7}", [r"\sqrt{7}\cdot 7^{400}", "7^{400.5}"], [r"7^{400}\sqrt{7}+1"]),
        ("For whole n?", "(-1)^n", ["(-1)^{n+2}"], [r"(-1)^{n+10^{-40}}"]),
        ("Find it.", "5", [r"\frac{10}{2}"], [r"1\frac{10}{2}"]),
        ("Find P.", "x^{700}+x", ["x(x^{699}+1)"], ["x^{700}-x", "x^{700}", "x^{701}+x"]),
        ("Find it.", r"\cos(10^{-30})", [r"\cos(-10^{-30})"], ["1", r"1-\frac{10^{-60}}{2}"]),
    ],
    "points of both signs": [
        ("Simplify for all real t.", r"\sqrt{t^4}", ["t^2"], ["t|t|", "-t^2"]),
        ("Simplify for all real t.", r"|t|^3", [r"|t^3|", r"t^2|t|"], ["t^3"]),
        ("Write the smaller one.", r"\min(u,v)", [r"\frac{u+v-|u-v|}{2}"], ["u", "v", r"\max(u,v)"]),
        ("What is due?", r"\max(s-900,0)", [r"\max(0,s-900)"], ["s-900", "0"]),
        ("Find the curve.", r"|x|+2|y|=4", [r"2|x|+4|y|=8"], ["x+2y=4", "|x|-2|y|=4"]),
    ],
    "a stated domain": [
        ("Simplify for w > 0.", r"\sqrt{w^2}", ["w", "|w|"], ["-w"]),
        ("Simplify for w < 0.", r"\sqrt{w^2}", ["-w", "|w|"], ["w"]),
        ("Simplify for positive p and q.", r"\ln(pq)", [r"\ln p+\ln q"], [r"\ln p\cdot\ln q"]),
        ("Simplify.", r"\ln(pq)", [r"\ln(qp)"], [r"\ln p-\ln q"]),
        ("Simplify for 2 < u < 5.", "|u-5|", ["5-u"], ["u-5", "u+5"]),
    ],
    "whole numbers": [
        ("For a positive integer n?", r"\lfloor n/4\rfloor", [r"\lceil (n-3)/4\rceil"], [r"\lceil n/4\rceil-1"]),
        ("In terms of the integer n?", r"(-1)^n", [r"\cos(n\pi)", "(-1)^{n+2}"], ["(-1)^{n+1}", "1"]),
        ("In terms of n?", r"\binom{n}{3}", [r"\frac{n(n-1)(n-2)}{6}"], [r"\binom{n}{2}", r"\frac{n^3}{6}"]),
        ("With n?", r"\sum_{k=1}^{n}k^3", [r"\frac{n^2(n+1)^2}{4}", r"\sum_{i=1}^n i^3"], [r"\sum_{k=0}^{n}k^2"]),
        ("In terms of a and b?", r"\gcd(a,b)", [r"\gcd(b,a)"], [r"\operatorname{lcm}(a,b)", "1"]),
    ],
    "upright and bold letters": [
        ("Find z.", r"4-\mathrm{i}", ["4-i", r"-\mathrm{i}+4"], ["3", "4+i", r"-1+4\mathrm{i}"]),
        ("Find it.", r"3\mathrm{e}", ["3e"], ["3", r"3\mathrm{m}", "e^3"]),
        ("Find v.", r"\mathbf{i}-4\mathbf{j}", [r"\vec{i}-4\vec{j}", "(1,-4)"], [r"4\mathbf{j}-\mathbf{i}", "i-4j"]),
    ],
    "words behind a number": [
        ("How many coins are left?", "14", ["14 coins", r"14\text{ coins}"], ["14 dozen coins", "14 notes"]),
        ("Find x.", "0", ["0.0", r"\frac{0}{3}"], ["0 not", "0 ab", "0abc", "0 m"]),
        ("Find f(x).", "1", [r"\sin^2 x+\cos^2 x"], ["y^0", r"\frac{y}{y}"]),
        ("What is 8 squared?", "64", ["64"], ["64 squared", r"64\text{ not}"]),
    ],
    "units": [
        ("How many grams is that?", "300", ["300 g", "0.3 kg"], ["300 kg", "300 ml"]),
        ("Find its area in square metres.", "9", [r"9\text{ m}^2"], ["9 m", r"9\text{ cm}^2", r"9\text{ m}^3"]),
        ("Find the angle in radians.", "2", ["2 rad"], [r"2^\circ"]),
    ],
    "order and names": [
        ("Solve the system for a and b.", "7, 2", ["a=7, b=2"], ["2, 7", "a=2, b=7", "b=7, a=2"]),
        ("Find all solutions.", "7, 2", ["2, 7", r"\{2,7\}"], ["7", "7, 2, 1"]),
        ("Find the mean and the median.", "7, 2", ["mean 7, median 2"], ["2, 7", "median 7, mean 2"]),
        ("How many cats and dogs?", r"5\text{ cats}, 3\text{ dogs}", ["dogs: 3, cats: 5"], ["3 cats, 5 dogs"]),
    ],
    "brackets and commas": [
        ("For which x is f(x)<0?", "(3,8)", ["3<x<8"], ["3, 8", r"x=3\text{ or }x=8", "[3,8]"]),
        ("Find the point.", "(4,250)", ["(4, 250)"], ["4250", "(4250)"]),
        ("Find the number.", "4250", ["4,250", r"4\,250", "4{,}250"], ["4, 250", r"42\ 50", "(4,250)"]),
        ("Berechne den Wert.", "6,25", ["6.25", r"\frac{25}{4}"], ["(6,25)", "6; 25", "625"]),
    ],
    "constants": [
        ("Find the integral of 3x^2.", "x^3+C", ["x^3+K", "x^3+4+C"], ["x^3+x+C", "3x^3+C"]),
        ("How long is the way?", "a+c", ["c+a"], ["a+c+4", "a+k"]),
        ("Solve the equation.", r"\frac{\pi}{5}+n\pi", [r"\frac{\pi}{5}+k\pi"], [r"\frac{\pi}{5}+2k\pi"]),
    ],
    "conditions take no factor with them": [
        ("Solve.", r"\frac{\pi}{2}+\pi k, k\in\mathbb{Z}", [r"\frac{\pi}{2}+k\pi"], [r"\frac{3\pi}{2}"]),
        ("Solve.", r"\frac{3\pi}{2}", [r"1.5\pi"], [r"\frac{\pi}{2}+\pi k, k\in\mathbb{Z}"]),
        ("Solve.", r"3\pi", [r"3\cdot\pi"], [r"3\pi n, n\in\mathbb{N}", r"3\pi m,\ m\in\mathbb{Z}"]),
    ],
    "times and ratios": [
        ("At what time does it close?", "7:30", ["07:30"], ["15:60", "3.75", "14:60"]),
        ("At what time does it close?", "7:05", ["07:05"], ["7:5"]),
        ("Find the ratio.", "6:4", ["3:2", r"\frac{3}{2}"], ["4:6", "2:3"]),
    ],
    "decimals": [
        ("Find the exact mean.", "8.75", ["8.750", r"\frac{35}{4}"], ["8.7512", "8.7"]),
        ("Find the mean.", "8.333", [r"\frac{25}{3}"], [r"8.333+10^{-\sqrt{30}}", r"8.333+\frac{\pi}{10^6}"]),
        ("Find the exact mean.", "8.333", ["8.3330"], [r"\frac{25}{3}"]),
        ("Find the mean to the nearest hundredth.", "8.75", ["8.7512"], ["8.7612"]),
    ],
    "sentences": [
        ("What is the radius?", "6", ["The radius is 6.", "The answer is 6"], ["The radius is not 6", "More than 6"]),
        ("Does it converge?", r"\text{Yes}", ["Yes, it does."], ["Yes, it does not.", "No, it does not."]),
    ],
}  # fmt: skip
_PAIRS: Final = [
    pytest.param(question, gold, answer, right, id=f"{kind}: {gold} ~ {answer}")
    for kind, rows in _ROWS.items()
    for question, gold, *both in rows
    for right, answers in zip((True, False), both, strict=True)
    for answer in answers
]


@pytest.mark.parametrize(("question", "gold", "answer", "right"), _PAIRS)
def test_an_answer_is_accepted_only_where_it_is_right(question: str, gold: str, answer: str, *, right: bool) -> None:
    assert (grade(answer, gold, question).outcome is Outcome.CORRECT) is right
