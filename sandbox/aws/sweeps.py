"""Takes away ministack's sweeps: they walk tables that other threads change at the same time.

With many stacks at once such a walk fails one of them ("dictionary changed size during
iteration"). What is not swept lasts as long as the sandbox runs.
"""

from sandbox.aws.emulator import ministack


def install() -> None:
    """Keep the code that no function has, and the sessions that are over.

    A session that is over stays refused: its expiry is looked at where it is used.
    """
    ministack("services.lambda_svc")._sweep_extract_cache = lambda: None
    ministack("services.sts")._evict_expired_sessions = lambda: None
