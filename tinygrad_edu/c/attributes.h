/* What people see of a node, and type to make one. */
#include "gradients.h"

/* ---- attributes */

static PyObject *missing(const char *name) {
    PyErr_SetString(PyExc_AttributeError, name);
    return NULL;
}
static int none_left(PyObject *x, const char *name) {
    if (x) return 0;
    PyErr_SetString(PyExc_AttributeError, name);
    return 1;
}

static PyObject *get_float(PyObject *self, void *at) {
    if (!((Node *)self)->row) return missing((size_t)at == offsetof(Node, grad) ? "grad" : "data");
    return PyFloat_FromDouble(*(double *)((char *)self + (size_t)at));
}
static int put_float(PyObject *self, PyObject *x, void *at) {
    int is_grad = (size_t)at == offsetof(Node, grad);
    double d = 0.0;
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
static void show_to_collector(PyObject *self) {
    if (!IS_SEEN(self)) PyObject_GC_Track(self);
}
static int show_past(Node *v) { /* each once, however often something is hung on a node */
    Py_ssize_t n = 0, room = 64;
    Node **stack = NEW(room, Node *), **more;
    while (stack && v) {
        if (!v->shown) {
            v->shown = 1;
            show_to_collector((PyObject *)v);
            if (n + v->np > room) {
                room = 2 * (room + v->np);
                if (!(more = PyMem_Realloc(stack, (size_t)room * sizeof(Node *)))) PyMem_Free(stack);
                stack = more;
            }
            for (int i = 0; stack && i < v->np; i++) stack[n++] = PARENTS(v)[i];
        }
        v = stack && n ? stack[--n] : NULL;
    }
    if (!stack) PyErr_NoMemory();
    PyMem_Free(stack);
    return stack ? 0 : -1;
}
/* What is hung on a node may have been computed from it, and a list of such may be hung: all of them are shown. */
static int show_all(PyObject *x, void *depth) {
    if (IS_NODE(x)) return show_past((Node *)x);
    int at = *(int *)depth + 1;
    if (at > 3 || !(PyList_CheckExact(x) || PyTuple_CheckExact(x) || PyDict_CheckExact(x))) return 0;
    return Py_TYPE(x)->tp_traverse(x, show_all, &at);
}
/* Before somebody writes anew what it is made of: the parents in a piece of their own. */
static int take_apart(Node *v) {
    Node **ps = v->joined ? NEW(v->np, Node *) : NULL;
    if (!v->joined) return 0;
    if (!ps) {
        PyErr_NoMemory();
        return -1;
    }
    memcpy(ps, v->p.many, (size_t)v->np * sizeof *ps);
    v->p.many = ps;
    v->joined = 0;
    return 0;
}
static PyObject *get_parents(PyObject *self, void *_) {
    Node *v = (Node *)self;
    int n = v->np;
    PyObject *t = v->row ? PyTuple_New(n) : missing("parents");
    if (t && n != v->np) { /* the collector ran somebody's code */
        Py_DECREF(t);
        return get_parents(self, NULL);
    }
    for (int i = 0; t && i < n; i++) PyTuple_SET_ITEM(t, i, Py_NewRef((PyObject *)PARENTS(v)[i]));
    return t;
}
static int put_parents(PyObject *self, PyObject *x, void *_) {
    Node *v = (Node *)self, **many = NULL, *few[2] = {NULL, NULL};
    if (none_left(x, "parents")) return -1;
    if (!PyTuple_Check(x)) {
        PyErr_Format(PyExc_TypeError, "parents are a tuple of Values, not %R", x);
        return -1;
    }
    Py_ssize_t n = PyTuple_GET_SIZE(x), i;
    for (i = 0; i < n; i++)
        if (!IS_NODE(PyTuple_GET_ITEM(x, i))) {
            PyErr_Format(PyExc_TypeError, "parents are a tuple of Values, not %R", x);
            return -1;
        }
    if (n > INT_MAX || (n > 2 && !(many = NEW(n, Node *)))) {
        PyErr_NoMemory();
        return -1;
    }
    if (take_apart(v)) {
        PyMem_Free(many);
        return -1;
    }
    Node **to = many ? many : few, **old = NULL, *old_few[2];
    int n_old = v->np;
    for (i = 0; i < n; i++) to[i] = (Node *)Py_NewRef(PyTuple_GET_ITEM(x, i));
    if (n_old > 2) old = v->p.many;
    else {
        old_few[0] = v->p.few[0];
        old_few[1] = v->p.few[1];
        old = old_few;
    }
    if (many) v->p.many = many;
    else {
        v->p.few[0] = few[0];
        v->p.few[1] = few[1];
    }
    v->np = (int)n;
    v->by_hand = 1;
    v->shown = 0;
    int failed = 0;
    if (v->row) show_to_collector(self); /* written anew, they may come from the node itself */
    for (i = 0; v->row && !failed && i < n; i++) failed = show_past(to[i]);
    for (i = 0; i < n_old; i++) Py_DECREF(old[i]);
    if (n_old > 2) PyMem_Free(old);
    return failed;
}
static PyObject *get_numbers(PyObject *self, void *_) {
    Node *v = (Node *)self;
    return !v->row ? missing("numbers") : v->nx < 0 ? PyTuple_New(0) : numbers_of(v);
}
static int put_numbers(PyObject *self, PyObject *x, void *_) {
    Node *v = (Node *)self;
    double *many = NULL, few[2] = {0.0, 0.0}, y = 0.0;
    if (none_left(x, "numbers")) return -1;
    if (!PyTuple_Check(x)) {
        PyErr_Format(PyExc_TypeError, "numbers are a tuple of floats, not %R", x);
        return -1;
    }
    Py_ssize_t n = PyTuple_GET_SIZE(x) - 1;
    if (n > INT_MAX / 2 || (n > 2 && !(many = NEW(n, double)))) {
        PyErr_NoMemory();
        return -1;
    }
    for (Py_ssize_t i = -1; i < n; i++) {
        double d = PyFloat_AsDouble(PyTuple_GET_ITEM(x, i + 1));
        if (i < 0) y = d;
        else (many ? many : few)[i] = d;
    }
    if (PyErr_Occurred() || take_apart(v)) {
        PyMem_Free(many);
        return -1;
    }
    if (v->nx > 2) PyMem_Free(v->x.many);
    if (many) v->x.many = many;
    else {
        v->x.few[0] = few[0];
        v->x.few[1] = few[1];
    }
    v->nx = (int)n;
    v->y = y;
    v->by_hand = 1;
    return 0;
}
static PyObject *get_op(PyObject *self, void *_) {
    PyObject *op = ((Node *)self)->op;
    return op ? Py_NewRef(op) : missing("op");
}
static int put_op(PyObject *self, PyObject *x, void *_) {
    Node *v = (Node *)self;
    if (none_left(x, "op")) return -1;
    if (!PyObject_TypeCheck(x, OpType)) {
        PyErr_Format(PyExc_TypeError, "op is a row, not %R", x);
        return -1;
    }
    Row *row = row_for(x), *old_row = v->row;
    PyObject *old = v->op;
    if (!row) return -1;
    Py_INCREF(x);
    Py_INCREF(row);
    v->op = x;
    v->row = row;
    v->by_hand = 1;
    Py_XDECREF(old_row);
    Py_XDECREF(old);
    return 0;
}
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
    PyObject *hung = ((Node *)self)->dict;
    if (!x || !hung || PyUnicode_CheckExact(x) || PyFloat_CheckExact(x)) return 0;
    if (PyDict_GetItemWithError(hung, name) != x) return PyErr_Occurred() ? -1 : 0;
    int depth = 0;
    show_to_collector(self);
    return show_all(x, &depth);
}
static PyGetSetDef node_getset[] = {
    {"data", get_float, put_float, "The number.", (void *)offsetof(Node, data)},
    {"grad", get_float, put_float, "The gradient, 0.0 at first.", (void *)offsetof(Node, grad)},
    {"_data", get_float, put_float, NULL, (void *)offsetof(Node, data)},
    {"_grad", get_float, put_float, NULL, (void *)offsetof(Node, grad)},
    {"parents", get_parents, put_parents, NULL, NULL},
    {"numbers", get_numbers, put_numbers, NULL, NULL},
    {"op", get_op, put_op, NULL, NULL},
    {"__dict__", get_dict, put_dict, NULL, NULL},
    {0}};

