"""The packages that Python finds, and the variables that change what a run does."""

from __future__ import annotations

import os
import re
import sys

from pycaddy.project.capture.secrets import MASK, is_secret_name, redacted

__all__ = ["env_facts", "packages"]

# What libraries for numbers, clusters and Python itself go by. Others are nobody's business.
_NAMES = frozenset(("CONDA_DEFAULT_ENV", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "TZ", "VIRTUAL_ENV"))
_PREFIXES = (
    "CUBLAS_", "CUDA_", "CUDNN_", "GOMP_", "HIP_", "JAX_", "KMP_", "MKL_", "NCCL_", "NUMEXPR_",
    "NVIDIA_", "OMP_", "OPENBLAS_", "PBS_", "PYTHON", "PYTORCH_", "ROCR_", "SLURM_",
    "TF_CPP_", "TF_DETERMINISTIC", "TF_ENABLE_", "TF_FORCE_", "TF_GPU_", "TF_NUM_", "TF_XLA_",
    "TORCH_", "XLA_",
)  # fmt: skip

# https://packaging.python.org/specifications/recording-installed-packages/: the folder's name
# has both facts, and reading names is a hundred times faster than reading what is in them.
_INSTALLED = re.compile(
    r"([A-Za-z0-9._]+)-([^-]+)\.(?:dist|egg)-info|([^-]+)-([^-]+)-py.*\.egg-info"
)


def env_facts() -> dict[str, str]:
    """Return the variables of the allow-list, secrets masked."""
    return {
        name: MASK if is_secret_name(name) else redacted(value)
        for name, value in sorted(os.environ.items())
        if name in _NAMES or name.startswith(_PREFIXES)
    }


def packages() -> dict[str, str]:
    """Return the versions of all packages on the import path by name, the first of each."""
    found: dict[str, str] = {}
    for folder in sys.path:
        try:
            names = os.listdir(folder or os.curdir)
        except OSError:  # a zip file, or not there
            continue
        for match in filter(None, map(_INSTALLED.fullmatch, names)):
            name = (match[1] or match[3]).lower().replace("_", "-")
            found.setdefault(name, match[2] or match[4])
    return dict(sorted(found.items()))
