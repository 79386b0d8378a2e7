/* The engine's nodes in C: what a Value keeps, how an operation makes one, the order of a graph, the chain rule on floats.
 *
 * engine.py says what all of this means, and runs where this is not compiled; `twin.py` puts it in its place.  Nothing
 * here knows calculus: a row brings two small programs, for its number and for its local gradients, which `registers.py`
 * gets by filling its rules; what has none is asked in Python.  Compile with -ffp-contract=off: the bits are the engine's.
 *
 * A node has the header of Python's cyclic collector and is not shown to it, because parents are older than children and
 * no cycle can form, until somebody hangs an attribute on it.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>

#ifdef Py_GIL_DISABLED
#error "nodes are changed by one thread at a time: without the lock of the interpreter the engine stays in Python"
#endif

#define NEW(n, T) ((T *)PyMem_Malloc((n) ? (size_t)(n) * sizeof(T) : 1))

/* ---- numbers: what ieee.py computes, by the same names, with the same library of C */

static double relu(double x) { return x <= 0 ? 0.0 : x; }
static double sigmoid(double x) { double e = exp(-fabs(x)); return (x >= 0 ? 1.0 : e) / (1.0 + e); }
static double bell(double x) { double e = exp(-fabs(x)); return e / ((1.0 + e) * (1.0 + e)); }
static double greater(double a, double b) { return a > b ? 1.0 : a <= b ? 0.0 : Py_NAN; }
static double maximum(double a, double b) { return a > b || a != a ? a : b; }
static double minimum(double a, double b) { return a < b || a != a ? a : b; }
static double softplus(double x) { return maximum(x, 0.0) + log1p(exp(-fabs(x))); }
static double negative(double x) { return -x; }

/* What a step of a program may be.  The first few are written out where nodes are made and gradients flow. */
enum { ASK, ADD, SUB, MUL, DIV, WHERE, SUM, DOT, FIRST_CALL };
typedef struct { const char *name; double (*one)(double), (*two)(double, double); } Call;
static const Call CALLS[] = {
    {"", 0, 0}, {"add", 0, 0}, {"sub", 0, 0}, {"mul", 0, 0}, {"div", 0, 0}, {"where", 0, 0}, {"sum", 0, 0}, {"dot", 0, 0},
    {"neg", negative, 0}, {"abs", fabs, 0}, {"relu", relu, 0}, {"sigmoid", sigmoid, 0}, {"bell", bell, 0},
    {"softplus", softplus, 0}, {"exp", exp, 0}, {"exp2", exp2, 0}, {"expm1", expm1, 0}, {"log", log, 0},
    {"log1p", log1p, 0}, {"log2", log2, 0}, {"log10", log10, 0}, {"sqrt", sqrt, 0}, {"sin", sin, 0}, {"cos", cos, 0},
    {"tan", tan, 0}, {"asin", asin, 0}, {"acos", acos, 0}, {"atan", atan, 0}, {"sinh", sinh, 0}, {"cosh", cosh, 0},
    {"asinh", asinh, 0}, {"acosh", acosh, 0}, {"atanh", atanh, 0}, {"tanh", tanh, 0}, {"erf", erf, 0}, {"erfc", erfc, 0},
    {"pow", 0, pow}, {"atan2", 0, atan2}, {"greater", 0, greater}, {"maximum", 0, maximum}, {"minimum", 0, minimum}};
#define N_CALLS ((int)(sizeof CALLS / sizeof *CALLS))

static inline double computed(int code, double a, double b, double c) {
    switch (code) {
    case ADD: return a + b;
    case SUB: return a - b;
    case MUL: return a * b;
    case DIV: return a / b;
    case WHERE: return a != 0.0 ? b : c;
    default: return CALLS[code].one ? CALLS[code].one(a) : CALLS[code].two(a, b);
    }
}

/* ---- rows */

#define REGISTERS 255
typedef struct { unsigned char code, a, b, c; } Step;
typedef struct { /* registers: what is given, then constants, then one for each step */
    int known, n_given, n_consts, n_steps, n_out;
    double *consts;
    Step *steps;
    unsigned char *out;
} Program;

typedef struct {
    PyObject_HEAD
    int code;                                /* what it computes, if that is one step; ASK if not */
    int limited;                             /* not defined everywhere: where it is nan, so are its slopes */
    Program number, partials;                /* from the inputs; from the output and the inputs */
} Row;

static PyTypeObject RowType, NodeType, MethodType;
static PyTypeObject *Value, *OpType, *Nothing;
/* what `twin.join` hands over: things of engine.py and modes.py, and of twin.py itself */
static PyObject *watching, *forgetting, *recording, *made, *lift, *number, *assigned, *slow_apply, *slow_call, *slow_backward,
    *slow_pow, *slow_init, *slow_topological, *power_of, *row_of;
/* A row in Python, and what C knows of it: who has one has both, and neither has the other twice, so that no cycle forms. */
typedef struct { PyObject *op; Row *row; } Pair;
static Pair leaf, detached, negative_row, row_of_code[FIRST_CALL];
static PyObject *s_row, *s_data, *s_grad, *s_label, *s_local, *s_slopes;

static void program_free(Program *p) { PyMem_Free(p->consts); PyMem_Free(p->steps); PyMem_Free(p->out); }

/* (constants, steps, out): a step is (name, a, b, c), places of registers; None is no program. */
static int program_read(Program *p, PyObject *from, int n_given) {
    PyObject *consts, *steps, *out;
    if (from == Py_None) return 0;
    if (!PyArg_ParseTuple(from, "O!O!O!", &PyTuple_Type, &consts, &PyTuple_Type, &steps, &PyTuple_Type, &out)) return -1;
    Py_ssize_t nc = PyTuple_GET_SIZE(consts), ns = PyTuple_GET_SIZE(steps), no = PyTuple_GET_SIZE(out);
    if (n_given + nc + ns > REGISTERS) return 0; /* too long for here: it is asked in Python */
    p->consts = NEW(nc, double); p->steps = NEW(ns, Step); p->out = NEW(no, unsigned char);
    if (!p->consts || !p->steps || !p->out) { PyErr_NoMemory(); return -1; }
    for (Py_ssize_t i = 0; i < nc; i++) p->consts[i] = PyFloat_AsDouble(PyTuple_GET_ITEM(consts, i));
    for (Py_ssize_t i = 0; i < ns; i++) {
        const char *name; int a, b, c, code = ASK;
        if (!PyArg_ParseTuple(PyTuple_GET_ITEM(steps, i), "siii", &name, &a, &b, &c)) return -1;
        for (int k = 1; k < N_CALLS; k++) if (!strcmp(name, CALLS[k].name)) code = k;
        int here = n_given + (int)nc + (int)i;
        if (code == ASK || code == SUM || code == DOT || a < 0 || b < 0 || c < 0 || a >= here || b >= here || c >= here) {
            PyErr_Format(PyExc_ValueError, "no step of a program: %R", PyTuple_GET_ITEM(steps, i)); return -1;
        }
        p->steps[i] = (Step){(unsigned char)code, (unsigned char)a, (unsigned char)b, (unsigned char)c};
    }
    for (Py_ssize_t i = 0; i < no; i++) p->out[i] = (unsigned char)PyLong_AsLong(PyTuple_GET_ITEM(out, i));
    if (PyErr_Occurred()) return -1;
    p->n_given = n_given; p->n_consts = (int)nc; p->n_steps = (int)ns; p->n_out = (int)no; p->known = 1;
    return 0;
}

static inline void program_run(const Program *p, double *reg, double *out) { /* what is given stands in reg already */
    int at = p->n_given;
    for (int i = 0; i < p->n_consts; i++) reg[at++] = p->consts[i];
    for (int i = 0; i < p->n_steps; i++) {
        Step s = p->steps[i];
        reg[at++] = computed(s.code, reg[s.a], reg[s.b], reg[s.c]);
    }
    for (int i = 0; i < p->n_out; i++) out[i] = reg[p->out[i]];
}