/* Value(data) and Value(data, label="w"); whatever else may be said is said in Python. */
static int node_init(PyObject *self, PyObject *args, PyObject *named) {
    Node *v = (Node *)self;
    double d;
    PyObject *label = NULL;
    if (named && PyDict_GET_SIZE(named) == 1) label = PyDict_GetItemWithError(named, s_label);
    int alone = !named || !PyDict_GET_SIZE(named) || (label && PyUnicode_CheckExact(label));
    if (PyErr_Occurred()) return -1;
    if (!alone || PyTuple_GET_SIZE(args) != 1 || v->row || !plain(PyTuple_GET_ITEM(args, 0), &d)) {
        PyObject *all = PyTuple_New(PyTuple_GET_SIZE(args) + 1), *r = NULL;
        if (all) {
            PyTuple_SET_ITEM(all, 0, Py_NewRef(self));
            for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(args); i++)
                PyTuple_SET_ITEM(all, i + 1, Py_NewRef(PyTuple_GET_ITEM(args, i)));
            r = PyObject_Call(slow_init, all, named);
            Py_DECREF(all);
        }
        Py_XDECREF(r);
        return r ? 0 : -1;
    }
    v->data = d;
    v->nx = -1;
    Py_INCREF(leaf.op);
    Py_INCREF(leaf.row);
    v->op = leaf.op;
    v->row = leaf.row;
    if (label && PyUnicode_GET_LENGTH(label) /* past whoever guards attributes: the node is being made */
        && ((!v->dict && !(v->dict = PyDict_New())) || PyDict_SetItem(v->dict, s_label, label)))
        return -1;
    if (PyList_GET_SIZE(watching)) {
        PyObject *r = PyObject_CallOneArg(made, self);
        Py_XDECREF(r);
        return r ? 0 : -1;
    }
    return 0;
}
static PyTypeObject NodeType = {PyVarObject_HEAD_INIT(NULL, 0).tp_name = "tinygrad_edu._twin.Node",
                                .tp_basicsize = sizeof(Node),
                                .tp_doc = "Node(data, *past, label='', **named)\n--\n\n"
                                          "What a Value keeps, in C: engine.Node says what that is.",
                                .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC,
                                .tp_init = node_init,
                                .tp_dealloc = node_dealloc,
                                .tp_traverse = node_traverse,
                                .tp_clear = node_clear,
                                .tp_dictoffset = offsetof(Node, dict),
                                .tp_as_number = &node_number,
                                .tp_getset = node_getset,
                                .tp_getattro = PyObject_GenericGetAttr,
                                .tp_setattro = node_setattr};
