"""What `ieee` and the kernel mean to Numba; and `compiled`, which has it compile one of the machine's functions.

Functions that are plain arithmetic it compiles as they stand; those that catch Python's exceptions are the C library's
own functions, which do not raise.
"""

# mypy: ignore-errors
from __future__ import annotations

import functools
import inspect
import math
from typing import Any

import numba
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic, overload, register_jitable
from numba.np.arrayobj import populate_array

from .. import ieee
from . import kernel, machine

# As in IEEE 754, nothing is raised; nothing is called from Python either, and there are no arrays to be freed.
IEEE = {"error_model": "numpy", "no_cpython_wrapper": True, "no_cfunc_wrapper": True, "_nrt": False}


@functools.cache
def teach() -> None:
    """Tell Numba, once."""
    rows = [f for f in kernel.RULES.values() if inspect.isfunction(f)]
    for f in rows:
        if f.__closure__:  # one that catches what the C library does not raise
            _as_in_c(f, getattr(math, next(n for n in vars(ieee) if getattr(ieee, n) is f)))
    overload(ieee.divide, jit_options=IEEE, strict=False)(lambda a, b: lambda a, b: a / b)
    overload(ieee.power, jit_options=IEEE, strict=False)(lambda a, b: lambda a, b: math.pow(a, b))
    plain = [f for f in rows if not f.__closure__ and f not in (ieee.divide, ieee.power)]
    below = (ieee.zeta, ieee.polygamma)  # what those use
    parts = (machine.steps, machine.logsumexp, machine.vectors, machine.many, machine.layer, machine.behind)
    for f in (*plain, *below, kernel.unary, kernel.binary, *parts, machine.sum_lanes, machine.sum_products):
        register_jitable(**IEEE)(f)


def _as_in_c(ours: Any, theirs: Any) -> None:
    overload(ours, jit_options=IEEE, strict=False)(lambda x: lambda x: theirs(x))


# What the machine's functions take, by name: arrays of a type and so many axes; the others are whole numbers.
_TYPES = dict.fromkeys(("code", "before", "after"), (types.uint32, 2))
_TYPES |= dict.fromkeys(("lists", "sums"), (types.uint32, 1)) | dict.fromkeys(("places", "spread"), (types.uint32, 2))
_TYPES |= dict.fromkeys(("v", "A", "theta", "dtheta"), (types.float64, 1)) | {"W": (types.float64, 3)}
_TYPES |= dict.fromkeys(("V", "X", "values", "dX"), (types.float64, 2))


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
                strides = [size]
                for length in shape[:0:-1]:
                    strides.insert(0, builder.mul(length, strides[0]))
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
    register_jitable(**IEEE)(f)
    arguments = _arguments(f)

    before = numba.config.SLP_VECTORIZE
    numba.config.SLP_VECTORIZE = 1  # eight partial sums, written one by one, are one vector
    try:

        @numba.njit(types.void(types.CPointer(types.int64)), nogil=True, **IEEE)
        def entry(table):
            f(*arguments(table))

    finally:
        numba.config.SLP_VECTORIZE = before
    [made] = entry.overloads.values()
    return made.fndesc.llvm_func_name, made.library._compiled_object, made.library