/* Row(code, limited, inputs, number, partials) */
static int row_init(PyObject *self, PyObject *args, PyObject *kw) {
    Row *r = (Row *)self;
    PyObject *forward, *partials; const char *code; int limited, inputs;
    if (r->number.known || r->partials.known) { PyErr_SetString(PyExc_TypeError, "a Row is made once"); return -1; }
    if (!PyArg_ParseTuple(args, "spiOO", &code, &limited, &inputs, &forward, &partials)) return -1;
    for (int k = 1; k < N_CALLS; k++) if (!strcmp(code, CALLS[k].name)) r->code = k;
    r->limited = limited;
    return program_read(&r->number, forward, inputs) || program_read(&r->partials, partials, inputs + 1) ? -1 : 0;
}
static void row_dealloc(PyObject *self) {
    program_free(&((Row *)self)->number); program_free(&((Row *)self)->partials);
    Py_TYPE(self)->tp_free(self);
}
static PyTypeObject RowType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "tinygrad_edu._twin.Row", .tp_basicsize = sizeof(Row),
    .tp_doc = "What the compiled engine knows of a row: Row(code, limited, inputs, program, program of the partials).",
    .tp_flags = Py_TPFLAGS_DEFAULT, .tp_new = PyType_GenericNew, .tp_init = row_init, .tp_dealloc = row_dealloc};

/* The Row of an Op, which hangs on it once it was asked for; borrowed from the Op, which somebody has. */
static Row *row_for(PyObject *op) {
    PyObject *row = PyObject_GetAttr(op, s_row); /* None on the class */
    if (row == Py_None) {
        Py_SETREF(row, PyObject_CallOneArg(row_of, op));
        if (row && PyObject_GenericSetAttr(op, s_row, row)) Py_CLEAR(row);
    }
    if (row && !Py_IS_TYPE(row, &RowType)) { Py_CLEAR(row); PyErr_SetString(PyExc_TypeError, "no Row"); }
    Py_XDECREF(row);
    return (Row *)row;
}

/* ---- nodes */

typedef struct Node {
    PyObject_HEAD
    double data, grad, y;                    /* y is what it computed, whatever .data was set to since */
    PyObject *op; Row *row;
    unsigned walk; int place;                /* the last walk that met it, and where it stands in that one */
    int np, in_slab : 1, nx : 31;            /* how many parents; where it lies; how many inputs were seen, -1 for none */
    union { struct Node *few[2], **many; } p;
    union { double few[2], *many; } x;
    PyObject *dict;
} Node;
#define PARENTS(v) ((v)->np > 2 ? (v)->p.many : (v)->p.few)
#define INPUTS(v) ((v)->nx > 2 ? (v)->x.many : (v)->x.few)
#define IS_NODE(o) (Py_IS_TYPE(o, Value) || PyObject_TypeCheck(o, &NodeType))

/* Room for nodes, in slabs of 64 kB: the next node stands behind the last one wherever that is free, so that a graph is
 * walked in the order of its addresses, also after thousands of graphs have come and gone. */
typedef struct { uintptr_t next, prev; } Header; /* the collector's */
#define SLAB ((size_t)1 << 16)
#define FIRST 192
#define EACH (sizeof(Header) + sizeof(Node))
#define PER ((int)((SLAB - FIRST) / EACH))
#define WORDS ((PER + 63) / 64)
typedef struct { int live, at; uint64_t empty[16]; } Slab;
static struct { Slab **all; int n, room, slab, at, unused; long spare; } slabs; /* `slab`, `at`: where to look next */

static int slab_add(void) {
    if (slabs.n == slabs.room) {
        int room = slabs.room ? 2 * slabs.room : 64;
        Slab **more = PyMem_RawRealloc(slabs.all, (size_t)room * sizeof *more);
        if (!more) return -1;
        slabs.all = more; slabs.room = room;
    }
    Slab *s = NULL;
#ifdef _WIN32
    s = _aligned_malloc(SLAB, SLAB);
#else
    if (posix_memalign((void **)&s, SLAB, SLAB)) s = NULL;
#endif
    if (!s) return -1;
    memset(s, 0, sizeof *s);
    for (int i = 0; i < PER; i++) s->empty[i >> 6] |= (uint64_t)1 << (i & 63);
    s->at = slabs.n; slabs.slab = slabs.n; slabs.at = 0;
    slabs.all[slabs.n++] = s; slabs.spare += PER; slabs.unused++;
    return 0;
}
static inline int lowest(uint64_t bits) {
#ifdef _MSC_VER
    unsigned long i; _BitScanForward64(&i, bits); return (int)i;
#else
    return __builtin_ctzll(bits);
#endif
}
static Node *slab_take(void) {
    for (int again = 0;; again++) {
        for (; slabs.slab < slabs.n; slabs.slab++, slabs.at = 0) {
            Slab *s = slabs.all[slabs.slab];
            if (s->live == PER) continue;
            for (int w = slabs.at >> 6; w < WORDS; w++) {
                uint64_t bits = s->empty[w];
                if (w == slabs.at >> 6) bits &= ~(uint64_t)0 << (slabs.at & 63);
                if (!bits) continue;
                int i = (w << 6) + lowest(bits);
                s->empty[w] &= ~((uint64_t)1 << (i & 63));
                if (!s->live++) slabs.unused--;
                slabs.spare--; slabs.at = i + 1;
                Header *h = (Header *)((char *)s + FIRST + (size_t)i * EACH);
                memset(h, 0, EACH);
                return (Node *)(h + 1);
            }
        }
        slabs.slab = slabs.at = 0;
        if (!again && slabs.spare > (long)slabs.n * PER / 4) continue; /* once more from the front: there is room */
        if (slab_add()) return NULL;
    }
}
static void slab_give(Node *v) {
    Slab *s = (Slab *)((uintptr_t)v & ~(uintptr_t)(SLAB - 1));
    int i = (int)(((char *)v - sizeof(Header) - (char *)s - FIRST) / EACH);
    s->empty[i >> 6] |= (uint64_t)1 << (i & 63);
    slabs.spare++;
    if (--s->live || ++slabs.unused <= 16 + slabs.n / 2) return; /* half of them, or 1 MB, are kept for the next graph */
    Slab *last = slabs.all[--slabs.n];
    last->at = s->at; slabs.all[s->at] = last;
    slabs.spare -= PER; slabs.unused--;
#ifdef _WIN32
    _aligned_free(s);
#else
    free(s);
#endif
}

/* What `object.__new__` asks a class for: exact Values lie in slabs, instances of its subclasses anywhere. */
static PyObject *value_alloc(PyTypeObject *type, Py_ssize_t n) {
    if (type != Value) return PyType_GenericAlloc(type, n);
    Node *v = slab_take();
    if (!v) return PyErr_NoMemory();
    PyObject_Init((PyObject *)v, type); /* counts a reference to the class */
    v->in_slab = 1; v->nx = -1;
    return (PyObject *)v;
}
static inline Node *blank(Pair of) {
    Node *v = (Node *)value_alloc(Value, 0);
    if (v) { Py_INCREF(of.op); Py_INCREF(of.row); v->op = of.op; v->row = of.row; }
    return v;
}

