"""The service, simulated: an HTTP server of its own that shares nothing with the client."""

from batchsora.simulator.app import create_app
from batchsora.simulator.clip import MediaMissing
from batchsora.simulator.scenario import Fault, Rate, Scenario, ScenarioError
from batchsora.simulator.scenario_file import load_scenario
from batchsora.simulator.server import serve_forever, serving

__all__ = [
    "Fault",
    "MediaMissing",
    "Rate",
    "Scenario",
    "ScenarioError",
    "create_app",
    "load_scenario",
    "serve_forever",
    "serving",
]
