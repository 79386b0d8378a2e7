/* The order of a graph, and the chain rule on floats. */
#include "operations.h"

/* ---- the order of a graph */

typedef struct {
    Node *v;
    int at;
} Frame;
typedef struct {
    Node **order; /* parents before children */
    Frame *stack; /* where the walk is */
    Py_ssize_t n, room, deepest;
    int care;           /* of all rows */
    char dirty, unmade; /* a gradient that is not 0; no row, or not the parents and numbers that its row takes */
} Walk;
static Walk kept; /* the room of the last one */
static unsigned walks;

static int is_asked(const Row *row) { return row->care & ASKS; }
static int fits(const Node *v) { /* what somebody wrote: else Python says what is wrong with it */
    int n = v->np;
    if (!n) return 1;
    if (is_asked(v->row)) return 1;
    if (v->nx != n) return 0;
    switch (v->row->code) {
    case SUM: return 1;
    case DOT: return n > 1;
    case WHERE: return n == 3;
    default: return v->row->partials.n_given == n + 1;
    }
}
static void walk_end(Walk *w) {
    if (kept.order || w->room > 1 << 17 || w->deepest > 1 << 14) {
        PyMem_Free(w->order);
        PyMem_Free(w->stack);
    } else kept = *w;
}
static int walk_grow(Walk *w) {
    Py_ssize_t room = 2 * w->room;
    void *more = room > INT_MAX ? NULL : PyMem_Realloc(w->order, (size_t)room * sizeof(Node *));
    if (!more) return -1;
    w->order = more;
    w->room = room;
    return 0;
}
static inline void met(Walk *w, Node *v) {
    v->walk = walks;
    if (v->np && v->op) w->care |= v->row->care;
    if (!v->op || (v->by_hand && !fits(v))) w->unmade = 1;
    if (v->grad != 0.0) w->dirty = 1;
}
/* Depth first, as engine.topological; no Python runs in here, so that `walk` and `place` of a node are ours alone. */
static int walk_begin(Walk *w, Node *root) {
    Py_ssize_t depth = 0, done = 0;
    *w = kept;
    memset(&kept, 0, sizeof kept);
    if (!w->order) {
        w->room = 64;
        w->deepest = 64;
        w->order = NEW(w->room, Node *);
        w->stack = NEW(w->deepest, Frame);
    }
    w->care = w->dirty = w->unmade = 0;
    if (!++walks) walks = 1;
    if (!w->order || !w->stack) goto memory;
    met(w, root);
    w->stack[0] = (Frame){root, 0};
    while (depth >= 0) {
        Frame *f = w->stack + depth;
        Node *v = f->v, **ps = PARENTS(v), *down = NULL;
        int n = v->np, at = f->at;
        while (at < n && !down) { /* goes on where it stopped last time */
            Node *p = ps[at++];
            if (p->walk == walks) continue;
            met(w, p);
            if (p->np) down = p;
            else if ((w->order[done++] = p, done == w->room) && walk_grow(w)) goto memory;
        }
        if (!down) {
            w->order[done++] = v;
            if (done == w->room && walk_grow(w)) goto memory;
            depth--;
            continue;
        }
        f->at = at;
        if (++depth == w->deepest) {
            void *more = PyMem_Realloc(w->stack, 2 * (size_t)w->deepest * sizeof(Frame));
            if (!more) goto memory;
            w->stack = more;
            w->deepest *= 2;
        }
        w->stack[depth] = (Frame){down, 0};
    }
    w->n = done;
    return 0;
memory:
    walk_end(w);
    PyErr_NoMemory();
    return -1;
}
static PyObject *twin_topological(PyObject *m, PyObject *const *args, Py_ssize_t n, PyObject *names) {
    if (n != 1 || names || !IS_NODE(args[0]) || PyList_GET_SIZE(watching))
        return PyObject_Vectorcall(slow_topological, args, (size_t)n, names);
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
    int n = v->nx;
    PyObject *t = PyTuple_New(n + 1);
    if (t && n != v->nx) { /* the collector ran somebody's code */
        Py_DECREF(t);
        return numbers_of(v);
    }
    for (int i = 0; t && i <= n; i++) {
        PyObject *x = PyFloat_FromDouble(i ? INPUTS(v)[i - 1] : v->y);
        if (!x) {
            Py_DECREF(t);
            return NULL;
        }
        PyTuple_SET_ITEM(t, i, x);
    }
    return t;
}
/* What the rules in Python say: for each node that must be asked, last first, its local gradients, and which of them
 * are an absolute zero, of a branch that was not taken (floats.Nothing). */
