/* The engine's nodes in C: what a Value keeps, how an operation makes one, the order of a graph, the chain rule.
 *
 * engine.py says what all of this means, and runs where this is not compiled.  Nothing here knows calculus: a row
 * brings programs for its number and its local gradients, which compilation.py gets by filling its rules; what has none
 * is asked in Python.  Compile with -ffp-contract=off: the bits are the engine's.  Read in this order:
 *
 *     rows.h        numbers; a row's programs
 *     nodes.h       what a node keeps, where it lies, how it goes
 *     operations.h  how an operation makes a node
 *     gradients.h   the order of a graph; the chain rule on floats
 *     attributes.h  what people see of a node
 *     twin.c        many numbers at once; how compilation.py puts it in place
 */
#include "attributes.h"

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
/* read(values, name): a list; read(values, name, array): into an array of doubles, which comes back */
static PyObject *twin_read(PyObject *m, PyObject *const *args, Py_ssize_t n) {
    size_t at;
    Py_buffer b;
    if (n != 2 && n != 3) {
        PyErr_SetString(PyExc_TypeError, "read(values, name[, array])");
        return NULL;
    }
    if (!(at = slot_of(args[1])) || !all_nodes(args[0])) return NULL;
    Py_ssize_t count = PySequence_Fast_GET_SIZE(args[0]);
    if (n == 3) {
        if (PyObject_GetBuffer(args[2], &b, PyBUF_C_CONTIGUOUS | PyBUF_WRITABLE | PyBUF_FORMAT)) return NULL;
        int fits = b.format && !strcmp(b.format, "d") && b.len == count * (Py_ssize_t)sizeof(double) &&
                   PySequence_Fast_GET_SIZE(args[0]) == count;
        for (Py_ssize_t i = 0; fits && i < count; i++) ((double *)b.buf)[i] = FIELD(args[0], i, at);
        PyBuffer_Release(&b);
        if (fits) return Py_NewRef(args[2]);
        PyErr_Format(PyExc_ValueError, "an array of %zd doubles is needed", count);
        return NULL;
    }
    int collects = PyGC_Disable(); /* it would run somebody's code */
    PyObject *list = PyList_New(count);
    if (collects) PyGC_Enable();
    for (Py_ssize_t i = 0; list && i < count; i++) {
        PyObject *x = PyFloat_FromDouble(FIELD(args[0], i, at));
        if (!x) {
            Py_CLEAR(list);
            break;
        }
        PyList_SET_ITEM(list, i, x);
    }
    return list;
}
/* floats: a list of them, an array of doubles, or one for all */
static PyObject *put_all(PyObject *const *args, Py_ssize_t n, int add) {
    size_t at;
    Py_buffer b = {0};
    const double *x = NULL;
    double *copy = NULL;
    Py_ssize_t count, have;
    if (n != 3) {
        PyErr_SetString(PyExc_TypeError, "write(values, name, floats)");
        return NULL;
    }
    if (!all_nodes(args[0]) || !(at = slot_of(args[1]))) return NULL;
    count = PySequence_Fast_GET_SIZE(args[0]);
    if (PyFloat_CheckExact(args[2])) {
        double all = PyFloat_AS_DOUBLE(args[2]);
        for (Py_ssize_t i = 0; i < count; i++)
            if (add) FIELD(args[0], i, at) += all;
            else FIELD(args[0], i, at) = all;
        Py_RETURN_NONE;
    }
    if (PyList_CheckExact(args[2])) {
        have = PyList_GET_SIZE(args[2]);
        if (!(copy = NEW(have, double))) return PyErr_NoMemory();
        for (Py_ssize_t i = 0; i < have && i < PyList_GET_SIZE(args[2]); i++)
            copy[i] = PyFloat_AsDouble(PyList_GET_ITEM(args[2], i));
        if (PyErr_Occurred() || !all_nodes(args[0])) { /* a number may have run somebody's code */
            PyMem_Free(copy);
            return NULL;
        }
        x = copy;
    } else {
        if (PyObject_GetBuffer(args[2], &b, PyBUF_C_CONTIGUOUS | PyBUF_FORMAT)) return NULL;
        have = b.len / (Py_ssize_t)sizeof(double);
        x = b.buf;
        if (!b.format || strcmp(b.format, "d")) {
            PyBuffer_Release(&b);
            PyErr_SetString(PyExc_TypeError, "an array of doubles is needed");
            return NULL;
        }
    }
    int fits = have == count && PySequence_Fast_GET_SIZE(args[0]) == count;
    for (Py_ssize_t i = 0; fits && i < count; i++)
        if (add) FIELD(args[0], i, at) += x[i];
        else FIELD(args[0], i, at) = x[i];
    if (b.obj) PyBuffer_Release(&b);
    PyMem_Free(copy);
    if (!fits) {
        PyErr_Format(PyExc_ValueError, "%zd numbers for %zd Values", have, count);
        return NULL;
    }
    Py_RETURN_NONE;
}
static PyObject *twin_write(PyObject *m, PyObject *const *args, Py_ssize_t n) { return put_all(args, n, 0); }
static PyObject *twin_add(PyObject *m, PyObject *const *args, Py_ssize_t n) { return put_all(args, n, 1); }

