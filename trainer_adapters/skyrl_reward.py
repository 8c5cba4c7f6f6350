# pyright: reportMissingImports=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportUntypedBaseClass=false, reportUnknownParameterType=false
# skyrl-gym is not installed where the types are checked.
"""SkyRL 0.3 (skyrl-gym 0.4): an environment of one turn whose reward comes from the pool.

    skyrl_gym.register(id="tinyv_math", entry_point="trainer_adapters.skyrl_reward:TinyVEnv")
    environment.env_class=tinyv_math  environment.skyrl_gym.max_env_workers=256

- `step` is synchronous in SkyRL: it waits in one of its `max_env_workers` threads, so have as many as rollouts may
  be verified at once.
- SkyRL knows no "undecided": it is given the baseline value, the running mean of decided rewards, and metadata and
  metrics say so.
"""

from typing import Any

from skyrl_gym.envs.base_text_env import BaseTextEnv, BaseTextEnvStepOutput

from tinyv_stream import Rollout
from tinyv_stream.adapter_kit import background, figures, question_of, read_settings, request_reward
from trainer_adapters.shared import field


class TinyVEnv(BaseTextEnv):
    """One question, one reply. `env_config.tinyv` holds the keywords of `adapter_kit.AdapterSettings`."""

    def __init__(self, env_config: Any = None, extras: dict[str, Any] | None = None) -> None:  # noqa: ANN401 SkyRL's
        super().__init__()
        given = env_config.get("tinyv") if env_config else None
        self._settings = read_settings(dict(given or {}))
        self._extras = extras or {}
        self._question = str((self._extras.get("extra_info") or {}).get("question") or "")
        self._figures: dict[str, float] = {}

    def init(self, prompt: list[dict[str, str]]) -> tuple[list[dict[str, str]], dict[str, Any]]:
        """Remember the question; SkyRL shows the prompt only here."""
        self._question = self._question or question_of(prompt)
        return prompt, {}

    def step(self, action: str) -> BaseTextEnvStepOutput:
        """Wait for the reward of `action`.

        Raises InvalidInputError, BrokerError, and UndecidedError by policy or where nothing at all was decided within
        `answer_s`.
        """
        rollout = Rollout(
            question=self._question,
            completion=action,
            ground_truth=str(field(field(self._extras, "reward_model"), "ground_truth")),
            data_source=str(self._extras.get("data_source") or self._settings.data_source),
        )
        judged = background.start(request_reward(self._settings, rollout, needs_baseline=True)).result()
        self._figures = figures(judged)
        reward = judged.value(self._settings.policy, abstain_as="baseline")
        return BaseTextEnvStepOutput(observations=[], reward=reward, done=True, metadata=dict(self._figures))

    def get_metrics(self) -> dict[str, Any]:
        """Return the figures of the last step, for SkyRL's logs."""
        return {f"tinyv/{name}": value for name, value in self._figures.items()}
