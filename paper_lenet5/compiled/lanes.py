"""Vectors of sixteen float32 for Numba: the words that the compiled layers are written in.

A word is a small vector operation, such as `load` or `add_outer`.

A `Block` is a handful of such vectors that stay in registers. Numba's own vectoriser sees scalars
and loops and finds too few of the vectors in five by five convolutions; here each word below emits
vector code of LLVM directly, which LLVM fits to whatever the processor has (one AVX-512 register,
two of AVX, four of SSE or NEON). No word leaves the order of its additions open, so that it gives the
same numbers on every machine. Addresses are in elements of a flat float32 array.
"""

import operator
from functools import reduce

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import (
    intrinsic,
    lower_builtin,
    models,
    overload,
    register_model,
    type_callable,
)

LANES = 16

_FLOAT = ir.FloatType()
_VECTOR = ir.VectorType(_FLOAT, LANES)
_INT = ir.IntType(32)


class Block(types.Type):
    """Numba's type of n vectors of sixteen float32."""

    def __init__(self, n: int):
        self.n = n
        super().__init__(f"Block({n})")


@register_model(Block)
class _BlockModel(models.PrimitiveModel):
    def __init__(self, manager, block):
        super().__init__(manager, block, ir.ArrayType(_VECTOR, block.n))


@intrinsic
def parts(typing, array, ends):
    """Where each part begins, the next at the end of the one before: arrays without a length.

    To compiled code such a part is one number; an array is seven, and a count of who holds it.
    """

    def emit(context, b, signature, args):
        data = context.make_array(signature.args[0])(context, b, args[0]).data
        begins = [ir.Constant(_INT, 0), *_split(b, args[1])[:-1]]
        places = [b.gep(data, [begin]) for begin in begins]
        return context.make_tuple(b, signature.return_type, places)

    return types.UniTuple(types.CPointer(types.float32), ends.count)(array, ends), emit


# --- to and from memory: vector k of a block belongs to the address at + k * stride ---------------


@intrinsic
def zeros(typing, n):
    """n vectors of zeros."""
    if not isinstance(n, types.IntegerLiteral):
        return None  # the number of registers must be known when compiling
    block = Block(n.literal_value)
    return block(n), lambda context, builder, signature, args: ir.Constant(
        context.get_value_type(block), None
    )


@intrinsic
def load(typing, array, at, stride, n):
    """n vectors, each the sixteen numbers that begin at its address."""
    if not isinstance(n, types.IntegerLiteral):
        return None  # the number of registers must be known when compiling
    block = Block(n.literal_value)

    def emit(context, b, signature, args):
        return _join(b, [_read(b, p) for p in _addresses(context, b, signature, args, 0, block.n)])

    return block(array, types.intp, types.intp, n), emit


@intrinsic
def load_like(typing, block, array, at):
    """Read as many consecutive vectors as the block has, from `at` on."""

    def emit(context, b, signature, args):
        stride = ir.Constant(args[2].type, LANES)
        addresses = _addresses(context, b, signature, [*args, stride], 1, signature.args[0].n)
        return _join(b, [_read(b, p) for p in addresses])

    return block(block, array, types.intp), emit


@intrinsic
def broadcast(typing, array, at, stride, n):
    """n vectors, each with the one number at its address in all lanes."""
    if not isinstance(n, types.IntegerLiteral):
        return None  # the number of registers must be known when compiling
    block = Block(n.literal_value)

    def emit(context, b, signature, args):
        addresses = _addresses(context, b, signature, args, 0, block.n)
        return _join(b, [_splat(b, b.load(p)) for p in addresses])

    return block(array, types.intp, types.intp, n), emit


@intrinsic
def store(typing, block, array, at, stride):
    """Write each vector to the sixteen numbers that begin at its address."""

    def emit(context, b, signature, args):
        addresses = _addresses(context, b, signature, args, 1, block.n)
        for vector, p in zip(_split(b, args[0]), addresses, strict=True):
            b.store(vector, b.bitcast(p, _VECTOR.as_pointer()), align=4)
        return context.get_dummy_value()

    return types.void(block, array, types.intp, types.intp), emit


@intrinsic
def store_totals(typing, block, array, at, stride):
    """Write the sum over the lanes of each vector to the one number at its address."""

    def emit(context, b, signature, args):
        addresses = _addresses(context, b, signature, args, 1, block.n)
        for vector, p in zip(_split(b, args[0]), addresses, strict=True):
            b.store(_total(b, vector), p)
        return context.get_dummy_value()

    return types.void(block, array, types.intp, types.intp), emit


