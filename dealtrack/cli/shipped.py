"""The policies of a register held against their files: which it has in another text."""

from dealtrack import settings
from dealtrack.core.policy import are_same
from dealtrack.errors import BadPolicyFile
from dealtrack.phrase import Phrase, listed
from dealtrack.register.store import Store
from dealtrack.sources.policies import load_policy, policy_names


def not_as_shipped(register: Store) -> list[str]:
    """Return the policies that the register has in another text than their files, by name; bad files are left out."""
    data, user = settings.data_folder(), settings.user_folder()
    found = []
    for name in sorted({*register.policies} & {*policy_names(data, user)}):
        try:
            versions = load_policy(name, data, user)
        except BadPolicyFile:
            continue
        if not are_same(register.policies[name], versions):
            found.append(name)
    return found


def policy_warnings(register: Store) -> list[str]:
    """Return the sentence that names the policies that the register has in another text; none where it has none."""
    names = not_as_shipped(register)
    if not names:
        return []
    return [
        Phrase(
            "policies not as they are shipped: {names}; 'dealtrack policy adopt NAME --corrected' shows what moves",
            names=listed(names),
        )
    ]