/* ---- how it comes into the engine */

static PyMethodDef value_methods[] = {
    /* `join` adds their words */
    {"backward", (PyCFunction)(void (*)(void))node_backward, METH_FASTCALL | METH_KEYWORDS,
     "backward($self, seed=1.0)\n--\n\n"},
    {"zero_grad", node_zero_grad, METH_NOARGS, "zero_grad($self)\n--\n\n"},
    {0}};
static PyMethodDef op_methods[] = {
    {"__call__", (PyCFunction)(void (*)(void))op_call, METH_FASTCALL | METH_KEYWORDS,
     "__call__($self, *args)\n--\n\n"},
    {0}};

/* What the one in Python says of itself, behind how it is called. */
static int put_words(PyMethodDef *d, PyObject *old) {
    PyObject *doc = PyObject_GetAttrString(old, "__doc__"), *all = NULL;
    const char *words = NULL;
    if (doc && PyUnicode_Check(doc) && (all = PyUnicode_FromFormat("%s%U", d->ml_doc, doc))) /* kept for good */
        words = PyUnicode_AsUTF8(all);
    if (words) d->ml_doc = words;
    Py_XDECREF(doc);
    return PyErr_Occurred() ? -1 : 0;
}
static int put_method(PyTypeObject *type, PyMethodDef *d) {
    PyObject *old = PyObject_GetAttrString((PyObject *)type, d->ml_name),
             *method = old && !put_words(d, old) ? PyDescr_NewMethod(type, d) : NULL;
    int failed = method ? PyObject_SetAttrString((PyObject *)type, d->ml_name, method) : -1;
    Py_XDECREF(old);
    Py_XDECREF(method);
    return failed;
}
static PyMethodDef functions[];
/* join(things by name): from now on `Value` is made and walked here */
static PyObject *twin_join(PyObject *m, PyObject *things) {
    struct {
        const char *name;
        PyObject **at;
    } all[] = {{"Value", (PyObject **)&Value},
               {"Op", (PyObject **)&OpType},
               {"Nothing", (PyObject **)&Nothing},
               {"watching", &watching},
               {"forgetting", &forgetting},
               {"recording", &recording},
               {"made", &made},
               {"lift", &lift},
               {"number", &number},
               {"assigned", &assigned},
               {"apply", &slow_apply},
               {"call", &slow_call},
               {"backward", &slow_backward},
               {"pow", &slow_pow},
               {"init", &slow_init},
               {"topological", &slow_topological},
               {"power_of", &power_of},
               {"row_of", &row_of}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        PyObject *x = PyDict_GetItemString(things, all[i].name);
        if (!x) return PyErr_Format(PyExc_KeyError, "%s", all[i].name);
        *all[i].at = Py_NewRef(x);
    }
    struct {
        const char *name;
        Pair *at;
    } rows[] = {{"leaf", &leaf},
                {"detached", &detached},
                {"neg", &negative_row},
                {"add", row_of_code + ADD},
                {"sub", row_of_code + SUB},
                {"mul", row_of_code + MUL},
                {"div", row_of_code + DIV},
                {"dot", row_of_code + DOT}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        PyObject *op = PyDict_GetItemString(things, rows[i].name);
        Row *row = op ? row_for(op) : NULL;
        if (!row) return op ? NULL : PyErr_Format(PyExc_KeyError, "%s", rows[i].name);
        Py_INCREF(op);
        Py_INCREF(row);
        *rows[i].at = (Pair){op, row};
    }
    Value->tp_alloc = value_alloc;
    int failed = put_words(functions, slow_topological) || put_method(OpType, op_methods);
    for (PyMethodDef *d = value_methods; !failed && d->ml_name; d++) failed = put_method(Value, d);
    if (failed) return NULL;
    slot_call = OpType->tp_call;
    OpType->tp_call = op_slot_call; /* without looking for __call__ each time */
    Py_RETURN_NONE;
}
static PyObject *twin_alive(PyObject *m, PyObject *_) { return PyLong_FromLong((long)slabs.n * PER - places()); }
static PyMethodDef functions[] = {
    {"topological", (PyCFunction)(void (*)(void))twin_topological, METH_FASTCALL | METH_KEYWORDS,
     "topological($module, root, stop=())\n--\n\n"},
    {"alive", twin_alive, METH_NOARGS,
     "How many Values there are, without those of subclasses; the collector does not know."},
    {"apply", (PyCFunction)(void (*)(void))twin_apply, METH_FASTCALL,
     "apply($module, op, parents, /)\n--\n\nThe Value that a row makes of other Values."},
    {"known", twin_known, METH_VARARGS,
     "known($module, data, parents, op, numbers, slopes, /)\n--\n\nThe node of a row that only it has, with slopes that "
     "are known: arrays of doubles."},
    {"unary", twin_unary, METH_O, "unary($module, op, /)\n--\n\nThe method for a row with one input."},
    {"binary", (PyCFunction)(void (*)(void))twin_binary, METH_VARARGS | METH_KEYWORDS,
     "binary($module, op, swapped=False)\n--\n\nThe operator for a row with two inputs."},
    {"dot", twin_dot, METH_O,
     "dot($module, plain, /)\n--\n\nA function of weights, inputs and bias; `plain` is asked what is no list of Values."},
    {"read", (PyCFunction)(void (*)(void))twin_read, METH_FASTCALL,
     "The numbers of a list of Values: read(values, \"data\"); as a list, or into an array of doubles that is given."},
    {"write", (PyCFunction)(void (*)(void))twin_write, METH_FASTCALL, "Set them all: write(values, \"data\", floats); one float is for all."},
    {"add", (PyCFunction)(void (*)(void))twin_add, METH_FASTCALL, "Add to them all: add(values, \"grad\", floats)."},
    {"join", twin_join, METH_O, "Take over from the engine in Python: see twin.py."},
    {0}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "_twin", "The engine's nodes in C.", -1, functions};