typedef struct {
    Node *v;
    int n;
    double *d;
    char *nothing;
} Said;
static PyObject *called(PyObject *op, PyObject *name, PyObject *args) {
    PyObject *rule = PyObject_GetAttr(op, name), *r = rule ? PyObject_Call(rule, args, NULL) : NULL;
    Py_XDECREF(rule);
    return r;
}
static int ask(Said *s) {
    Node *v = s->v;
    int n = v->np;
    PyObject *xs = v->nx >= 0 ? numbers_of(v) : Py_BuildValue("(d)", v->data),
             *ds = xs ? called(v->op, s_local, xs) : NULL;
    if (xs && !ds && PyErr_ExceptionMatches(PyExc_ArithmeticError)) { /* once more, on floats that go on */
        PyErr_Clear();
        ds = called(v->op, s_slopes, xs);
    }
    Py_XDECREF(xs);
    PyObject *all = ds ? PySequence_Tuple(ds) : NULL;
    Py_XDECREF(ds);
    if (!all) return -1;
    Py_ssize_t count = PyTuple_GET_SIZE(all);
    if (count != n && n <= 2)
        PyErr_Format(PyExc_ValueError, "%S has %zd local gradients for %d inputs", v->op, count, n);
    s->n = n;
    s->d = NEW(n, double);
    s->nothing = NEW(n, char);
    if (!s->d || !s->nothing) PyErr_NoMemory();
    for (int i = 0; !PyErr_Occurred() && i < n; i++) {
        PyObject *d = i < count ? PyTuple_GET_ITEM(all, i) : NULL;
        s->nothing[i] = !d || Py_IS_TYPE(d, Nothing);
        s->d[i] = d ? PyFloat_AsDouble(d) : 0.0;
    }
    Py_DECREF(all);
    return PyErr_Occurred() ? -1 : 0;
}
static int finite_sum(const double *d, int n) {
    double s = 0.0;
    for (int i = 0; i < n; i++) s += d[i];
    return isfinite(s);
}

