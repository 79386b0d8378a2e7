"""What `ieee`, `strips` and the kernel mean to Numba; and `compiled`,
which has it compile one of the machine's functions.

Functions that are plain arithmetic it compiles as they stand; those that catch Python's exceptions are the C library's
own functions, which do not raise; a strip is one vector register.
"""

# mypy: ignore-errors
from __future__ import annotations

import functools
import inspect
import math
import operator
from typing import Any

import numba
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic, models, overload, register_jitable, register_model
from numba.np.arrayobj import populate_array

from .. import ieee
from . import blocks, kernel, machine, strips

# As in IEEE 754, nothing is raised; nothing is called from Python either, and there are no arrays to be freed.
IEEE = {"error_model": "numpy", "no_cpython_wrapper": True, "no_cfunc_wrapper": True, "_nrt": False}
_VECTOR = ir.VectorType(ir.DoubleType(), strips.WIDTH)


class StripType(types.Type):
    """Eight lanes."""

    def __init__(self) -> None:
        super().__init__(name="Strip")


strip = StripType()


@register_model(StripType)
class _StripModel(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, _VECTOR)


def _pointer(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    table = context.make_array(sig.args[0])(context, builder, args[0])
    width = cgutils.unpack_tuple(builder, table.shape, 2)[1]
    row, lane = (context.cast(builder, a, t, types.int64) for a, t in zip(args[1:3], sig.args[1:3]))
    return builder.bitcast(builder.gep(table.data, [builder.add(builder.mul(row, width), lane)]), _VECTOR.as_pointer())


@intrinsic
def _load(_, table, row, lane):
    def make(context, builder, sig, args):
        return builder.load(_pointer(context, builder, sig, args), align=8)

    return strip(table, row, lane), make


@intrinsic
def _store(_, table, row, lane, x):
    def make(context, builder, sig, args):
        builder.store(args[3], _pointer(context, builder, sig, args), align=8)
        return context.get_dummy_value()

    return types.void(table, row, lane, x), make


@intrinsic
def _spread(_, x):
    def make(context, builder, sig, args):
        nothing, first = ir.Constant(_VECTOR, ir.Undefined), ir.Constant(ir.IntType(32), 0)
        lanes = ir.Constant(ir.VectorType(ir.IntType(32), strips.WIDTH), [0] * strips.WIDTH)
        return builder.shuffle_vector(builder.insert_element(nothing, args[0], first), nothing, lanes)

    return strip(types.float64), make


def _arithmetic(instruction: str) -> Any:
    @intrinsic
    def two(_, a, b):
        def make(context, builder, sig, args):
            return getattr(builder, instruction)(*args)

        return strip(a, b), make

    return two


_add, _multiply = _arithmetic("fadd"), _arithmetic("fmul")


@functools.cache
def teach() -> None:
    """Tell Numba, once."""
    overload(strips.load)(lambda table, row, lane: lambda table, row, lane: _load(table, row, lane))
    overload(strips.store)(
        lambda table, row, lane, strip: lambda table, row, lane, strip: _store(table, row, lane, strip)
    )
    overload(strips.spread)(lambda x: lambda x: _spread(x))

    @overload(operator.add)
    def add(a, b):
        return (lambda a, b: _add(a, b)) if a is strip and b is strip else None

    @overload(operator.mul)
    def multiply(a, b):
        return (lambda a, b: _multiply(a, b)) if a is strip and b is strip else None

    rows = [
        f for f in vars(kernel).values() if inspect.isfunction(f)
    ]  # the kernel's own, and those of ieee that it uses
    for f in rows:
        if f.__closure__:  # one that catches what the C library does not raise
            name = next(n for n in vars(ieee) if getattr(ieee, n) is f)
            _as_in_c(f, getattr(math, name))
    overload(ieee.divide, jit_options=IEEE, strict=False)(lambda a, b: lambda a, b: a / b)
    overload(ieee.power, jit_options=IEEE, strict=False)(lambda a, b: lambda a, b: math.pow(a, b))
    plain = [f for f in rows if not f.__closure__ and f not in (ieee.divide, ieee.power)]
    below = (ieee.zeta, ieee.digamma)  # what those use
    parts = (machine._logsumexp, machine.forward, machine.backward, blocks.block_forward, blocks.block_backward)
    whole = (machine.single, blocks.lanes)
    for f in (*plain, *below, *parts, blocks.dense_forward, blocks.dense_backward, *whole):
        register_jitable(**IEEE)(f)


def _as_in_c(ours: Any, theirs: Any) -> None:
    overload(ours, jit_options=IEEE, strict=False)(lambda x: lambda x: theirs(x))


# What the machine's functions take, by name: arrays of a type and so many axes; the others are whole numbers.
_TYPES = {"code": (types.int32, 2), "plan": (types.int64, 1), "lists": (types.int32, 1), "to": (types.int32, 1)}
_TYPES |= {name: (types.float64, 1) for name in ("v", "g", "theta", "dtheta")}
_TYPES |= {name: (types.float64, 2) for name in ("V", "G", "A", "X", "values", "dX")}


def _arguments(f: Any) -> Any:
    """A function that reads f's arguments from a table of eight-byte words:
    an array's address and shape, or a number.
    """
    kinds = [
        types.Array(_TYPES[n][0], _TYPES[n][1], "C") if n in _TYPES else types.float64 if n == "seed" else types.int64
        for n in inspect.signature(f).parameters
    ]

    @intrinsic
    def arguments(_, table):
        def make(context, builder, sig, args):
            words = iter(range(10**6))

            def word():
                return builder.load(builder.gep(args[0], [ir.Constant(ir.IntType(64), next(words))]))

            found = []
            for kind in kinds:
                if not isinstance(kind, types.Array):
                    found.append(builder.bitcast(word(), context.get_value_type(kind)))
                    continue
                data = builder.inttoptr(word(), context.get_value_type(kind.dtype).as_pointer())
                size = context.get_constant(types.intp, context.get_abi_sizeof(context.get_value_type(kind.dtype)))
                shape = [word() for _ in range(kind.ndim)]
                strides = [builder.mul(shape[1], size), size] if kind.ndim == 2 else [size]
                array = context.make_array(kind)(context, builder)
                populate_array(array, data, shape, strides, size, meminfo=None)
                found.append(array._getvalue())
            return context.make_tuple(builder, sig.return_type, found)

        return types.Tuple(kinds)(table), make

    return arguments


def compiled(f: Any) -> tuple[str, bytes, Any]:
    """The name that Numba gives to f in machine code; an object file with it;
    and what keeps the code in this process alive.

    The function takes three addresses: of room for a result and for an error, of which there are none,
    and of a table of arguments.
    Raises RuntimeError if Numba is told not to compile.
    """
    if numba.config.DISABLE_JIT:
        raise RuntimeError(
            'the native backend is compiled by Numba, but NUMBA_DISABLE_JIT is set: unset it, or use backend="python"'
        )
    teach()
    arguments = _arguments(f)

    @numba.njit(types.void(types.CPointer(types.int64)), nogil=True, **IEEE)
    def entry(table):
        f(*arguments(table))

    [made] = entry.overloads.values()
    return made.fndesc.llvm_func_name, made.library._compiled_object, made.library
