/* What a row computes, and its local gradients, as small programs of registers; and the numbers that they are made of.
 * twin.c says what all of this is for. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#ifdef _WIN32
#include <intrin.h>
#include <malloc.h>
#endif

#ifdef Py_GIL_DISABLED
#error "nodes are changed by one thread at a time: without the lock of the interpreter the engine stays in Python"
#endif

#define NEW(n, T) ((T *)PyMem_Malloc((n) ? (size_t)(n) * sizeof(T) : 1))

/* ---- numbers: what ieee.py computes, by the same names, with the same library of C */

static double relu(double x) { return x <= 0 ? 0.0 : x; }
static double sigmoid(double x) {
    double e = exp(-fabs(x));
    return (x >= 0 ? 1.0 : e) / (1.0 + e);
}
static double bell(double x) {
    double e = exp(-fabs(x));
    return e / ((1.0 + e) * (1.0 + e));
}
static double greater(double a, double b) { return a > b ? 1.0 : a <= b ? 0.0 : Py_NAN; }
static double maximum(double a, double b) { return a > b || a != a ? a : b; }
static double minimum(double a, double b) { return a < b || a != a ? a : b; }
static double softplus(double x) { return maximum(x, 0.0) + log1p(exp(-fabs(x))); }
static double negative(double x) { return -x; }

/* What a step of a program may be.  The first few are written out where nodes are made and gradients flow. */
enum { ASK, ADD, SUB, MUL, DIV, WHERE, SUM, DOT, FIRST_CALL };
typedef struct {
    const char *name;
    double (*one)(double), (*two)(double, double);
} Call;
static const Call CALLS[] = {{"", 0, 0},
                             {"add", 0, 0},
                             {"sub", 0, 0},
                             {"mul", 0, 0},
                             {"div", 0, 0},
                             {"where", 0, 0},
                             {"sum", 0, 0},
                             {"dot", 0, 0},
                             {"neg", negative, 0},
                             {"abs", fabs, 0},
                             {"relu", relu, 0},
                             {"sigmoid", sigmoid, 0},
                             {"bell", bell, 0},
                             {"softplus", softplus, 0},
                             {"exp", exp, 0},
                             {"exp2", exp2, 0},
                             {"expm1", expm1, 0},
                             {"log", log, 0},
                             {"log1p", log1p, 0},
                             {"log2", log2, 0},
                             {"log10", log10, 0},
                             {"sqrt", sqrt, 0},
                             {"sin", sin, 0},
                             {"cos", cos, 0},
                             {"tan", tan, 0},
                             {"asin", asin, 0},
                             {"acos", acos, 0},
                             {"atan", atan, 0},
                             {"sinh", sinh, 0},
                             {"cosh", cosh, 0},
                             {"asinh", asinh, 0},
                             {"acosh", acosh, 0},
                             {"atanh", atanh, 0},
                             {"tanh", tanh, 0},
                             {"erf", erf, 0},
                             {"erfc", erfc, 0},
                             {"pow", 0, pow},
                             {"atan2", 0, atan2},
                             {"greater", 0, greater},
                             {"maximum", 0, maximum},
                             {"minimum", 0, minimum}};
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
enum { ASKS = 1, BRANCHES = 2 }; /* a rule that is asked in Python; a `where` */
typedef struct {
    unsigned char code, a, b, c;
} Step;
typedef struct { /* registers: what is given, then constants, then one for each step */
    int known, n_given, n_consts, n_steps, n_out;
    double *consts;
    Step *steps;
    unsigned char *out;
} Program;

typedef struct {
    PyObject_HEAD int code;   /* what it computes, if that is one step; ASK if not */
    int limited;              /* not defined everywhere: where it is nan, so are its slopes */
    int care;                 /* what the chain rule must know of it: ASKS, BRANCHES, or nothing */
    Program number, partials; /* from the inputs; from the output and the inputs */
    double *given;            /* local gradients that are known, of the one node that has this row */
    PyObject *method;         /* of a row that C computes, which lives as long as the engine: unary(op), once asked */
} Row;

static PyTypeObject RowType, NodeType, MethodType;
static PyTypeObject *Value, *OpType, *Nothing;
/* what `twin.join` hands over: things of engine.py and modes.py, and of twin.py itself */
static PyObject *watching, *forgetting, *recording, *made, *lift, *number, *assigned, *slow_apply, *slow_call,
    *slow_backward, *slow_pow, *slow_init, *slow_topological, *power_of, *row_of;
/* A row in Python, and what C knows of it, which does not know the first: so no cycle forms. */
typedef struct {
    PyObject *op;
    Row *row;
} Pair;
static Pair leaf, detached, negative_row, row_of_code[FIRST_CALL];
static PyObject *s_row, *s_data, *s_grad, *s_label, *s_local, *s_slopes;

