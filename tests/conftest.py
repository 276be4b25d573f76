"""What holds for all tests."""

import asyncio

from hypothesis import HealthCheck, settings

# looptime asks for the current loop even in tests without one, and asyncio would make it a loop
# that nobody closes: say, before the first test, that there is none.
asyncio.set_event_loop(None)

# Machines are noisy, and a slow disk is no fault of the code: nothing is judged by its time.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")
