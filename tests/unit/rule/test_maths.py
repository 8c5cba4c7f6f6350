"""When two expressions are the same function, and the traps in telling it by values."""

import math

import pytest

from tinyv_stream.verifiers.rules.maths.clean import clean
from tinyv_stream.verifiers.rules.maths.equal import equal
from tinyv_stream.verifiers.rules.maths.read import read
from tinyv_stream.verifiers.rules.maths.tree import Unreadable
from tinyv_stream.verifiers.rules.maths.value import work_out


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (r"\sin^2 x+\cos^2 x", "1"),
        ("(x-1)^{20}+x", "(1-x)^{20}+x"),
        (r"\frac12", "0.5"),
        (r"\sqrt[3]{-8}", "-2"),
        (r"f(x)+1", "1+f(x)"),
        (r"2\frac{1}{3}", r"\frac73"),
        (r"C_{5}^{2}", "10"),
        (r"|x-1|", r"|1-x|"),
    ],
)
def test_equal_functions_are_told(one: str, other: str) -> None:
    assert equal(read(clean(one)), read(clean(other))) is True


@pytest.mark.parametrize(
    ("one", "other", "trap"),
    [
        (r"|x-1|", "1-x", "equal at small points"),
        (r"|x-100|", "100-x", "equal at all but large points"),
        (r"\sqrt{x^2}", "x", "equal at positive points"),
        ("x+10^{-20}", "x", "equal to 19 digits"),
        (r"x+e^{-40x}", r"x-e^{-40x}", "equal at large points"),
        (r"1+(x-1)^{2001}", r"1-(x-1)^{2001}", "equal wherever there is a value"),
        (r"e^{100}+x", r"e^{100}+y", "equal to 43 digits"),
        (r"f(\pi/6)", r"f(\pi/3)", "a call is no product"),
        (r"\log 100", "2", "no base is given"),
        (r"C_5^2\cdot C_5^3", r"C_5^5", "an index is no factor"),
        (r"10^{-40}", "0", "equal to 39 places"),
    ],
)
def test_a_trap_is_not_taken_for_equality(one: str, other: str, trap: str) -> None:
    assert equal(read(clean(one)), read(clean(other))) is not True, trap


@pytest.mark.parametrize(
    "text", ["2^{1+10^{-38}}", r"\left(\frac{3}{2}\right)^{10^{-40}}", "2^{3.0000000000000000001}"]
)
def test_an_exponent_with_many_digits_is_no_work(text: str) -> None:
    assert equal(read(clean(text)), read("2")) is False


@pytest.mark.parametrize(
    "text",
    ["9^{9^{9}}", "10000000!", "(" * 80 + "1" + ")" * 80, "1+" * 700 + "1", "four", "٤٢", "1 2", "f(", r"\int x"],
)
def test_what_is_too_large_or_not_understood_says_so(text: str) -> None:
    def work_out() -> None:
        equal(read(clean(text)), read("1"))

    with pytest.raises(Unreadable):
        work_out()


def test_a_factorial_at_thousands_of_digits_is_exact_or_none() -> None:
    value, _ = work_out(read(clean("352!")), {}, 4_000)
    assert int(value) == math.factorial(352)
    with pytest.raises(Unreadable, match="digits"):  # the gamma function would take many seconds
        work_out(read(clean(r"\frac{1}{3}!")), {}, 4_000)