static void program_free(Program *p) {
    PyMem_Free(p->consts);
    PyMem_Free(p->steps);
    PyMem_Free(p->out);
}

/* (constants, steps, out): a step is (name, a, b, c), places of registers; None is no program. */
static int program_read(Program *p, PyObject *from, int n_given) {
    PyObject *consts, *steps, *out;
    if (from == Py_None) return 0;
    if (!PyArg_ParseTuple(from, "O!O!O!", &PyTuple_Type, &consts, &PyTuple_Type, &steps, &PyTuple_Type, &out))
        return -1;
    Py_ssize_t nc = PyTuple_GET_SIZE(consts), ns = PyTuple_GET_SIZE(steps), no = PyTuple_GET_SIZE(out);
    if (n_given + nc + ns > REGISTERS) return 0; /* too long for here: it is asked in Python */
    p->consts = NEW(nc, double);
    p->steps = NEW(ns, Step);
    p->out = NEW(no, unsigned char);
    if (!p->consts || !p->steps || !p->out) {
        PyErr_NoMemory();
        return -1;
    }
    for (Py_ssize_t i = 0; i < nc; i++) p->consts[i] = PyFloat_AsDouble(PyTuple_GET_ITEM(consts, i));
    for (Py_ssize_t i = 0; i < ns; i++) {
        const char *name;
        int a, b, c, code = ASK;
        if (!PyArg_ParseTuple(PyTuple_GET_ITEM(steps, i), "siii", &name, &a, &b, &c)) return -1;
        for (int k = 1; k < N_CALLS; k++)
            if (!strcmp(name, CALLS[k].name)) code = k;
        int here = n_given + (int)nc + (int)i;
        if (code == ASK || code == SUM || code == DOT || a < 0 || b < 0 || c < 0 || a >= here || b >= here ||
            c >= here) {
            PyErr_Format(PyExc_ValueError, "no step of a program: %R", PyTuple_GET_ITEM(steps, i));
            return -1;
        }
        p->steps[i] = (Step){(unsigned char)code, (unsigned char)a, (unsigned char)b, (unsigned char)c};
    }
    for (Py_ssize_t i = 0; i < no; i++) p->out[i] = (unsigned char)PyLong_AsLong(PyTuple_GET_ITEM(out, i));
    if (PyErr_Occurred()) return -1;
    p->n_given = n_given;
    p->n_consts = (int)nc;
    p->n_steps = (int)ns;
    p->n_out = (int)no;
    p->known = 1;
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
    PyObject *forward, *partials;
    const char *code;
    int limited, inputs;
    if (r->number.known || r->partials.known) {
        PyErr_SetString(PyExc_TypeError, "a Row is made once");
        return -1;
    }
    if (!PyArg_ParseTuple(args, "spiOO", &code, &limited, &inputs, &forward, &partials)) return -1;
    for (int k = 1; k < N_CALLS; k++)
        if (!strcmp(code, CALLS[k].name)) r->code = k;
    r->limited = limited;
    if (program_read(&r->number, forward, inputs) || program_read(&r->partials, partials, inputs + 1)) return -1;
    r->care = r->code == WHERE ? BRANCHES : r->code == SUM || r->code == DOT || r->partials.known ? 0 : ASKS;
    return 0;
}
static void row_dealloc(PyObject *self) {
    program_free(&((Row *)self)->number);
    program_free(&((Row *)self)->partials);
    PyMem_Free(((Row *)self)->given);
    Py_TYPE(self)->tp_free(self);
}
static PyTypeObject RowType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "tinygrad_edu._twin.Row",
    .tp_basicsize = sizeof(Row),
    .tp_doc = "What the compiled engine knows of a row: Row(code, limited, inputs, program, program of the partials).",
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_new = PyType_GenericNew,
    .tp_init = row_init,
    .tp_dealloc = row_dealloc};

/* The Row of an Op, which hangs on it once it was asked for; borrowed from the Op, which somebody has.  Those that C
 * computes lie here as well: they live as long as the engine. */
static Row *row_for(PyObject *op) {
    static Pair near[64];
    Pair *here = near + ((uintptr_t)op >> 4) % 64;
    if (here->op == op) return here->row;
    PyObject *row = PyObject_GetAttr(op, s_row); /* None on the class */
    if (row == Py_None) {
        Py_SETREF(row, PyObject_CallOneArg(row_of, op));
        if (row && PyObject_GenericSetAttr(op, s_row, row)) Py_CLEAR(row);
    }
    if (row && !Py_IS_TYPE(row, &RowType)) {
        Py_CLEAR(row);
        PyErr_SetString(PyExc_TypeError, "no Row");
    }
    if (row && ((Row *)row)->code != ASK) {
        Py_XDECREF(here->op);
        Py_XDECREF(here->row);
        *here = (Pair){Py_NewRef(op), (Row *)Py_NewRef(row)};
    }
    Py_XDECREF(row);
    return (Row *)row;
}