/* Nodes go without recursion, so that a chain of a million does: those that nothing refers to any more wait in line. */
static struct { Node **v; Py_ssize_t n, room; } dying;
static int dies_later(Node *v) {
    if (dying.n == dying.room) {
        Py_ssize_t room = dying.room ? 2 * dying.room : 1024;
        Node **more = PyMem_Realloc(dying.v, (size_t)room * sizeof *more);
        if (!more) return 0;
        dying.v = more; dying.room = room;
    }
    dying.v[dying.n++] = v;
    return 1;
}
static void release(Node *v) { /* all that it has; parents that nobody else has wait in line */
    int n = v->np; Node *few[2], **ps = v->p.many;
    if (n <= 2) { few[0] = v->p.few[0]; few[1] = v->p.few[1]; ps = few; }
    v->np = 0;
    for (int i = 0; i < n; i++)
        if (!(Py_REFCNT(ps[i]) == 1 && Py_IS_TYPE(ps[i], Value) && dies_later(ps[i]))) Py_DECREF(ps[i]);
    if (n > 2) PyMem_Free(ps);
    if (v->nx > 2) PyMem_Free(v->x.many);
    v->nx = -1;
    Py_CLEAR(v->op); Py_CLEAR(v->row); Py_CLEAR(v->dict);
}
static void node_dealloc(PyObject *self) {
    PyTypeObject *type = Py_TYPE(self); Py_ssize_t before = dying.n;
    if (PyObject_GC_IsTracked(self)) PyObject_GC_UnTrack(self);
    release((Node *)self);
    if (((Node *)self)->in_slab) slab_give((Node *)self); else type->tp_free(self);
    while (dying.n > before) {
        Node *v = dying.v[--dying.n];
        if (PyObject_GC_IsTracked((PyObject *)v)) PyObject_GC_UnTrack(v);
        release(v);
        slab_give(v);
        Py_DECREF(Value);
    }
}
static int node_traverse(PyObject *self, visitproc visit, void *arg) {
    Node *v = (Node *)self;
    for (int i = 0; i < v->np; i++) Py_VISIT(PARENTS(v)[i]);
    Py_VISIT(v->op); Py_VISIT(v->dict);
    return 0;
}
static int node_clear(PyObject *self) {
    Py_CLEAR(((Node *)self)->dict);
    return 0;
}

/* A node that was made is told to whoever watches; takes over the reference. */
static PyObject *told(Node *v) {
    PyObject *r = PyObject_CallOneArg(made, (PyObject *)v);
    if (!r) { Py_DECREF(v); return NULL; }
    Py_DECREF(r);
    return (PyObject *)v;
}
#define DONE(v) (PyList_GET_SIZE(watching) ? told(v) : (PyObject *)(v))

static int past_is_forgotten(void) { /* under no_grad(), in this thread: 1, 0 or -1 */
    if (!PyList_GET_SIZE(forgetting) || PyList_GET_SIZE(watching)) return 0;
    PyObject *r = PyObject_CallNoArgs(recording);
    if (!r) return -1;
    int yes = PyObject_IsTrue(r);
    Py_DECREF(r);
    return yes < 0 ? -1 : !yes;
}
static PyObject *with_parents(Pair of, double y, Node **ps, int n) { /* the node of these parents */
    int forgotten = past_is_forgotten();
    if (forgotten) {
        Node *v = forgotten > 0 ? blank(detached) : NULL;
        if (v) v->data = y;
        return (PyObject *)v;
    }
    Node *v = blank(of);
    if (!v) return NULL;
    if (n > 2) {
        Node **many = NEW(n, Node *); double *xs = NEW(n, double);
        if (!many || !xs) { PyMem_Free(many); PyMem_Free(xs); Py_DECREF(v); return PyErr_NoMemory(); }
        v->p.many = many; v->x.many = xs;
    }
    v->np = v->nx = n; v->data = v->y = y;
    Node **p = PARENTS(v); double *x = INPUTS(v);
    for (int i = 0; i < n; i++) { Py_INCREF(ps[i]); p[i] = ps[i]; x[i] = ps[i]->data; }
    return DONE(v);
}
static inline PyObject *constant(double x) { /* a leaf that keeps what it was: a number as it stands in a formula */
    Node *v = blank(leaf);
    if (!v) return NULL;
    v->data = v->y = x; v->nx = 0;
    return DONE(v);
}
static inline int plain(PyObject *x, double *d) { /* a float, or an int that is one to the last bit */
    if (PyFloat_CheckExact(x)) { *d = PyFloat_AS_DOUBLE(x); return 1; }
    if (!PyLong_CheckExact(x)) return 0;
    int over; long long i = PyLong_AsLongLongAndOverflow(x, &over);
    if (over || i >= (1LL << 53) || i <= -(1LL << 53)) return 0;
    *d = (double)i;
    return 1;
}
static PyObject *lifted(PyObject *x) { /* an operand as a Value, a new reference; or NotImplemented */
    double d;
    if (IS_NODE(x)) return Py_NewRef(x);
    return plain(x, &d) ? constant(d) : PyObject_CallOneArg(lift, x);
}

/* ---- how an operation makes a node */

static PyObject *in_python(PyObject *op, Node **ps, Py_ssize_t n) { /* as engine.apply does */
    PyObject *parents = PyTuple_New(n);
    if (!parents) return NULL;
    for (Py_ssize_t i = 0; i < n; i++) PyTuple_SET_ITEM(parents, i, Py_NewRef((PyObject *)ps[i]));
    PyObject *v = PyObject_CallFunctionObjArgs(slow_apply, op, parents, NULL);
    Py_DECREF(parents);
    return v;
}
static PyObject *applied(Pair of, Node **ps, Py_ssize_t n) {
    const Row *row = of.row;
    double y = 0.0, reg[REGISTERS + 1];
    int code = row->code;
    if (n == 2 && code >= ADD && code <= DIV) y = computed(code, ps[0]->data, ps[1]->data, 0.0);
    else if (n == 3 && code == WHERE) y = computed(WHERE, ps[0]->data, ps[1]->data, ps[2]->data);
    else if (n == 1 && CALLS[code].one) y = CALLS[code].one(ps[0]->data);
    else if (row->number.known && row->number.n_given == n) {
        for (int i = 0; i < n; i++) reg[i] = ps[i]->data;
        program_run(&row->number, reg, &y);
    } else if (code == SUM && n > 0) {
        y = ps[0]->data;
        for (Py_ssize_t i = 1; i < n; i++) y += ps[i]->data;
    } else if (code == DOT && n > 1) {
        Py_ssize_t h = n / 2, i = !(n % 2);
        y = n % 2 ? ps[n - 1]->data : ps[0]->data * ps[h]->data;
        for (; i < h; i++) y += ps[i]->data * ps[h + i]->data;
    } else return in_python(of.op, ps, n);
    if (n > INT_MAX) return PyErr_NoMemory();
    return with_parents(of, y, ps, (int)n);
}
static PyObject *binary(Pair of, PyObject *a, PyObject *b) {
    Node *ps[2];
    if (Py_IS_TYPE(a, Value) && Py_IS_TYPE(b, Value)) {
        ps[0] = (Node *)a; ps[1] = (Node *)b;
        return applied(of, ps, 2);
    }
    a = lifted(a);
    if (!a || a == Py_NotImplemented) return a;
    b = lifted(b);
    if (!b || b == Py_NotImplemented) { Py_DECREF(a); return b; }
    ps[0] = (Node *)a; ps[1] = (Node *)b;
    PyObject *v = applied(of, ps, 2);
    Py_DECREF(a); Py_DECREF(b);
    return v;
}
static PyObject *node_add(PyObject *a, PyObject *b) { return binary(row_of_code[ADD], a, b); }
static PyObject *node_sub(PyObject *a, PyObject *b) { return binary(row_of_code[SUB], a, b); }
static PyObject *node_mul(PyObject *a, PyObject *b) { return binary(row_of_code[MUL], a, b); }
static PyObject *node_div(PyObject *a, PyObject *b) { return binary(row_of_code[DIV], a, b); }
static PyObject *node_neg(PyObject *a) { Node *p = (Node *)a; return applied(negative_row, &p, 1); }
static PyObject *node_pow(PyObject *a, PyObject *b, PyObject *modulus) {
    if (modulus != Py_None) Py_RETURN_NOTIMPLEMENTED;
    if (!IS_NODE(a) || !(PyLong_CheckExact(b) || PyFloat_CheckExact(b))) return PyObject_CallFunctionObjArgs(slow_pow, a, b, NULL);
    static PyObject *few[8]; /* x ** 2, above all */
    int over = 0; long n = PyLong_CheckExact(b) ? PyLong_AsLongAndOverflow(b, &over) : -1;
    PyObject *power = n >= 0 && n < 8 ? few[n] : NULL;
    if (power) return PyObject_CallOneArg(power, a);
    if (!(power = PyObject_CallOneArg(power_of, b))) return NULL;
    if (n >= 0 && n < 8) few[n] = Py_NewRef(power);
    PyObject *v = PyObject_CallOneArg(power, a);
    Py_DECREF(power);
    return v;
}
static PyNumberMethods node_number = {.nb_add = node_add, .nb_subtract = node_sub, .nb_multiply = node_mul,
    .nb_true_divide = node_div, .nb_negative = node_neg, .nb_power = node_pow};

