"""The platform of a new complaint: one that the register knows, or a new one where the policy is about any business."""

from dealtrack.cli.consent import is_agreed
from dealtrack.cli.language import _
from dealtrack.cli.session import Session, platform_named
from dealtrack.core.lengths import clean_field
from dealtrack.core.platform import Platform, match_platform, nearest_platforms
from dealtrack.errors import PlatformsListed, UnknownPlatform, UnlistedPlatform, suggestion
from dealtrack.register.recorder import Recorder
from dealtrack.register.register import Register


def platform_given(session: Session, register: Register, text: str, policy: str, may_enter: bool) -> str:
    """Return the name of the platform that a text means for a new complaint of a policy; nothing is entered yet.

    One that the register does not know is taken where it may be entered, or a person on a terminal agrees.
    Raises UnknownPlatform, PlatformsListed, UnlistedPlatform, UnknownPolicy, BadPolicyFile and BadText.
    """
    try:
        return platform_named(register, text)
    except UnknownPlatform:
        if not text.strip() or not _is_open(register, policy):
            if may_enter:
                raise PlatformsListed(name=text, policy=policy) from None
            raise
    name = clean_field("platform", text)
    nearest = suggestion(nearest_platforms(name, register.platforms))
    if may_enter:
        return name
    if session.asks and is_agreed(_("{name} is not in the list of platforms. Enter it?").format(name=name)):
        return name
    raise UnlistedPlatform(name=name, nearest=nearest)


def _is_open(register: Register, policy: str) -> bool:
    """Tell whether a policy is about any business; raises UnknownPolicy and BadPolicyFile."""
    from dealtrack.cli.add import find_policy

    versions = register.policies.get(policy) or find_policy(policy)
    return versions[-1].is_open


def enter_if_new(register: Register, recorder: Recorder, name: str) -> bool:
    """Enter a platform that the register does not know yet, and tell whether it was entered."""
    register.forget("platforms")
    if match_platform(name, register.platforms) is not None:
        return False
    recorder.enter_platform(Platform(name))
    return True