# --- multiply and add -----------------------------------------------------------------------------


@intrinsic
def add_outer(typing, block, array, at, stride, vectors):
    """block[k, l] + array[at + k * stride] * vectors[l]: the outer product at the heart of it all.

    The block holds (block.n / vectors.n) x vectors.n vectors.
    """
    rows = block.n // vectors.n

    def emit(context, b, signature, args):
        scalars = [_splat(b, b.load(p)) for p in _addresses(context, b, signature, args, 1, rows)]
        products = [(s, v) for s in scalars for v in _split(b, args[4])]
        sums = _split(b, args[0])
        return _join(b, [_fma(b, s, v, a) for (s, v), a in zip(products, sums, strict=True)])

    return block(block, array, types.intp, types.intp, vectors), emit


@intrinsic
def add_window(typing, block, array, at, stride, width, vector):
    """block[k] + a number * vector, the numbers a window of `width` columns, its rows `stride` apart."""
    if not isinstance(width, types.IntegerLiteral):
        return None  # the shape must be known when compiling

    def emit(context, b, signature, args):
        array, at, stride = args[1:4]
        sums, (vector,), width = (
            _split(b, args[0]),
            _split(b, args[5]),
            signature.args[4].literal_value,
        )
        one, rows = ir.Constant(at.type, 1), len(sums) // width
        for row in range(rows):
            first = b.add(at, b.mul(stride, ir.Constant(at.type, row)))
            place = [args[0], array, first, one]
            for k, p in enumerate(_addresses(context, b, signature, place, 1, width)):
                sum_of = row * width + k
                sums[sum_of] = _fma(b, _splat(b, b.load(p)), vector, sums[sum_of])
        return _join(b, sums)

    return block(block, array, types.intp, types.intp, width, vector), emit


@intrinsic
def add_products(typing, block, rows, columns):
    """block[r, c] + rows[r] * columns[c]: the outer product of two blocks, lane by lane."""

    def emit(context, b, signature, args):
        sums, rows, columns = (_split(b, block) for block in args)
        products = [(r, c) for r in rows for c in columns]
        return _join(b, [_fma(b, r, c, a) for (r, c), a in zip(products, sums, strict=True)])

    return block(block, rows, columns), emit


@intrinsic
def add_convolution(typing, block, first, rows, kernels):
    """block[first + r + k] + rows[r] * kernels[k] for all r and k: a column of kernels slides over rows.

    What falls outside of the block is left out.
    """
    if not isinstance(first, types.IntegerLiteral):
        return None  # the shape must be known when compiling

    def emit(context, b, signature, args):
        sums, rows, kernels = (_split(b, args[k]) for k in (0, 2, 3))
        for r, row in enumerate(rows, signature.args[1].literal_value):
            for k, kernel in enumerate(kernels):
                if 0 <= r + k < len(sums):
                    sums[r + k] = _fma(b, row, kernel, sums[r + k])
        return _join(b, sums)

    return block(block, first, rows, kernels), emit


@intrinsic
def add_scaled(typing, block, scalar, array, at):
    """block + scalar * (as many consecutive vectors of the array, from `at` on)."""

    def emit(context, b, signature, args):
        stride = ir.Constant(args[3].type, LANES)
        addresses = _addresses(context, b, signature, [*args, stride], 2, block.n)
        scalar, sums = _splat(b, args[1]), _split(b, args[0])
        return _join(
            b, [_fma(b, scalar, _read(b, p), a) for p, a in zip(addresses, sums, strict=True)]
        )

    return block(block, types.float32, array, types.intp), emit


@intrinsic
def subtract_products(typing, block, array, factors, at):
    """array - factors * block, into as many consecutive vectors of the array, from `at` on.

    One after the other: the vectors of both arrays need not fit the registers together.
    """

    def emit(context, b, signature, args):
        block, *arrays, at = args
        stride = ir.Constant(at.type, LANES)
        into, factors = (
            _addresses(context, b, signature, [*args[:k], array, at, stride], k, block.type.count)
            for k, array in enumerate(arrays, 1)
        )
        for p, q, vector in zip(into, factors, _split(b, block), strict=True):
            difference = b.fsub(_read(b, p), b.fmul(_read(b, q), vector))
            b.store(difference, b.bitcast(p, _VECTOR.as_pointer()), align=4)
        return context.get_dummy_value()

    return types.void(block, array, factors, types.intp), emit