/* apply(op, parents) */
static PyObject *twin_apply(PyObject *m, PyObject *const *args, Py_ssize_t n) {
    if (n != 2 || !PyTuple_Check(args[1])) { PyErr_SetString(PyExc_TypeError, "apply(op, parents)"); return NULL; }
    PyObject *parents = args[1];
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(parents); i++)
        if (!IS_NODE(PyTuple_GET_ITEM(parents, i))) return PyObject_CallFunctionObjArgs(slow_apply, args[0], parents, NULL);
    Row *row = row_for(args[0]);
    return row ? applied((Pair){args[0], row}, (Node **)((PyTupleObject *)parents)->ob_item, PyTuple_GET_SIZE(parents)) : NULL;
}
/* Op.__call__: a Value among plain numbers makes a node; whatever else there is, Python decides */
static PyObject *op_call(PyObject *op, PyObject *const *args, Py_ssize_t n, PyObject *names) {
    PyObject *few[8], **xs = few, *v = NULL; Py_ssize_t values = 0, i; double d;
    for (i = 0; i < n && (Py_IS_TYPE(args[i], Value) ? ++values : plain(args[i], &d)); i++) ;
    if (i < n || !values || names) {
        PyObject *all[9] = {op};
        if (n > 8 || names) {
            PyObject *given = PyTuple_New(n + 1), *f = NULL;
            if (!given) return NULL;
            PyTuple_SET_ITEM(given, 0, Py_NewRef(op));
            for (i = 0; i < n; i++) PyTuple_SET_ITEM(given, i + 1, Py_NewRef(args[i]));
            if (names && !(f = PyDict_New())) { Py_DECREF(given); return NULL; }
            for (i = 0; names && i < PyTuple_GET_SIZE(names); i++)
                if (PyDict_SetItem(f, PyTuple_GET_ITEM(names, i), args[n + i])) { Py_DECREF(given); Py_DECREF(f); return NULL; }
            v = PyObject_Call(slow_call, given, f);
            Py_DECREF(given); Py_XDECREF(f);
            return v;
        }
        for (i = 0; i < n; i++) all[i + 1] = args[i];
        return PyObject_Vectorcall(slow_call, all, (size_t)n + 1, NULL);
    }
    Row *row = row_for(op);
    if (!row) return NULL;
    if (values == n) return applied((Pair){op, row}, (Node **)args, n);
    if (n > 8 && !(xs = NEW(n, PyObject *))) return PyErr_NoMemory();
    for (i = 0; i < n && (xs[i] = lifted(args[i])); i++) ;
    if (i == n) v = applied((Pair){op, row}, (Node **)xs, n);
    while (i-- > 0) Py_DECREF(xs[i]);
    if (xs != few) PyMem_Free(xs);
    return v;
}

/* A row as a method of Values: unary(op), binary(op, swapped) */
typedef struct { PyObject_HEAD Pair of; int inputs, swapped; vectorcallfunc call; PyObject *dict; } Method;
static PyObject *method_call(PyObject *self, PyObject *const *args, size_t flagged, PyObject *names) {
    Method *m = (Method *)self; Py_ssize_t n = PyVectorcall_NARGS(flagged);
    if (n != m->inputs || (names && PyTuple_GET_SIZE(names)) || !IS_NODE(args[0])) {
        PyErr_Format(PyExc_TypeError, "%S takes a Value%s, got %zd argument%s", m->of.op,
                     m->inputs == 2 ? " and another, or a number" : " and nothing else", n, n == 1 ? "" : "s");
        return NULL;
    }
    if (n == 1) { Node *p = (Node *)args[0]; return applied(m->of, &p, 1); }
    return m->swapped ? binary(m->of, args[1], args[0]) : binary(m->of, args[0], args[1]);
}
static PyObject *method_get(PyObject *self, PyObject *object, PyObject *type) {
    return object && object != Py_None ? PyMethod_New(self, object) : Py_NewRef(self);
}
static int method_traverse(PyObject *self, visitproc visit, void *arg) {
    Py_VISIT(((Method *)self)->of.op); Py_VISIT(((Method *)self)->dict);
    return 0;
}
static int method_clear(PyObject *self) { Py_CLEAR(((Method *)self)->dict); return 0; }
static void method_dealloc(PyObject *self) {
    PyObject_GC_UnTrack(self);
    Py_CLEAR(((Method *)self)->of.op); Py_CLEAR(((Method *)self)->of.row); Py_CLEAR(((Method *)self)->dict);
    PyObject_GC_Del(self);
}
static PyGetSetDef method_getset[] = {{"__dict__", PyObject_GenericGetDict, PyObject_GenericSetDict, NULL, NULL}, {0}};
static PyTypeObject MethodType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "tinygrad_edu._twin.method", .tp_basicsize = sizeof(Method),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HAVE_VECTORCALL | Py_TPFLAGS_METHOD_DESCRIPTOR,
    .tp_call = PyVectorcall_Call, .tp_vectorcall_offset = offsetof(Method, call), .tp_descr_get = method_get,
    .tp_traverse = method_traverse, .tp_clear = method_clear, .tp_dealloc = method_dealloc,
    .tp_dictoffset = offsetof(Method, dict), .tp_getset = method_getset, .tp_getattro = PyObject_GenericGetAttr,
    .tp_setattro = PyObject_GenericSetAttr};
static PyObject *method_of(PyObject *op, int inputs, int swapped) {
    Row *row = row_for(op);
    Method *m = row ? PyObject_GC_New(Method, &MethodType) : NULL;
    if (!m) return NULL;
    Py_INCREF(op); Py_INCREF(row);
    m->of = (Pair){op, row}; m->inputs = inputs; m->swapped = swapped; m->call = method_call; m->dict = NULL;
    PyObject_GC_Track((PyObject *)m);
    return (PyObject *)m;
}
static PyObject *twin_unary(PyObject *m, PyObject *op) { return method_of(op, 1, 0); }
static PyObject *twin_binary(PyObject *m, PyObject *args, PyObject *kw) {
    static char *names[] = {"op", "swapped", NULL}; PyObject *op; int swapped = 0;
    return PyArg_ParseTupleAndKeywords(args, kw, "O|p:binary", names, &op, &swapped) ? method_of(op, 2, swapped) : NULL;
}

/* ---- the order of a graph */

typedef struct { Node *v; int at; } Frame;
typedef struct {
    Node **found, **order; Frame *stack; /* as the walk met them; parents before children; where it is */
    Py_ssize_t n, room, deepest;
    int widest;                          /* the most parents */
    char asks, branches, dirty, unmade;  /* a rule that is asked in Python; a `where`; a gradient that is not 0; no row */
} Walk;
static Walk kept; /* the room of the last one */
static unsigned walks;

