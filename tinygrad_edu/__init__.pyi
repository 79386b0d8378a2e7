"""What editors and type checkers see of `tinygrad_edu`.

Printed by `printouts`: change the table in `__init__.py`, then run

    python -m tinygrad_edu.ops --write
"""

# fmt: off
# ruff: noqa

__version__: str
from .check import check_backward as check_backward, gradcheck as gradcheck, step_sizes as step_sizes
from .derivatives import grad as grad, hessian as hessian, jacobian as jacobian, value_and_grad as value_and_grad
from .doctor import compare as compare, diagnose as diagnose
from .engine import Value as Value, topological as topological
from .explanation import explain as explain
from .figures import draw as draw
from .modes import anomalies as anomalies, no_grad as no_grad
from .ops import Op as Op
from .order import order_lab as order_lab
from .registry import register as register
from .render import RenderError as RenderError
from .replay import RecordingError as RecordingError, jit as jit, pack as pack, unpack as unpack
from .sourcecode import source as source
from .train import fit as fit
from .webpage import page as page
from . import copying as copying, data as data, functional as functional, losses as losses, micrograd as micrograd, nn as nn, ops as ops, optim as optim, plot as plot, stochastic as stochastic, train as train
