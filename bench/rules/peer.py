r"""Program around another project's grader, in its own Python: `python peer.py NAME < cases.json > out.json`.

Standard library only at import, so that it runs in the reference's environment. NAME: `math_verify` (as its README
uses it, ground truth in `$`), `trl` (accuracy_reward), `verl_prime` and `verl_math_reward` (the package's prime_math
and math_reward, loaded without the rest of verl, whose import needs ray and torch). `verl_extract` cuts answers out of
completions instead.
"""

# pyright: basic
# Runs in the environment of another project, whose packages are not here.

import contextlib
import importlib
import importlib.util
import io
import json
import os
import sys
import time
import types


def main() -> None:
    """Print the verdicts and the seconds of each case; or what the reference cuts out of each completion."""
    if sys.argv[1] == "verl_extract":
        match_answer = _verl("prime_math").match_answer
        json.dump([match_answer(completion) for completion in json.load(sys.stdin)], sys.stdout)
        return
    peers = {"math_verify": _math_verify, "trl": _trl, "verl_prime": _verl_prime, "verl_math_reward": _verl_math_reward}
    grade = peers[sys.argv[1]]()
    cases = json.load(sys.stdin)
    with contextlib.suppress(Exception):
        grade("1", "2")  # the first call fills tables
    verdicts, seconds, cpu_s, crashed = [], [], 0.0, 0
    for answer, gold in cases:
        started, busy = time.perf_counter(), _cpu_s()
        with contextlib.redirect_stdout(io.StringIO()):
            try:
                verdict = bool(grade(answer, gold))
            except Exception:  # noqa: BLE001 (a crash of the peer is a refusal, as in its own trainer)
                verdict = False
                crashed += 1
        seconds.append(time.perf_counter() - started)
        cpu_s += _cpu_s() - busy
        verdicts.append(verdict)
    json.dump({"verdicts": verdicts, "seconds": seconds, "cpu_s": cpu_s, "crashed": crashed}, sys.stdout)


def _cpu_s() -> float:
    """CPU seconds so far, of finished children too: one of the peers forks for every comparison."""
    return sum(os.times()[:4])


def _math_verify():  # noqa: ANN202
    from math_verify import parse, verify

    return lambda answer, gold: verify(parse(f"${gold}$"), parse(f"\\boxed{{{answer}}}"))


def _trl():  # noqa: ANN202
    accuracy_reward = importlib.import_module("trl.rewards").accuracy_reward

    def grade(answer: str, gold: str) -> bool:
        content = f"The final answer is \\boxed{{{answer}}}."
        return accuracy_reward([[{"role": "assistant", "content": content}]], [f"${gold}$"])[0] == 1.0

    return grade


def _verl_prime():  # noqa: ANN202
    prime_math = _verl("prime_math")
    return lambda answer, gold: prime_math.compute_score(f"The final answer is \\boxed{{{answer}}}", gold)[0]


def _verl_math_reward():  # noqa: ANN202
    math_reward = _verl("math_reward")
    return lambda answer, gold: math_reward.compute_score(f"The final answer is \\boxed{{{answer}}}", gold)


def _verl(name):  # noqa: ANN001, ANN202
    spec = importlib.util.find_spec("verl")
    if spec is None or not spec.submodule_search_locations:
        raise ImportError("verl")
    root = spec.submodule_search_locations[0]
    for package in ("verl", "verl.utils", "verl.utils.reward_score"):
        module = types.ModuleType(package)
        module.__path__ = [os.path.join(root, *package.split(".")[1:])]  # noqa: PTH118 (runs in any environment)
        sys.modules[package] = module
    metric = types.ModuleType("verl.utils.metric")
    setattr(metric, "Metric", object)  # noqa: B010 (a stand-in for a module that needs torch)
    sys.modules["verl.utils.metric"] = metric
    return importlib.import_module(f"verl.utils.reward_score.{name}")


if __name__ == "__main__":
    main()