static int is_asked(const Row *row) {
    return !row->partials.known && row->code != SUM && row->code != DOT && row->code != WHERE;
}
static void walk_end(Walk *w) {
    if (kept.found || w->room > 1 << 18) { PyMem_Free(w->found); PyMem_Free(w->order); PyMem_Free(w->stack); }
    else kept = *w;
}
static int met(Walk *w, Node *v) {
    if (w->n == w->room) {
        Py_ssize_t room = 2 * w->room; void *more;
        if (room > INT_MAX || !(more = PyMem_Realloc(w->found, (size_t)room * sizeof(Node *)))) return -1;
        w->found = more;
        if (!(more = PyMem_Realloc(w->order, (size_t)room * sizeof(Node *)))) return -1;
        w->order = more; w->room = room;
    }
    v->walk = walks; v->place = (int)w->n; w->found[w->n++] = v;
    if (v->np > w->widest) w->widest = v->np;
    if (!v->row) w->unmade = 1;
    else if (v->np && is_asked(v->row)) w->asks = 1;
    else if (v->np && v->row->code == WHERE) w->branches = 1;
    if (v->grad != 0.0) w->dirty = 1;
    return 0;
}
/* Depth first, as engine.topological; no Python runs in here, so that `walk` and `place` of a node are ours alone. */
static int walk_begin(Walk *w, Node *root) {
    Py_ssize_t depth = 0, done = 0;
    *w = kept; memset(&kept, 0, sizeof kept);
    if (!w->found) {
        w->room = 64; w->deepest = 64;
        w->found = NEW(w->room, Node *); w->order = NEW(w->room, Node *); w->stack = NEW(w->deepest, Frame);
    }
    w->n = 0; w->widest = 0; w->asks = w->branches = w->dirty = w->unmade = 0;
    if (!++walks) walks = 1;
    if (!w->found || !w->order || !w->stack || met(w, root)) goto memory;
    w->stack[depth++] = (Frame){root, 0};
    while (depth) {
        Frame *f = w->stack + depth - 1; Node *v = f->v, **ps = PARENTS(v); int n = v->np;
        while (f->at < n && ps[f->at]->walk == walks) f->at++;
        if (f->at == n) { w->order[done++] = v; depth--; continue; }
        Node *p = ps[f->at++];
        if (met(w, p)) goto memory;
        if (!p->np) { w->order[done++] = p; continue; }
        if (depth == w->deepest) {
            void *more = PyMem_Realloc(w->stack, 2 * (size_t)w->deepest * sizeof(Frame));
            if (!more) goto memory;
            w->stack = more; w->deepest *= 2;
        }
        w->stack[depth++] = (Frame){p, 0};
    }
    return 0;
memory:
    walk_end(w);
    PyErr_NoMemory();
    return -1;
}
static PyObject *twin_topological(PyObject *m, PyObject *const *args, Py_ssize_t n, PyObject *names) {
    if (n != 1 || names || !IS_NODE(args[0]) || PyList_GET_SIZE(watching)) return PyObject_Vectorcall(slow_topological, args, (size_t)n, names);
    Walk w;
    if (walk_begin(&w, (Node *)args[0])) return NULL;
    int collects = PyGC_Disable(); /* it would run somebody's code, and the nodes are held by their graph alone */
    PyObject *list = PyList_New(w.n);
    if (collects) PyGC_Enable();
    for (Py_ssize_t i = 0; list && i < w.n; i++) PyList_SET_ITEM(list, i, Py_NewRef((PyObject *)w.order[i]));
    walk_end(&w);
    return list;
}

/* ---- the chain rule on floats */

static PyObject *numbers_of(Node *v) {
    PyObject *t = PyTuple_New(v->nx + 1);
    for (int i = 0; t && i <= v->nx; i++) {
        PyObject *x = PyFloat_FromDouble(i ? INPUTS(v)[i - 1] : v->y);
        if (!x) { Py_DECREF(t); return NULL; }
        PyTuple_SET_ITEM(t, i, x);
    }
    return t;
}
/* What the rules in Python say: for each node that must be asked, last first, its local gradients, and which of them
 * are an absolute zero, of a branch that was not taken (floats.Nothing). */
typedef struct { Node *v; double *d; char *nothing; } Said;
static PyObject *called(PyObject *op, PyObject *name, PyObject *args) {
    PyObject *rule = PyObject_GetAttr(op, name), *r = rule ? PyObject_Call(rule, args, NULL) : NULL;
    Py_XDECREF(rule);
    return r;
}
static int ask(Said *s) {
    Node *v = s->v; int n = v->np;
    PyObject *xs = v->nx >= 0 ? numbers_of(v) : Py_BuildValue("(d)", v->data), *ds = xs ? called(v->op, s_local, xs) : NULL;
    if (xs && !ds && PyErr_ExceptionMatches(PyExc_ArithmeticError)) { /* once more, on floats that go on */
        PyErr_Clear();
        ds = called(v->op, s_slopes, xs);
    }
    Py_XDECREF(xs);
    PyObject *fast = ds ? PySequence_Fast(ds, "local gradients come in a tuple") : NULL;
    Py_XDECREF(ds);
    if (!fast) return -1;
    Py_ssize_t count = PySequence_Fast_GET_SIZE(fast);
    if (count != n && n <= 2) PyErr_Format(PyExc_ValueError, "%S has %zd local gradients for %d inputs", v->op, count, n);
    s->d = NEW(n, double); s->nothing = NEW(n, char);
    if (!s->d || !s->nothing) PyErr_NoMemory();
    for (int i = 0; !PyErr_Occurred() && i < n; i++) {
        PyObject *d = i < count ? PySequence_Fast_GET_ITEM(fast, i) : NULL;
        s->nothing[i] = !d || Py_IS_TYPE(d, Nothing);
        s->d[i] = d ? PyFloat_AsDouble(d) : 0.0;
    }
    Py_DECREF(fast);
    return PyErr_Occurred() ? -1 : 0;
}
static int finite_sum(const double *d, int n) { double s = 0.0; for (int i = 0; i < n; i++) s += d[i]; return isfinite(s); }

