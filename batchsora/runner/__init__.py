"""Many jobs at once: what a plan would do, the loop, the steps, pacing, stopping, progress."""
