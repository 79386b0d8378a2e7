/* How an operation makes a node: as engine.py does it, below `_node`. */
#include "nodes.h"

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
    if (n > INT_MAX) return PyErr_NoMemory();
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
    return n == 1 ? with_parents(of, y, ps, 1) : n == 2 ? with_parents(of, y, ps, 2) : with_parents(of, y, ps, (int)n);
}
static PyObject *binary(Pair of, PyObject *a, PyObject *b) {
    a = lifted(a);
    if (!a || a == Py_NotImplemented) return a;
    b = lifted(b);
    if (!b || b == Py_NotImplemented) {
        Py_DECREF(a);
        return b;
    }
    Node *ps[2] = {(Node *)a, (Node *)b};
    PyObject *v = applied(of, ps, 2);
    Py_DECREF(a);
    Py_DECREF(b);
    return v;
}
#define OPERATOR(NAME, CODE)                                                                                           \
    static PyObject *NAME(PyObject *a, PyObject *b) {                                                                  \
        Node *ps[2] = {(Node *)a, (Node *)b};                                                                          \
        if (!Py_IS_TYPE(a, Value) || !Py_IS_TYPE(b, Value)) return binary(row_of_code[CODE], a, b);                    \
        return with_parents(row_of_code[CODE], computed(CODE, ps[0]->data, ps[1]->data, 0.0), ps, 2);                  \
    }
OPERATOR(node_add, ADD)
OPERATOR(node_sub, SUB)
OPERATOR(node_mul, MUL)
OPERATOR(node_div, DIV)
static PyObject *node_neg(PyObject *a) {
    Node *p = (Node *)a;
    return applied(negative_row, &p, 1);
}
static PyObject *node_pow(PyObject *a, PyObject *b, PyObject *modulus) {
    if (modulus != Py_None) Py_RETURN_NOTIMPLEMENTED;
    if (!IS_NODE(a) || !(PyLong_CheckExact(b) || PyFloat_CheckExact(b)))
        return PyObject_CallFunctionObjArgs(slow_pow, a, b, NULL);
    static PyObject *few[8]; /* x ** 2, above all */
    int over = 0;
    long n = PyLong_CheckExact(b) ? PyLong_AsLongAndOverflow(b, &over) : -1;
    PyObject *power = n >= 0 && n < 8 ? few[n] : NULL;
    if (power) return PyObject_CallOneArg(power, a);
    if (!(power = PyObject_CallOneArg(power_of, b))) return NULL;
    if (n >= 0 && n < 8) few[n] = Py_NewRef(power);
    PyObject *v = PyObject_CallOneArg(power, a);
    Py_DECREF(power);
    return v;
}
static PyNumberMethods node_number = {.nb_add = node_add,
                                      .nb_subtract = node_sub,
                                      .nb_multiply = node_mul,
                                      .nb_true_divide = node_div,
                                      .nb_negative = node_neg,
                                      .nb_power = node_pow};

/* known(data, parents, op, numbers, slopes): a node whose local gradients are these doubles, of the only one that has
 * this row; the last parents had these numbers, and those before them have their own. */