/* The local gradients of a node, of a rule that is known here. */
static void partials_of(const Node *v, double *d) {
    const Row *row = v->row; int n = v->np; const double *x = INPUTS(v);
    if (row->code == SUM) for (int i = 0; i < n; i++) d[i] = 1.0;
    else if (row->code == DOT) {
        int h = n / 2;
        for (int i = 0; i < h; i++) { d[i] = x[h + i]; d[h + i] = x[i]; }
        if (n % 2) d[n - 1] = 1.0;
    } else {
        double reg[REGISTERS + 1];
        reg[0] = v->y;
        for (int i = 0; i < n; i++) reg[i + 1] = x[i];
        program_run(&row->partials, reg, d);
        if (row->limited && v->y != v->y) for (int i = 0; i < n; i++) d[i] = Py_NAN;
    }
}
/* Sums are made in the nodes, from the root to the leaves; nothing can interrupt this. */
static void flow(Walk *w, double *d) {
    for (Py_ssize_t k = w->n; k-- > 0;) {
        Node *v = w->order[k], **p = PARENTS(v); const double *x = INPUTS(v), up = v->grad; int n = v->np;
        if (!n) continue;
        switch (v->row->code) {
        case ADD: p[0]->grad += up; p[1]->grad += up; continue;
        case MUL: p[0]->grad += x[1] * up; p[1]->grad += x[0] * up; continue;
        case SUM: for (int i = 0; i < n; i++) p[i]->grad += up; continue;
        case DOT: {
            int h = n / 2;
            if (up == 0.0 && finite_sum(x, n)) continue; /* a dead neuron hands on nothing */
            for (int i = 0; i < h; i++) p[i]->grad += x[h + i] * up;
            for (int i = 0; i < h; i++) p[h + i]->grad += x[i] * up;
            if (n % 2) p[n - 1]->grad += up;
            continue; }
        }
        partials_of(v, d);
        for (int i = 0; i < n; i++) p[i]->grad += d[i] * up;
    }
}
/* The same where rules were asked, or branches were not taken: a sum is untouched, an absolute zero, or a number. */
enum { UNTOUCHED, NOTHING, NUMBER };
static void flow_with_care(Walk *w, double *d, char *nothing, char *state, const Said *said) {
    for (Py_ssize_t k = w->n; k-- > 0;) {
        Node *v = w->order[k], **p = PARENTS(v); double up = v->grad; int n = v->np, none = state[v->place] == NOTHING;
        const double *ds = d; const char *none_of = nothing;
        if (!n) continue;
        if (said && said->v == v) { ds = said->d; none_of = said->nothing; said++; }
        else if (v->row->code == WHERE) {
            int first = INPUTS(v)[0] != 0.0;
            d[0] = 0.0; d[1] = d[2] = 0.0; d[first ? 1 : 2] = 1.0;
            nothing[0] = 0; nothing[1] = !first; nothing[2] = (char)first;
        } else { partials_of(v, d); memset(nothing, 0, (size_t)n); }
        if (n > 3 && up == 0.0 && !none && finite_sum(ds, n)) continue;
        for (int i = 0; i < n; i++) {
            double g = ds[i] * up; int zero = none || none_of[i];
            if (zero && g != 0.0) g = 0.0;
            char *to = state + p[i]->place;
            p[i]->grad += g;
            *to = *to == NUMBER || !zero ? NUMBER : NOTHING;
        }
    }
}
static PyObject *node_backward(PyObject *self, PyObject *const *args, Py_ssize_t n_args, PyObject *names) {
    Node *root = (Node *)self; double seed = 1.0;
    if (n_args == 1 && !names && PyFloat_CheckExact(args[0])) seed = PyFloat_AS_DOUBLE(args[0]);
    else if (n_args || (names && PyTuple_GET_SIZE(names))) goto python;
    if (PyList_GET_SIZE(watching) || !root->row || root->op == detached.op) goto python;

    Walk w; Py_ssize_t n_said = 0, i; Said *said = NULL; PyObject *result = NULL;
    if (walk_begin(&w, root)) return NULL;
    if (w.unmade) { walk_end(&w); goto python; }
    int careful = w.asks || w.branches;
    double *d = NEW(w.widest, double), *before = w.dirty || careful ? NEW(w.n, double) : NULL;
    char *nothing = careful ? NEW(w.widest, char) : NULL, *state = careful ? NEW(w.n, char) : NULL;
    Node **nodes = NULL;
    if (!d || ((w.dirty || careful) && !before) || (careful && (!nothing || !state))) { PyErr_NoMemory(); goto end; }
    if (w.asks) { /* before anything flows: meanwhile somebody may change the graph, or walk along it */
        nodes = NEW(w.n, Node *);
        for (i = 0; i < w.n; i++) n_said += w.order[i]->np && is_asked(w.order[i]->row);
        said = PyMem_Calloc((size_t)n_said + 1, sizeof(Said));
        if (!nodes || !said) { PyErr_NoMemory(); goto end; }
        memcpy(nodes, w.order, (size_t)w.n * sizeof(Node *));
        for (i = 0; i < w.n; i++) Py_INCREF(nodes[i]);
        Py_ssize_t n = w.n, count = 0;
        for (i = n; i-- > 0 && !PyErr_Occurred();) {
            if (!nodes[i]->np || !nodes[i]->row || !is_asked(nodes[i]->row) || count == n_said) continue;
            said[count].v = nodes[i];
            if (ask(said + count++)) break;
        }
        walk_end(&w);
        w.found = NULL;
        int same = !PyErr_Occurred() && !walk_begin(&w, root) && w.n == n && !memcmp(nodes, w.order, (size_t)n * sizeof(Node *));
        for (i = 0; i < n; i++) Py_DECREF(nodes[i]);
        if (!same) {
            if (!PyErr_Occurred()) PyErr_SetString(PyExc_RuntimeError, "the graph was changed while its rules were asked");
            goto end;
        }
    }
    if (before) for (i = 0; i < w.n; i++) { before[i] = w.order[i]->grad; w.order[i]->grad = -0.0; } /* -0.0 + x is x */
    if (careful) memset(state, UNTOUCHED, (size_t)w.n);
    if (before) root->grad = seed; else root->grad += seed;
    if (careful) { state[root->place] = NUMBER; flow_with_care(&w, d, nothing, state, said); }
    else flow(&w, d);
    if (before) for (i = 0; i < w.n; i++) w.order[i]->grad = before[i] + w.order[i]->grad;
    result = Py_NewRef(Py_None);
end:
    if (w.found) walk_end(&w);
    for (i = 0; said && i < n_said; i++) { PyMem_Free(said[i].d); PyMem_Free(said[i].nothing); }
    PyMem_Free(said); PyMem_Free(nodes); PyMem_Free(d); PyMem_Free(before); PyMem_Free(nothing); PyMem_Free(state);
    return result;
python:;
    PyObject *given = PyTuple_New(n_args + 1), *named = NULL;
    if (!given) return NULL;
    PyTuple_SET_ITEM(given, 0, Py_NewRef(self));
    for (i = 0; i < n_args; i++) PyTuple_SET_ITEM(given, i + 1, Py_NewRef(args[i]));
    for (i = 0; names && i < PyTuple_GET_SIZE(names); i++) {
        if (!named) named = PyDict_New();
        if (!named || PyDict_SetItem(named, PyTuple_GET_ITEM(names, i), args[n_args + i])) { Py_DECREF(given); Py_XDECREF(named); return NULL; }
    }
    result = PyObject_Call(slow_backward, given, named);
    Py_DECREF(given); Py_XDECREF(named);
    return result;
}
static PyObject *node_zero_grad(PyObject *self, PyObject *_) {
    Walk w;
    if (walk_begin(&w, (Node *)self)) return NULL;
    for (Py_ssize_t i = 0; i < w.n; i++) w.order[i]->grad = 0.0;
    walk_end(&w);
    Py_RETURN_NONE;
}

/* ---- attributes */

static PyObject *missing(const char *name) { PyErr_SetString(PyExc_AttributeError, name); return NULL; }
static int none_left(PyObject *x, const char *name) { if (x) return 0; PyErr_SetString(PyExc_AttributeError, name); return 1; }