PyMODINIT_FUNC PyInit__twin(void) {
    if (!(s_row = PyUnicode_InternFromString("_row")) || !(s_data = PyUnicode_InternFromString("data")) ||
        !(s_grad = PyUnicode_InternFromString("grad")) || !(s_label = PyUnicode_InternFromString("label")) ||
        !(s_local = PyUnicode_InternFromString("local")) || !(s_slopes = PyUnicode_InternFromString("slopes")))
        return NULL;
    NodeType.tp_new = PyBaseObject_Type.tp_new; /* so that object.__new__(Value) makes one as well */
    if (PyType_Ready(&RowType) || PyType_Ready(&NodeType) || PyType_Ready(&MethodType)) return NULL;
    PyObject *slots = Py_BuildValue("(ssssss)", "_data", "_grad", "parents", "op", "numbers", "__dict__"),
             *empty = PyUnicode_FromString("");
    if (!slots || !empty || PyDict_SetItemString(NodeType.tp_dict, "__slots__", slots) ||
        PyDict_SetItemString(NodeType.tp_dict, "label", empty))
        return NULL;
    Py_DECREF(slots);
    Py_DECREF(empty);
    PyObject *m = PyModule_Create(&module), *steps = PyFrozenSet_New(NULL);
    for (int i = 1; steps && i < N_CALLS; i++) {
        PyObject *s = PyUnicode_FromString(CALLS[i].name);
        if (!s || PySet_Add(steps, s)) return NULL;
        Py_DECREF(s);
    }
    if (!m || !steps || PyModule_AddObjectRef(m, "Row", (PyObject *)&RowType) ||
        PyModule_AddObjectRef(m, "Node", (PyObject *)&NodeType) || PyModule_AddObjectRef(m, "STEPS", steps) ||
        PyModule_AddIntConstant(m, "EDITION", 2)) /* as in twin.py: one more whenever functions here change */
        return NULL;
    Py_DECREF(steps);
    return m;
}
