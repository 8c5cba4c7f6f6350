"""The public kit of trainer adapters: all that ours are made of, and that an adapter of your own needs.

    chosen = read_settings()
    judged = await request_reward(chosen, Rollout(question=..., completion=..., ground_truth=..., data_source=...))
    number = judged.value(chosen.policy, abstain_as="none")

Settings
    `read_settings` makes `AdapterSettings` of keywords, environment (`ENVIRONMENT` names the variables) and defaults.
Requests
    `request_reward` and `request_rewards` use the running loop's client, opened at first use; `close_requesters`
    closes it. `background.start(...)` runs them from synchronous code, on a `BackgroundLoop`. `RewardRequester` is for
    a client that you opened yourself; `open_requester` returns the running loop's. `begin_step` tells the record that
    generation of a step begins.
Reward conversion
    `JudgedReward` is what a request returns. Its method `value` is the one way from a reward to a trainer's number: by
    a `Policy` (`OnUndecided` or a number; `policy_of` reads one) and by what an abstention is there (`AbstainAs`).
    `figures` are for the trainer's logs, `means` their means, `flat_groups` the groups without a gradient;
    `RunningMean` is where the baseline value comes from.
Texts
    `question_of`, `completion_of` and `plain_question` find texts in chats and templates; `fitted` cuts a completion
    to what may travel.

`import tinyv_stream` does not load it.
"""

from tinyv_stream.adapter_kit.adapter_settings import ENVIRONMENT, AdapterSettings, read_settings
from tinyv_stream.adapter_kit.background_loop import BackgroundLoop, background
from tinyv_stream.adapter_kit.loop_clients import (
    begin_step,
    close_requesters,
    open_requester,
    request_reward,
    request_rewards,
)
from tinyv_stream.adapter_kit.requests import RewardRequester
from tinyv_stream.adapter_kit.reward_values import (
    AbstainAs,
    JudgedReward,
    OnUndecided,
    Policy,
    figures,
    flat_groups,
    means,
    policy_of,
)
from tinyv_stream.adapter_kit.rollout_texts import completion_of, fitted, plain_question, question_of
from tinyv_stream.adapter_kit.running_mean import RunningMean

__all__ = [
    "ENVIRONMENT",
    "AbstainAs",
    "AdapterSettings",
    "BackgroundLoop",
    "JudgedReward",
    "OnUndecided",
    "Policy",
    "RewardRequester",
    "RunningMean",
    "background",
    "begin_step",
    "close_requesters",
    "completion_of",
    "figures",
    "fitted",
    "flat_groups",
    "means",
    "open_requester",
    "plain_question",
    "policy_of",
    "question_of",
    "read_settings",
    "request_reward",
    "request_rewards",
]