static PyObject *twin_known(PyObject *m, PyObject *args) {
    double y;
    PyObject *parents, *op, *v = NULL;
    Py_buffer numbers, slopes;
    if (!PyArg_ParseTuple(args, "dO!O!y*y*", &y, &PyTuple_Type, &parents, OpType, &op, &numbers, &slopes)) return NULL;
    Node **ps = (Node **)((PyTupleObject *)parents)->ob_item;
    Py_ssize_t n = PyTuple_GET_SIZE(parents), late = numbers.len / (Py_ssize_t)sizeof(double), i;
    int right = n <= INT_MAX && late <= n && slopes.len == n * (Py_ssize_t)sizeof(double);
    for (i = 0; right && i < n; i++) right = IS_NODE(ps[i]);
    if (!right) PyErr_SetString(PyExc_TypeError, "known(data, parents, op, numbers, slopes)");
    Row *row = right ? (Row *)RowType.tp_alloc(&RowType, 0) : NULL;
    if (row && (row->given = NEW(n, double))) {
        memcpy(row->given, slopes.buf, (size_t)slopes.len);
        row->partials.n_given = (int)n + 1;
        if (!PyObject_GenericSetAttr(op, s_row, (PyObject *)row)) v = (PyObject *)unwatched((Pair){op, row}, y, ps, (int)n);
        for (i = 0; v && i < late; i++) INPUTS((Node *)v)[n - late + i] = ((double *)numbers.buf)[i];
    } else if (row) PyErr_NoMemory();
    Py_XDECREF(row);
    PyBuffer_Release(&numbers);
    PyBuffer_Release(&slopes);
    return v ? DONE((Node *)v) : NULL;
}
/* apply(op, parents) */
static PyObject *twin_apply(PyObject *m, PyObject *const *args, Py_ssize_t n) {
    if (n != 2 || !PyTuple_Check(args[1])) {
        PyErr_SetString(PyExc_TypeError, "apply(op, parents)");
        return NULL;
    }
    PyObject *parents = args[1];
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(parents); i++)
        if (!IS_NODE(PyTuple_GET_ITEM(parents, i)))
            return PyObject_CallFunctionObjArgs(slow_apply, args[0], parents, NULL);
    Row *row = row_for(args[0]);
    return row ? applied((Pair){args[0], row}, (Node **)((PyTupleObject *)parents)->ob_item, PyTuple_GET_SIZE(parents))
               : NULL;
}
/* A method of the engine in Python, called as this one was. */
static PyObject *called_in_python(PyObject *method, PyObject *self, PyObject *const *args, Py_ssize_t n,
                                  PyObject *names) {
    Py_ssize_t count = n + (names ? PyTuple_GET_SIZE(names) : 0);
    PyObject *few[9], **all = count < 9 ? few : NEW(count + 1, PyObject *);
    if (!all) return PyErr_NoMemory();
    all[0] = self;
    for (Py_ssize_t i = 0; i < count; i++) all[i + 1] = args[i];
    PyObject *r = PyObject_Vectorcall(method, all, (size_t)n + 1, names);
    if (all != few) PyMem_Free(all);
    return r;
}
/* Op.__call__: a Value among plain numbers makes a node; whatever else there is, Python decides */
static PyObject *op_call(PyObject *op, PyObject *const *args, Py_ssize_t n, PyObject *names) {
    PyObject *few[8], **xs = few, *v = NULL;
    Py_ssize_t values = 0, i;
    double d;
    for (i = 0; i < n && (Py_IS_TYPE(args[i], Value) ? ++values : plain(args[i], &d)); i++);
    if (i < n || !values || names) return called_in_python(slow_call, op, args, n, names);
    Row *row = row_for(op);
    if (!row) return NULL;
    if (values == n) return applied((Pair){op, row}, (Node **)args, n);
    if (n > 8 && !(xs = NEW(n, PyObject *))) return PyErr_NoMemory();
    for (i = 0; i < n && (xs[i] = lifted(args[i])); i++);
    if (i == n) v = applied((Pair){op, row}, (Node **)xs, n);
    while (i-- > 0) Py_DECREF(xs[i]);
    if (xs != few) PyMem_Free(xs);
    return v;
}

static ternaryfunc slot_call; /* what Python found for __call__ */
static PyObject *op_slot_call(PyObject *op, PyObject *args, PyObject *named) {
    if (named) return slot_call(op, args, named);
    return op_call(op, ((PyTupleObject *)args)->ob_item, PyTuple_GET_SIZE(args), NULL);
}

/* dot(plain): weights times inputs plus bias, of two lists or tuples; `plain` in Python does what is anything else. */
static PyObject *weighted(PyObject *plain, PyObject *const *args, Py_ssize_t n) {
    Node *few[64], **ps = few;
    Py_ssize_t h = -1, i;
    int lists = n == 3 && (PyList_CheckExact(args[0]) || PyTuple_CheckExact(args[0])) &&
                (PyList_CheckExact(args[1]) || PyTuple_CheckExact(args[1]));
    if (lists && PySequence_Fast_GET_SIZE(args[0]) == PySequence_Fast_GET_SIZE(args[1]))
        h = PySequence_Fast_GET_SIZE(args[0]);
    /* where no_grad() or a watcher would run Python, which might change the lists */
    if (h < 1 || PyList_GET_SIZE(watching) || PyList_GET_SIZE(forgetting)) goto python;
    if (h > 31 && !(ps = NEW(2 * h + 1, Node *))) return PyErr_NoMemory();
    PyObject **ws = PySequence_Fast_ITEMS(args[0]), **xs = PySequence_Fast_ITEMS(args[1]);
    for (i = 0; i < h && Py_IS_TYPE(ws[i], Value) && Py_IS_TYPE(xs[i], Value); i++) {
        ps[i] = (Node *)ws[i];
        ps[h + i] = (Node *)xs[i];
    }
    ps[2 * h] = (Node *)args[2];
    PyObject *v = NULL;
    int all = i == h && (args[2] == Py_None || Py_IS_TYPE(args[2], Value));
    if (all) v = applied(row_of_code[DOT], ps, 2 * h + (args[2] != Py_None));
    if (ps != few) PyMem_Free(ps);
    if (all) return v;
python:
    return PyObject_Vectorcall(plain, args, (size_t)n, NULL);
}
static PyObject *twin_dot(PyObject *m, PyObject *plain) {
    static PyMethodDef def = {"dot", (PyCFunction)(void (*)(void))weighted, METH_FASTCALL, NULL};
    return PyCFunction_New(&def, plain);
}

