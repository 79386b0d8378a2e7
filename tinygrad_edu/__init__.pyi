"""What editors and type checkers see of `tinygrad_edu`.

Printed by `printouts`: change the table in `__init__.py`, then run

    python -m tinygrad_edu.ops --write
"""

# fmt: off
# ruff: noqa

__version__: str
from .check import check_backward as check_backward
from .check import gradcheck as gradcheck
from .check import step_sizes as step_sizes
from .derivatives import grad as grad
from .derivatives import hessian as hessian
from .derivatives import jacobian as jacobian
from .derivatives import value_and_grad as value_and_grad
from .doctor import compare as compare
from .doctor import diagnose as diagnose
from .engine import Value as Value
from .engine import topological as topological
from .explanation import explain as explain
from .figures import draw as draw
from .interop import compare_training as compare_training
from .interop import explain_torch as explain_torch
from .interop import to_jax as to_jax
from .interop import to_torch as to_torch
from .modes import anomalies as anomalies
from .modes import no_grad as no_grad
from .ops import Op as Op
from .order import order_lab as order_lab
from .parameters import pack as pack
from .parameters import unpack as unpack
from .registry import register as register
from .render import RenderError as RenderError
from .replay import RecordingError as RecordingError
from .replay import jit as jit
from .sourcecode import source as source
from .train import fit as fit
from .webpage import page as page
from . import copying as copying
from . import data as data
from . import functional as functional
from . import interop as interop
from . import losses as losses
from . import micrograd as micrograd
from . import nn as nn
from . import ops as ops
from . import optim as optim
from . import plot as plot
from . import runs as runs
from . import stochastic as stochastic
from . import train as train
