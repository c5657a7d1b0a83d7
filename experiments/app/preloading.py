"""What panels need is loaded before anybody asks for it, but not while the first visitor waits for the page."""

from __future__ import annotations

import gc
import sys
from threading import Event, Thread, Timer
from time import sleep

PATIENCE = 2.0
"""Seconds after which loading begins though nobody has come."""
LONG = 4.0
"""Seconds after which the console says why the first numbers take long."""
BREATH = 0.5
"""Seconds in which the browser of the first visitor draws the page."""
shown = Event()
"""Set when the page has been shown once."""


def warm_later() -> None:
    """Load in the background, once the first page has been shown, or nobody has come for a while."""

    def wait() -> None:
        if shown.wait(PATIENCE):
            sleep(BREATH)
        notice = Timer(LONG, lambda: sys.stderr.write("Compiling the model, once; the first numbers take longer.\n"))
        notice.daemon = True
        notice.start()
        warm()
        notice.cancel()
        gc.collect()
        gc.freeze()  # what is loaded stays; no need to look through it again

    Thread(target=wait, daemon=True).start()


def warm() -> None:
    """Load the engine, and compile the model if that was not done."""
    import experiments.studies.trial.planned_trials  # noqa: F401  the panel of the trial needs it
    from experiments.app.coordinator import facts as coordinator
    from experiments.app.two_lives import facts as two_lives
    from experiments.inputs.scenario_files import load
    from experiments.studies.trial.trial import repeat_trial

    repeat_trial(load("pooled"), seed=1, trials=2).rows()
    two_lives.pair(1)
    coordinator.people(1)