/* A row as a method of Values: unary(op), binary(op, swapped) */
typedef struct {
    PyObject_HEAD Pair of;
    int inputs, swapped;
    vectorcallfunc call;
    PyObject *dict;
} Method;
static PyObject *method_call(PyObject *self, PyObject *const *args, size_t flagged, PyObject *names) {
    Method *m = (Method *)self;
    Py_ssize_t n = PyVectorcall_NARGS(flagged);
    if (n != m->inputs || (names && PyTuple_GET_SIZE(names)) || !IS_NODE(args[0])) {
        PyErr_Format(PyExc_TypeError, "%S takes a Value%s, got %zd argument%s", m->of.op,
                     m->inputs == 2 ? " and another, or a number" : " and nothing else", n, n == 1 ? "" : "s");
        return NULL;
    }
    if (n == 1) {
        Node *p = (Node *)args[0];
        return applied(m->of, &p, 1);
    }
    return m->swapped ? binary(m->of, args[1], args[0]) : binary(m->of, args[0], args[1]);
}
static PyObject *method_get(PyObject *self, PyObject *object, PyObject *type) {
    return object && object != Py_None ? PyMethod_New(self, object) : Py_NewRef(self);
}
static int method_traverse(PyObject *self, visitproc visit, void *arg) {
    Py_VISIT(((Method *)self)->of.op);
    Py_VISIT(((Method *)self)->dict);
    return 0;
}
static int method_clear(PyObject *self) {
    Py_CLEAR(((Method *)self)->dict);
    return 0;
}
static void method_dealloc(PyObject *self) {
    PyObject_GC_UnTrack(self);
    Py_CLEAR(((Method *)self)->of.op);
    Py_CLEAR(((Method *)self)->of.row);
    Py_CLEAR(((Method *)self)->dict);
    PyObject_GC_Del(self);
}
static PyGetSetDef method_getset[] = {{"__dict__", PyObject_GenericGetDict, PyObject_GenericSetDict, NULL, NULL}, {0}};
static PyTypeObject MethodType = {PyVarObject_HEAD_INIT(NULL, 0).tp_name = "tinygrad_edu._twin.method",
                                  .tp_basicsize = sizeof(Method),
                                  .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HAVE_VECTORCALL |
                                              Py_TPFLAGS_METHOD_DESCRIPTOR,
                                  .tp_call = PyVectorcall_Call,
                                  .tp_vectorcall_offset = offsetof(Method, call),
                                  .tp_descr_get = method_get,
                                  .tp_traverse = method_traverse,
                                  .tp_clear = method_clear,
                                  .tp_dealloc = method_dealloc,
                                  .tp_dictoffset = offsetof(Method, dict),
                                  .tp_getset = method_getset,
                                  .tp_getattro = PyObject_GenericGetAttr,
                                  .tp_setattro = PyObject_GenericSetAttr};
static PyObject *method_of(PyObject *op, int inputs, int swapped) {
    Row *row = row_for(op);
    Method *m = row ? PyObject_GC_New(Method, &MethodType) : NULL;
    if (!m) return NULL;
    Py_INCREF(op);
    Py_INCREF(row);
    m->of = (Pair){op, row};
    m->inputs = inputs;
    m->swapped = swapped;
    m->call = method_call;
    m->dict = NULL;
    PyObject_GC_Track((PyObject *)m);
    return (PyObject *)m;
}
static PyObject *twin_unary(PyObject *m, PyObject *op) {
    Row *row = row_for(op);
    if (!row || row->code == ASK) return row ? method_of(op, 1, 0) : NULL;
    if (!row->method && !(row->method = method_of(op, 1, 0))) return NULL;
    return Py_NewRef(row->method);
}
static PyObject *twin_binary(PyObject *m, PyObject *args, PyObject *kw) {
    static char *names[] = {"op", "swapped", NULL};
    PyObject *op;
    int swapped = 0;
    return PyArg_ParseTupleAndKeywords(args, kw, "O|p:binary", names, &op, &swapped) ? method_of(op, 2, swapped) : NULL;
}
