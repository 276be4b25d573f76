import asyncio

# looptime asks for the current loop even in tests without one, and asyncio would make it a loop
# that nobody closes: say, before the first test, that there is none.
asyncio.set_event_loop(None)