static PyObject *get_float(PyObject *self, void *at) {
    if (!((Node *)self)->row) return missing((size_t)at == offsetof(Node, grad) ? "grad" : "data");
    return PyFloat_FromDouble(*(double *)((char *)self + (size_t)at));
}
static int put_float(PyObject *self, PyObject *x, void *at) {
    int is_grad = (size_t)at == offsetof(Node, grad); double d = 0.0;
    if (none_left(x, is_grad ? "grad" : "data")) return -1;
    if (PyFloat_CheckExact(x)) d = PyFloat_AS_DOUBLE(x);
    else if (!is_grad || x != Py_None) {
        PyObject *f = PyObject_CallFunctionObjArgs(assigned, self, is_grad ? s_grad : s_data, x, NULL);
        if (!f) return -1;
        d = PyFloat_AsDouble(f);
        Py_DECREF(f);
        if (d == -1.0 && PyErr_Occurred()) return -1;
    }
    *(double *)((char *)self + (size_t)at) = d;
    return 0;
}
static PyObject *get_parents(PyObject *self, void *_) {
    Node *v = (Node *)self;
    PyObject *t = v->row ? PyTuple_New(v->np) : missing("parents");
    for (int i = 0; t && i < v->np; i++) PyTuple_SET_ITEM(t, i, Py_NewRef((PyObject *)PARENTS(v)[i]));
    return t;
}
static int put_parents(PyObject *self, PyObject *x, void *_) {
    Node *v = (Node *)self, **many = NULL, *few[2] = {NULL, NULL};
    if (none_left(x, "parents")) return -1;
    if (!PyTuple_Check(x)) { PyErr_Format(PyExc_TypeError, "parents are a tuple of Values, not %R", x); return -1; }
    Py_ssize_t n = PyTuple_GET_SIZE(x), i;
    for (i = 0; i < n; i++)
        if (!IS_NODE(PyTuple_GET_ITEM(x, i))) { PyErr_Format(PyExc_TypeError, "parents are a tuple of Values, not %R", x); return -1; }
    if (n > INT_MAX || (n > 2 && !(many = NEW(n, Node *)))) { PyErr_NoMemory(); return -1; }
    Node **to = many ? many : few, **old = NULL, *old_few[2]; int n_old = v->np;
    for (i = 0; i < n; i++) to[i] = (Node *)Py_NewRef(PyTuple_GET_ITEM(x, i));
    if (n_old > 2) old = v->p.many; else { old_few[0] = v->p.few[0]; old_few[1] = v->p.few[1]; old = old_few; }
    if (many) v->p.many = many; else { v->p.few[0] = few[0]; v->p.few[1] = few[1]; }
    v->np = (int)n;
    for (i = 0; i < n_old; i++) Py_DECREF(old[i]);
    if (n_old > 2) PyMem_Free(old);
    return 0;
}
static PyObject *get_numbers(PyObject *self, void *_) {
    Node *v = (Node *)self;
    return !v->row ? missing("numbers") : v->nx < 0 ? PyTuple_New(0) : numbers_of(v);
}
static int put_numbers(PyObject *self, PyObject *x, void *_) {
    Node *v = (Node *)self; double *many = NULL, few[2] = {0.0, 0.0}, y = 0.0;
    if (none_left(x, "numbers")) return -1;
    if (!PyTuple_Check(x)) { PyErr_Format(PyExc_TypeError, "numbers are a tuple of floats, not %R", x); return -1; }
    Py_ssize_t n = PyTuple_GET_SIZE(x) - 1;
    if (n > INT_MAX / 2 || (n > 2 && !(many = NEW(n, double)))) { PyErr_NoMemory(); return -1; }
    for (Py_ssize_t i = -1; i < n; i++) {
        double d = PyFloat_AsDouble(PyTuple_GET_ITEM(x, i + 1));
        if (i < 0) y = d; else (many ? many : few)[i] = d;
    }
    if (PyErr_Occurred()) { PyMem_Free(many); return -1; }
    if (v->nx > 2) PyMem_Free(v->x.many);
    if (many) v->x.many = many; else { v->x.few[0] = few[0]; v->x.few[1] = few[1]; }
    v->nx = (int)n; v->y = y;
    return 0;
}
static PyObject *get_op(PyObject *self, void *_) { PyObject *op = ((Node *)self)->op; return op ? Py_NewRef(op) : missing("op"); }
static int put_op(PyObject *self, PyObject *x, void *_) {
    Node *v = (Node *)self;
    if (none_left(x, "op")) return -1;
    if (!PyObject_TypeCheck(x, OpType)) { PyErr_Format(PyExc_TypeError, "op is a row, not %R", x); return -1; }
    Row *row = row_for(x), *old_row = v->row; PyObject *old = v->op;
    if (!row) return -1;
    Py_INCREF(x); Py_INCREF(row);
    v->op = x; v->row = row;
    Py_XDECREF(old_row); Py_XDECREF(old);
    return 0;
}
static void show_to_collector(PyObject *self) { if (!PyObject_GC_IsTracked(self)) PyObject_GC_Track(self); }
static PyObject *get_dict(PyObject *self, void *_) {
    show_to_collector(self);
    return PyObject_GenericGetDict(self, NULL);
}
static int put_dict(PyObject *self, PyObject *x, void *_) {
    show_to_collector(self);
    return PyObject_GenericSetDict(self, x, NULL);
}
static int node_setattr(PyObject *self, PyObject *name, PyObject *x) { /* with what hangs on it, there may be a cycle */
    if (PyObject_GenericSetAttr(self, name, x)) return -1;
    if (x && ((Node *)self)->dict && !PyUnicode_CheckExact(x) && !PyFloat_CheckExact(x)) show_to_collector(self);
    return 0;
}
static PyGetSetDef node_getset[] = {
    {"data", get_float, put_float, "The number.", (void *)offsetof(Node, data)},
    {"grad", get_float, put_float, "The gradient, 0.0 at first.", (void *)offsetof(Node, grad)},
    {"_data", get_float, put_float, NULL, (void *)offsetof(Node, data)},
    {"_grad", get_float, put_float, NULL, (void *)offsetof(Node, grad)},
    {"parents", get_parents, put_parents, NULL, NULL}, {"numbers", get_numbers, put_numbers, NULL, NULL},
    {"op", get_op, put_op, NULL, NULL}, {"__dict__", get_dict, put_dict, NULL, NULL}, {0}};

/* Value(data) and Value(data, label="w"); whatever else may be said is said in Python. */
static int node_init(PyObject *self, PyObject *args, PyObject *named) {
    Node *v = (Node *)self; double d; PyObject *label = NULL;
    if (named && PyDict_GET_SIZE(named) == 1) label = PyDict_GetItemWithError(named, s_label);
    int alone = !named || !PyDict_GET_SIZE(named) || (label && PyUnicode_CheckExact(label));
    if (PyErr_Occurred()) return -1;
    if (!alone || PyTuple_GET_SIZE(args) != 1 || v->row || !plain(PyTuple_GET_ITEM(args, 0), &d)) {
        PyObject *all = PyTuple_New(PyTuple_GET_SIZE(args) + 1), *r = NULL;
        if (all) {
            PyTuple_SET_ITEM(all, 0, Py_NewRef(self));
            for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(args); i++) PyTuple_SET_ITEM(all, i + 1, Py_NewRef(PyTuple_GET_ITEM(args, i)));
            r = PyObject_Call(slow_init, all, named);
            Py_DECREF(all);
        }
        Py_XDECREF(r);
        return r ? 0 : -1;
    }
    v->data = d; v->nx = -1;
    Py_INCREF(leaf.op); Py_INCREF(leaf.row);
    v->op = leaf.op; v->row = leaf.row;
    if (label && PyUnicode_GET_LENGTH(label) /* past whoever guards attributes: the node is being made */
        && ((!v->dict && !(v->dict = PyDict_New())) || PyDict_SetItem(v->dict, s_label, label))) return -1;
    if (PyList_GET_SIZE(watching)) {
        PyObject *r = PyObject_CallOneArg(made, self);
        Py_XDECREF(r);
        return r ? 0 : -1;
    }
    return 0;
}
static PyTypeObject NodeType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "tinygrad_edu._twin.Node", .tp_basicsize = sizeof(Node),
    .tp_doc = "What a Value keeps, in C: engine.Node says what that is.",
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC, .tp_init = node_init,
    .tp_dealloc = node_dealloc, .tp_traverse = node_traverse, .tp_clear = node_clear, .tp_dictoffset = offsetof(Node, dict),
    .tp_as_number = &node_number, .tp_getset = node_getset, .tp_getattro = PyObject_GenericGetAttr,
    .tp_setattro = node_setattr};

/* ---- many at once: read(values, "data"), write(values, "data", floats), add(values, "grad", floats) */

