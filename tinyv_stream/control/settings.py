"""Changes of a running pool's settings: what can change a reward, for every host at once.

    from tinyv_stream.control import settings

    await settings.change(url, {"tinyv.weight": 0.5})    # returns once every worker works by it

- Workers drain and start again with the new settings, one of each stage at a time; rollouts wait meanwhile.
- Each reward carries the version that it was given by (`Reward.settings_version`).
- A change that a later one overtakes is no success: whoever waits for it is told what holds instead.
- Giving up early is safe: after a cancellation the pool still goes over.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from typing import Final

import msgspec

from tinyv_stream.broker.desired_state import read_desired
from tinyv_stream.broker.operator import OperatorApi, WorkerInfo
from tinyv_stream.broker.settings import Agreed, settle
from tinyv_stream.broker.settings import change as change_in_broker
from tinyv_stream.config import BrokerConfig, Config
from tinyv_stream.config.pool_settings import (
    HOST_SETTINGS,
    as_json,
    changes,
    differences,
    pool_settings,
    with_pool_settings,
)
from tinyv_stream.errors import InvalidInputError, TinyVError
from tinyv_stream.types import Stage

WAIT_S: Final = 600.0
"""How long a change may take by default: engines may have to load their model again."""
_LOOK_S: Final = 0.25


class SettingsError(TinyVError):
    """The settings could not be changed; the message says why, and what holds."""


class SettingsChange(msgspec.Struct, frozen=True, kw_only=True):
    """How far a change has come."""

    version: int
    there: int
    """Workers that work by it."""
    left: tuple[str, ...]
    """Workers that do not yet."""


async def look(url: str, *, pool: str = "main") -> Agreed:
    """Return the pool's settings; raise BrokerError if the broker does not answer, SettingsError where none are set."""
    async with OperatorApi(url, BrokerConfig(pool=pool)) as side:
        return await _look(side, pool)


async def change(
    url: str,
    settings: Mapping[str, object],
    *,
    pool: str = "main",
    wait_s: float = WAIT_S,
    on_change: Callable[[SettingsChange], None] = lambda _: None,
) -> Agreed:
    """Set some pool settings, by dotted name, for every host; return once every live worker works by them.

    Raises InvalidInputError for a name or a value that is none, SettingsError where another change was first or came
    after and took one of the values away, a model switch is under way or `wait_s` have passed (the change stands),
    BrokerError if the broker does not answer.
    """
    async with OperatorApi(url, BrokerConfig(pool=pool)) as side:
        before = await _look(side, pool)
        wanted = checked(settings, before)
        desired = await read_desired(side)
        if not desired.is_proven:
            raise SettingsError(f"the pool is going over to model {desired.model}: wait until that is done")
        if desired.model and wanted.keys() & {"tinyv.model", "tinyv.revision"}:
            raise SettingsError(f"the pool was switched to model {desired.model}: use `tinyv-stream model switch`")
        if not differences(wanted, before.settings):
            return before
        stages: set[Stage] = {worker.stage for worker in await side.workers() if worker.state != "lost"}
        version = await change_in_broker(side, wanted, version=before.version)
        if version <= 0:
            raise SettingsError("somebody else changed the settings meanwhile: look at `pool show`, and set them again")
        return await _until_all(side, wanted, version, stages, wait_s=wait_s, on_change=on_change)


def checked(settings: Mapping[str, object], agreed: Agreed) -> dict[str, object]:
    """Return `settings` as this release takes them, checked together with those that hold; raise InvalidInputError."""
    known = pool_settings(Config())
    for name, value in settings.items():
        if name in HOST_SETTINGS:
            raise InvalidInputError(name, value, "it is each host's own: set it in that host's tinyv.toml")
        if name not in known:
            raise InvalidInputError(name, value, f"there is no such pool setting: use one of {', '.join(known)}")
    config = with_pool_settings(Config(), {**agreed.settings, **settings})
    taken = pool_settings(config)
    wanted = {name: taken[name] for name in settings}
    if changes(agreed.settings, wanted, wanted.keys() & {"routes"}):
        check_graders(config)
    return wanted


def check_graders(config: Config) -> None:
    """Raise InvalidInputError for the first route to a grader that is not there; rule workers would not start."""
    from tinyv_stream.verifiers.rules.graders import check_name

    for number, route in enumerate(config.routes):
        check_name(f"routes[{number}].grader", route.grader)


async def _look(side: OperatorApi, pool: str) -> Agreed:
    agreed = await settle(side, {}, version=-1)
    if not agreed.settings:
        raise SettingsError(f"pool {pool} has no settings yet: its first worker settles them")
    return agreed


async def _until_all(
    side: OperatorApi,
    wanted: Mapping[str, object],
    version: int,
    stages: AbstractSet[Stage],
    *,
    wait_s: float,
    on_change: Callable[[SettingsChange], None],
) -> Agreed:
    """Wait until every live worker goes by this version, and one of each stage that had some is back.

    Returns what holds; raises SettingsError as soon as what was wanted holds no more.
    """
    give_up = time.monotonic() + wait_s
    while True:
        live = [worker for worker in await side.workers() if worker.state != "lost"]
        # After the workers: what a change takes away before they are all there is seen, however short the rest was.
        agreed = await settle(side, {}, version=-1)
        _check_holds(wanted, version, agreed)
        left = tuple(worker.name for worker in live if not _is_there(worker, version))
        on_change(SettingsChange(version=version, there=len(live) - len(left), left=left))
        if not left and stages <= set[str](worker.stage for worker in live):
            return agreed
        if time.monotonic() > give_up:
            raise SettingsError(
                f"not everywhere within {wait_s:g} s: {', '.join(left) or 'no worker is back'}; the change stands"
            )
        await asyncio.sleep(_LOOK_S)


def _check_holds(wanted: Mapping[str, object], version: int, agreed: Agreed) -> None:
    """Raise SettingsError where a later change took a wanted value away; one of other settings is no matter."""
    if agreed.version > version and differences(wanted, agreed.settings):
        holds = ", ".join(f"{name}={as_json(agreed.settings[name])}" for name in wanted)
        raise SettingsError(
            f"version {version} was overtaken by version {agreed.version}, set by {agreed.by}: {holds} holds now"
        )


def _is_there(worker: WorkerInfo, version: int) -> bool:
    return worker.state in {"ready", "asleep", "drained"} and int(worker.about.get("settings_version") or 0) >= version