@intrinsic
def dot(typing, block, array, at):
    """The sum over all lanes of block * (as many consecutive vectors of the array), float32.

    That of `total`, of the products: here they need not fit the registers together.
    """

    def emit(context, b, signature, args):
        stride = ir.Constant(args[2].type, LANES)
        addresses = _addresses(context, b, signature, [*args, stride], 1, block.n)
        factors = list(zip(addresses, _split(b, args[0]), strict=True))

        def summed(some):
            if len(some) == 1:
                ((p, vector),) = some
                return b.fmul(_read(b, p), vector)
            half = 1 << (len(some) - 1).bit_length() - 1
            return b.fadd(summed(some[:half]), summed(some[half:]))

        return _total(b, summed(factors))

    return types.float32(block, array, types.intp), emit


@intrinsic
def prefetch(typing, block, array, at):
    """Ask for as many consecutive vectors as the block has: they will be needed soon, if they exist."""

    def emit(context, b, signature, args):
        stride = ir.Constant(args[2].type, LANES)
        byte = ir.IntType(8).as_pointer()
        kind = ir.FunctionType(ir.VoidType(), [byte, _INT, _INT, _INT])
        word = cgutils.get_or_insert_function(b.module, kind, "llvm.prefetch.p0")
        for p in _addresses(context, b, signature, [*args, stride], 1, block.n):
            b.call(word, [b.bitcast(p, byte), _INT(0), _INT(3), _INT(1)])  # to read, and keep: data
        return context.get_dummy_value()

    return types.void(block, array, types.intp), emit


@overload(len)
def _length(block):
    """How many vectors a block has."""
    if isinstance(block, Block):
        n = block.n
        return lambda block: n
    return None


@intrinsic
def total(typing, block):
    """The sum over all lanes of all vectors, float32."""

    def emit(context, b, signature, args):
        vectors = _split(b, args[0])
        while len(vectors) > 1:
            pairs = [vectors[i : i + 2] for i in range(0, len(vectors), 2)]
            vectors = [b.fadd(*pair) if len(pair) == 2 else pair[0] for pair in pairs]
        return _total(b, vectors[0])

    return types.float32(block), emit


