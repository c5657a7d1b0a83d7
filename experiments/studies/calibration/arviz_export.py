"""A posterior as ArviZ ``InferenceData``, which other tools of inference read; only where ArviZ is installed."""

from __future__ import annotations

import warnings
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from experiments.inputs.posterior import Posterior
from simulation.outcomes import DEFINITIONS


def inference_data(posterior: Posterior) -> Any:
    """The draws as ``InferenceData`` (a ``DataTree`` from ArviZ 1 on), one chain of equally probable draws.

    The definition is a number: the place of its name among any, prison, sentence.

    Raises
    ------
    ImportError
        If ArviZ is not installed (``pip install 'desist[inference]'``).
    """
    import arviz as az  # optional and heavy

    table = posterior.table.copy()
    table["trial.definition"] = [DEFINITIONS.index(name) for name in table["trial.definition"]]
    columns = {str(name).lstrip("_"): values.to_numpy()[None, :] for name, values in table.items()}
    if int(az.__version__.split(".")[0]) >= 1:
        return az.from_dict({"posterior": columns})
    return az.from_dict(posterior=columns)


def _groups(data: Any) -> list[str]:
    """Names of its groups, in either form."""
    return list(data.groups() if callable(data.groups) else data.children)


def can_write() -> bool:
    """Whether ArviZ is installed, with what writes NetCDF."""
    return all(find_spec(name) is not None for name in ("arviz", "h5netcdf", "h5py"))


def write_inference_data(posterior: Posterior, path: Path) -> Path:
    """Write ``InferenceData`` as NetCDF; see ``can_write``."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        data = inference_data(posterior)
        for group in (data, *(data[name] for name in _groups(data))):
            group.attrs.pop("created_at", None)  # the same draws give the same bytes
        part = path.with_name(f".{path.name}.part")
        data.to_netcdf(str(part), engine="h5netcdf")
    part.replace(path)
    return path
