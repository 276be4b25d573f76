"""The Videos API over HTTP: dialects (wire to our words), answers, verdicts."""