static size_t slot_of(PyObject *name) {
    if (PyUnicode_Check(name) && !PyUnicode_Compare(name, s_data)) return offsetof(Node, data);
    if (PyUnicode_Check(name) && !PyUnicode_Compare(name, s_grad)) return offsetof(Node, grad);
    PyErr_Format(PyExc_ValueError, "\"data\" or \"grad\", not %R", name);
    return 0;
}
static int all_nodes(PyObject *values) {
    int right = PyList_Check(values) || PyTuple_Check(values);
    for (Py_ssize_t i = 0; right && i < PySequence_Fast_GET_SIZE(values); i++)
        right = IS_NODE(PySequence_Fast_GET_ITEM(values, i));
    if (!right) PyErr_SetString(PyExc_TypeError, "a list or a tuple of Values is needed");
    return right;
}
#define FIELD(values, i, at) (*(double *)((char *)PySequence_Fast_GET_ITEM(values, i) + (at)))
static PyObject *twin_read(PyObject *m, PyObject *const *args, Py_ssize_t n) {
    size_t at;
    if (n != 2) { PyErr_SetString(PyExc_TypeError, "read(values, name)"); return NULL; }
    if (!all_nodes(args[0]) || !(at = slot_of(args[1]))) return NULL;
    Py_ssize_t count = PySequence_Fast_GET_SIZE(args[0]);
    PyObject *list = PyList_New(count);
    for (Py_ssize_t i = 0; list && i < count; i++) {
        PyObject *x = PyFloat_FromDouble(FIELD(args[0], i, at));
        if (!x) { Py_CLEAR(list); break; }
        PyList_SET_ITEM(list, i, x);
    }
    return list;
}
static PyObject *put_all(PyObject *const *args, Py_ssize_t n, int add) { /* floats: a list of them, or an array of doubles */
    size_t at; Py_buffer b = {0}; const double *x = NULL; double *copy = NULL; Py_ssize_t count, have;
    if (n != 3) { PyErr_SetString(PyExc_TypeError, "write(values, name, floats)"); return NULL; }
    if (!all_nodes(args[0]) || !(at = slot_of(args[1]))) return NULL;
    count = PySequence_Fast_GET_SIZE(args[0]);
    if (PyList_CheckExact(args[2])) {
        have = PyList_GET_SIZE(args[2]);
        if (!(copy = NEW(have, double))) return PyErr_NoMemory();
        for (Py_ssize_t i = 0; i < have && i < PyList_GET_SIZE(args[2]); i++) copy[i] = PyFloat_AsDouble(PyList_GET_ITEM(args[2], i));
        if (PyErr_Occurred()) { PyMem_Free(copy); return NULL; }
        x = copy;
    } else {
        if (PyObject_GetBuffer(args[2], &b, PyBUF_C_CONTIGUOUS | PyBUF_FORMAT)) return NULL;
        have = b.len / (Py_ssize_t)sizeof(double); x = b.buf;
        if (!b.format || strcmp(b.format, "d")) { PyBuffer_Release(&b); PyErr_SetString(PyExc_TypeError, "an array of doubles is needed"); return NULL; }
    }
    int fits = have == count && PySequence_Fast_GET_SIZE(args[0]) == count;
    for (Py_ssize_t i = 0; fits && i < count; i++) if (add) FIELD(args[0], i, at) += x[i]; else FIELD(args[0], i, at) = x[i];
    if (b.obj) PyBuffer_Release(&b);
    PyMem_Free(copy);
    if (!fits) { PyErr_Format(PyExc_ValueError, "%zd numbers for %zd Values", have, count); return NULL; }
    Py_RETURN_NONE;
}
static PyObject *twin_write(PyObject *m, PyObject *const *args, Py_ssize_t n) { return put_all(args, n, 0); }
static PyObject *twin_add(PyObject *m, PyObject *const *args, Py_ssize_t n) { return put_all(args, n, 1); }

/* ---- how it comes into the engine */

static PyMethodDef value_methods[] = { /* their words are given by `join` */
    {"backward", (PyCFunction)(void (*)(void))node_backward, METH_FASTCALL | METH_KEYWORDS, NULL},
    {"zero_grad", node_zero_grad, METH_NOARGS, NULL}, {0}};
static PyMethodDef op_methods[] = {{"__call__", (PyCFunction)(void (*)(void))op_call, METH_FASTCALL | METH_KEYWORDS, NULL}, {0}};

/* join(things by name): from now on `Value` is made and walked here */
static PyObject *twin_join(PyObject *m, PyObject *things) {
    struct { const char *name; PyObject **at; } all[] = {
        {"Value", (PyObject **)&Value}, {"Op", (PyObject **)&OpType}, {"Nothing", (PyObject **)&Nothing},
        {"watching", &watching}, {"forgetting", &forgetting}, {"recording", &recording}, {"made", &made}, {"lift", &lift},
        {"number", &number}, {"assigned", &assigned}, {"apply", &slow_apply}, {"call", &slow_call},
        {"backward", &slow_backward}, {"pow", &slow_pow}, {"init", &slow_init}, {"topological", &slow_topological},
        {"power_of", &power_of}, {"row_of", &row_of}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        PyObject *x = PyDict_GetItemString(things, all[i].name);
        if (!x) return PyErr_Format(PyExc_KeyError, "%s", all[i].name);
        *all[i].at = Py_NewRef(x);
    }
    struct { const char *name; Pair *at; } rows[] = {{"leaf", &leaf}, {"detached", &detached}, {"neg", &negative_row},
        {"add", row_of_code + ADD}, {"sub", row_of_code + SUB}, {"mul", row_of_code + MUL}, {"div", row_of_code + DIV}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        PyObject *op = PyDict_GetItemString(things, rows[i].name);
        Row *row = op ? row_for(op) : NULL;
        if (!row) return op ? NULL : PyErr_Format(PyExc_KeyError, "%s", rows[i].name);
        Py_INCREF(op); Py_INCREF(row);
        *rows[i].at = (Pair){op, row};
    }
    Value->tp_alloc = value_alloc;
    PyObject *call = PyDescr_NewMethod(OpType, op_methods);
    if (!call || PyObject_SetAttrString((PyObject *)OpType, "__call__", call)) { Py_XDECREF(call); return NULL; }
    Py_DECREF(call);
    for (PyMethodDef *d = value_methods; d->ml_name; d++) {
        PyObject *method = PyDescr_NewMethod(Value, d);
        if (!method || PyObject_SetAttrString((PyObject *)Value, d->ml_name, method)) { Py_XDECREF(method); return NULL; }
        Py_DECREF(method);
    }
    Py_RETURN_NONE;
}
static PyObject *twin_alive(PyObject *m, PyObject *_) { return PyLong_FromLong((long)slabs.n * PER - slabs.spare); }
static PyMethodDef functions[] = {
    {"alive", twin_alive, METH_NOARGS, "How many Values there are, without those of subclasses; the collector does not know."},
    {"apply", (PyCFunction)(void (*)(void))twin_apply, METH_FASTCALL, "The Value that a row makes of other Values."},
    {"unary", twin_unary, METH_O, "The method for a row with one input."},
    {"binary", (PyCFunction)(void (*)(void))twin_binary, METH_VARARGS | METH_KEYWORDS, "The operator for a row with two inputs."},
    {"topological", (PyCFunction)(void (*)(void))twin_topological, METH_FASTCALL | METH_KEYWORDS, "As engine.topological."},
    {"read", (PyCFunction)(void (*)(void))twin_read, METH_FASTCALL, "The numbers of a list of Values: read(values, \"data\")."},
    {"write", (PyCFunction)(void (*)(void))twin_write, METH_FASTCALL, "Set them all: write(values, \"data\", floats)."},
    {"add", (PyCFunction)(void (*)(void))twin_add, METH_FASTCALL, "Add to them all: add(values, \"grad\", floats)."},
    {"join", twin_join, METH_O, "Take over from the engine in Python: see twin.py."}, {0}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "_twin", "The engine's nodes in C.", -1, functions};

PyMODINIT_FUNC PyInit__twin(void) {
    if (!(s_row = PyUnicode_InternFromString("_row")) || !(s_data = PyUnicode_InternFromString("data"))
        || !(s_grad = PyUnicode_InternFromString("grad")) || !(s_label = PyUnicode_InternFromString("label"))
        || !(s_local = PyUnicode_InternFromString("local")) || !(s_slopes = PyUnicode_InternFromString("slopes"))) return NULL;
    NodeType.tp_new = PyBaseObject_Type.tp_new; /* so that object.__new__(Value) makes one as well */
    if (PyType_Ready(&RowType) || PyType_Ready(&NodeType) || PyType_Ready(&MethodType)) return NULL;
    PyObject *slots = Py_BuildValue("(ssssss)", "_data", "_grad", "parents", "op", "numbers", "__dict__"), *empty = PyUnicode_FromString("");
    if (!slots || !empty || PyDict_SetItemString(NodeType.tp_dict, "__slots__", slots) || PyDict_SetItemString(NodeType.tp_dict, "label", empty)) return NULL;
    Py_DECREF(slots); Py_DECREF(empty);
    PyObject *m = PyModule_Create(&module), *steps = PyFrozenSet_New(NULL);
    for (int i = 1; steps && i < N_CALLS; i++) {
        PyObject *s = PyUnicode_FromString(CALLS[i].name);
        if (!s || PySet_Add(steps, s)) return NULL;
        Py_DECREF(s);
    }
    if (!m || !steps || PyModule_AddObjectRef(m, "Row", (PyObject *)&RowType) || PyModule_AddObjectRef(m, "Node", (PyObject *)&NodeType)
        || PyModule_AddObjectRef(m, "STEPS", steps)) return NULL;
    Py_DECREF(steps);
    return m;
}