def _elementwise(emit_vector):
    """A word over blocks of equal size; a single vector or a float32 serves all of a block."""

    def typed(*operands):
        size = max(t.n for t in operands if isinstance(t, Block))
        block = Block(size)
        signature = block(*[t if isinstance(t, Block) else types.float32 for t in operands])

        def emit(context, b, signature, args):
            columns = []
            for operand, value in zip(signature.args, args, strict=True):
                if isinstance(operand, Block):
                    vectors = _split(b, value)
                    columns.append(vectors * (size // len(vectors)))
                else:
                    columns.append([_splat(b, value)] * size)
            return _join(b, [emit_vector(b, *row) for row in zip(*columns, strict=True)])

        return signature, emit

    return typed


_of_fma = _elementwise(lambda b, x, y, z: _fma(b, x, y, z))
_of_minimum = _elementwise(lambda b, x, y: b.select(b.fcmp_ordered("<", y, x), y, x))
_of_maximum = _elementwise(lambda b, x, y: b.select(b.fcmp_ordered(">", y, x), y, x))


@intrinsic
def fma(typing, x, y, z):
    """x * y + z, rounded once."""
    return _of_fma(x, y, z)


@intrinsic
def minimum(typing, x, y):
    """The smaller of x and y, lane by lane; x where it is no number."""
    return _of_minimum(x, y)


@intrinsic
def maximum(typing, x, y):
    """The larger of x and y, lane by lane; x where it is no number."""
    return _of_maximum(x, y)


@intrinsic
def outside_of(typing, block, limit):
    """One vector: 1 in each lane where a number of the block is beyond +-limit, or is none, else 0."""

    def emit(context, b, signature, args):
        block, limit = args[0], _splat(b, args[1])
        beyond = [
            b.fcmp_unordered(">", _call(b, "llvm.fabs.v16f32", vector), limit)
            for vector in _split(b, block)
        ]
        one, zero = (ir.Constant(_VECTOR, [value] * LANES) for value in (1.0, 0.0))
        return _join(b, [b.select(reduce(b.or_, beyond), one, zero)])

    return Block(1)(block, types.float32), emit


def _define_operator(symbol, emit_vector):
    """Emitted where it stands: an overload would be compiled as a function for each pair of sizes."""
    typed = _elementwise(emit_vector)

    @type_callable(symbol)
    def type_of(context):
        return lambda x, y: typed(x, y)[0] if isinstance(x, Block) or isinstance(y, Block) else None

    def emit(context, b, signature, args):
        return typed(*signature.args)[1](context, b, signature, args)

    for operands in ((Block, Block), (Block, types.Float), (types.Float, Block)):
        lower_builtin(symbol, *operands)(emit)


_define_operator(operator.add, lambda b, x, y: b.fadd(x, y))
_define_operator(operator.sub, lambda b, x, y: b.fsub(x, y))
_define_operator(operator.mul, lambda b, x, y: b.fmul(x, y))
_define_operator(operator.truediv, lambda b, x, y: b.fdiv(x, y))


# --- halving and doubling a row, for subsampling --------------------------------------------------


@intrinsic
def pair_sums(typing, row):
    """A row of 32 numbers (two vectors) to the 16 sums of its neighbours."""

    def emit(context, b, signature, args):
        left, right = _split(b, args[0])
        even = b.shuffle_vector(left, right, _lanes(range(0, 2 * LANES, 2)))
        odd = b.shuffle_vector(left, right, _lanes(range(1, 2 * LANES, 2)))
        return _join(b, [b.fadd(even, odd)])

    return Block(1)(row), emit


@intrinsic
def pair_copies(typing, row):
    """A row of 16 numbers to 32 (two vectors), each number twice."""

    def emit(context, b, signature, args):
        (row,) = _split(b, args[0])
        halves = [[half * LANES // 2 + k // 2 for k in range(LANES)] for half in (0, 1)]
        return _join(b, [b.shuffle_vector(row, row, _lanes(half)) for half in halves])

    return Block(2)(row), emit


@intrinsic
def transposed(typing, square):
    """Sixteen vectors to sixteen others: number k of vector l is number l of vector k."""

    def emit(context, b, signature, args):
        rows, half = _split(b, args[0]), LANES // 2
        low = _lanes([k // 2 + LANES * (k % 2) for k in range(LANES)])
        high = _lanes([k // 2 + half + LANES * (k % 2) for k in range(LANES)])
        for _ in range(LANES.bit_length() - 1):  # each time, row k + 8 is threaded into row k
            pairs = list(zip(rows[:half], rows[half:], strict=True))
            rows = [b.shuffle_vector(*pair, part) for pair in pairs for part in (low, high)]
        return _join(b, rows)

    return square(square), emit


# --- LLVM -----------------------------------------------------------------------------------------


def _lanes(indices):
    """The constant by which LLVM shuffles: which lane goes where."""
    return ir.Constant(ir.VectorType(_INT, LANES), list(indices))


def _split(b, block):
    """The vectors of a block."""
    return [b.extract_value(block, k) for k in range(block.type.count)]


def _join(b, vectors):
    """A block of these vectors."""
    block = ir.Constant(ir.ArrayType(_VECTOR, len(vectors)), ir.Undefined)
    for k, vector in enumerate(vectors):
        block = b.insert_value(block, vector, k)
    return block


def _addresses(context, b, signature, args, position, n):
    """Pointers to array[at + k * stride], where args[position:] are the array, at and stride."""
    array, at, stride = args[position : position + 3]
    if isinstance(signature.args[position], types.CPointer):
        data = array
    else:
        data = context.make_array(signature.args[position])(context, b, array).data
    return [b.gep(data, [b.add(at, b.mul(stride, ir.Constant(at.type, k)))]) for k in range(n)]


def _read(b, pointer):
    """The vector at this address, which need not begin at a cache line."""
    return b.load(b.bitcast(pointer, _VECTOR.as_pointer()), align=4)


def _splat(b, scalar):
    """A vector with the number in all lanes."""
    undefined = ir.Constant(_VECTOR, ir.Undefined)
    first = b.insert_element(undefined, scalar, _INT(0))
    return b.shuffle_vector(first, undefined, _lanes([0] * LANES))


def _fma(b, x, y, z):
    """x * y + z of three vectors, rounded once."""
    return _call(b, "llvm.fma.v16f32", x, y, z)


def _call(b, name, *vectors):
    """The vector that LLVM's own function of this name makes of these."""
    signature = ir.FunctionType(_VECTOR, [_VECTOR] * len(vectors))
    return b.call(cgutils.get_or_insert_function(b.module, signature, name), vectors)


def _total(b, vector):
    """Always the same sum: lane k with lane k + 8, those with k + 4, and so on."""
    for half in (8, 4, 2, 1):
        other = b.shuffle_vector(vector, vector, _lanes([(k + half) % LANES for k in range(LANES)]))
        vector = b.fadd(vector, other)
    return b.extract_element(vector, _INT(0))