/* The local gradients of a node, of a rule that is known here. */
static void partials_of(const Node *v, double *d) {
    const Row *row = v->row;
    int n = v->np;
    const double *x = INPUTS(v);
    if (row->given) memcpy(d, row->given, (size_t)n * sizeof *d);
    else if (row->code == SUM)
        for (int i = 0; i < n; i++) d[i] = 1.0;
    else if (row->code == DOT) {
        int h = n / 2;
        for (int i = 0; i < h; i++) {
            d[i] = x[h + i];
            d[h + i] = x[i];
        }
        if (n % 2) d[n - 1] = 1.0;
    } else {
        double reg[REGISTERS + 1];
        reg[0] = v->y;
        for (int i = 0; i < n; i++) reg[i + 1] = x[i];
        program_run(&row->partials, reg, d);
        if (row->limited && v->y != v->y)
            for (int i = 0; i < n; i++) d[i] = Py_NAN;
    }
}
/* Sums are made in the nodes, from the root to the leaves; nothing can interrupt this. */
static void flow(Walk *w) {
    double d[REGISTERS + 1];
    for (Py_ssize_t k = w->n; k-- > 0;) {
        Node *v = w->order[k], **p = PARENTS(v);
        const double *x = INPUTS(v), up = v->grad;
        int n = v->np;
        if (!n) continue;
        switch (v->row->code) {
        case ADD:
            p[0]->grad += up;
            p[1]->grad += up;
            continue;
        case MUL:
            p[0]->grad += x[1] * up;
            p[1]->grad += x[0] * up;
            continue;
        case SUM:
            for (int i = 0; i < n; i++) p[i]->grad += up;
            continue;
        case DOT: {
            int h = n / 2;
            if (up == 0.0 && finite_sum(x, n)) continue; /* a dead neuron hands on nothing */
            for (int i = 0; i < h; i++) p[i]->grad += x[h + i] * up;
            for (int i = 0; i < h; i++) p[h + i]->grad += x[i] * up;
            if (n % 2) p[n - 1]->grad += up;
            continue;
        }
        }
        const double *ds = v->row->given;
        if (!ds) partials_of(v, d), ds = d;
        for (int i = 0; i < n; i++) p[i]->grad += ds[i] * up;
    }
}
/* The same where rules were asked, or branches were not taken: a sum is untouched, an absolute zero, or a number. */
enum { UNTOUCHED, NOTHING, NUMBER }; /* 0, 1, 2 */
static void flow_with_care(Walk *w, double *d, char *nothing, char *state, const Said *said) {
    for (Py_ssize_t k = w->n; k-- > 0;) {
        Node *v = w->order[k], **p = PARENTS(v);
        double up = v->grad;
        int n = v->np, none = state[v->place] == NOTHING;
        const double *ds = d;
        const char *none_of = nothing;
        if (!n) continue;
        if (said && said->v == v) {
            ds = said->d;
            none_of = said->nothing;
            said++;
        } else if (v->row->code == WHERE) {
            int first = INPUTS(v)[0] != 0.0;
            d[0] = 0.0;
            d[1] = d[2] = 0.0;
            d[first ? 1 : 2] = 1.0;
            nothing[0] = 0;
            nothing[1] = !first;
            nothing[2] = (char)first;
        } else {
            partials_of(v, d);
            memset(nothing, 0, (size_t)n);
        }
        if (n > 3 && up == 0.0 && !none && finite_sum(ds, n)) continue;
        for (int i = 0; i < n; i++) {
            double g = ds[i] * up;
            int zero = none || none_of[i];
            if (zero && g != 0.0) g = 0.0;
            char *to = state + p[i]->place;
            p[i]->grad += g;
            *to = *to == NUMBER || !zero ? NUMBER : NOTHING;
        }
    }
}
static PyObject *node_backward(PyObject *self, PyObject *const *args, Py_ssize_t n_args, PyObject *names) {
    Node *root = (Node *)self;
    double seed = 1.0;
    if (n_args == 1 && !names && PyFloat_CheckExact(args[0])) seed = PyFloat_AS_DOUBLE(args[0]);
    else if (n_args || (names && PyTuple_GET_SIZE(names))) goto python;
    if (PyList_GET_SIZE(watching) || !root->row || root->op == detached.op) goto python;

    Walk w;
    Py_ssize_t n_said = 0, i;
    Said *said = NULL;
    PyObject *result = NULL;
    if (walk_begin(&w, root)) return NULL;
    if (w.unmade) {
        walk_end(&w);
        goto python;
    }
    if (!w.care && !w.dirty) { /* the sums are made where they belong */
        root->grad += seed;
        flow(&w);
        walk_end(&w);
        Py_RETURN_NONE;
    }
    int care = w.care, widest = 3;
    for (i = 0; i < w.n; i++) widest = w.order[i]->np > widest ? w.order[i]->np : widest;
    double *before = NEW(w.n, double), *d = care ? NEW(widest, double) : NULL;
    char *nothing = care ? NEW(widest, char) : NULL, *state = care ? PyMem_Calloc((size_t)w.n, 1) : NULL;
    Node **nodes = NULL;
    if (!before || (care && (!d || !nothing || !state))) {
        PyErr_NoMemory();
        goto end;
    }
    if (care & ASKS) { /* before anything flows: meanwhile somebody may change the graph, or walk along it */
        nodes = NEW(w.n, Node *);
        for (i = 0; i < w.n; i++) n_said += w.order[i]->np && is_asked(w.order[i]->row);
        said = PyMem_Calloc((size_t)n_said + 1, sizeof(Said));
        if (!nodes || !said) {
            PyErr_NoMemory();
            goto end;
        }
        memcpy(nodes, w.order, (size_t)w.n * sizeof(Node *));
        for (i = 0; i < w.n; i++) Py_INCREF(nodes[i]);
        Py_ssize_t n = w.n, count = 0;
        for (i = n; i-- > 0 && !PyErr_Occurred();) {
            if (!nodes[i]->np || !nodes[i]->row || !is_asked(nodes[i]->row) || count == n_said) continue;
            said[count].v = nodes[i];
            if (ask(said + count++)) break;
        }
        walk_end(&w);
        w.order = NULL;
        int same = !PyErr_Occurred() && !walk_begin(&w, root) && w.n == n && !w.unmade &&
                   !memcmp(nodes, w.order, (size_t)n * sizeof(Node *));
        for (i = n, count = 0; same && i-- > 0;)
            if (nodes[i]->np && is_asked(nodes[i]->row))
                same = count < n_said && said[count].v == nodes[i] && said[count].n == nodes[i]->np && ++count;
        for (i = 0; i < n; i++) Py_DECREF(nodes[i]);
        if (!same) {
            if (!PyErr_Occurred())
                PyErr_SetString(PyExc_RuntimeError, "the graph was changed while its rules were asked");
            goto end;
        }
    }
    for (i = 0; i < w.n; i++) {
        before[i] = w.order[i]->grad;
        w.order[i]->grad = -0.0; /* -0.0 + x is x */
        w.order[i]->place = (int)i;
    }
    root->grad = seed;
    if (care) {
        state[root->place] = NUMBER;
        flow_with_care(&w, d, nothing, state, said);
    } else flow(&w);
    for (i = 0; i < w.n; i++) w.order[i]->grad = before[i] + w.order[i]->grad;
    result = Py_NewRef(Py_None);
end:
    if (w.order) walk_end(&w);
    for (i = 0; said && i < n_said; i++) {
        PyMem_Free(said[i].d);
        PyMem_Free(said[i].nothing);
    }
    PyMem_Free(said);
    PyMem_Free(nodes);
    PyMem_Free(d);
    PyMem_Free(before);
    PyMem_Free(nothing);
    PyMem_Free(state);
    return result;
python:
    return called_in_python(slow_backward, self, args, n_args, names);
}
static PyObject *node_zero_grad(PyObject *self, PyObject *_) {
    Walk w;
    if (walk_begin(&w, (Node *)self)) return NULL;
    for (Py_ssize_t i = 0; i < w.n; i++) w.order[i]->grad = 0.0;
    walk_end(&w);
    Py_RETURN_NONE;
}
