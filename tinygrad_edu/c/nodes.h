/* What a Value keeps, where it lies, and how it goes. */
#include "rows.h"

/* ---- nodes */

typedef struct {
    uintptr_t next, prev;
} Header; /* the collector's, before each node */
typedef struct Node {
    PyObject_HEAD double data, grad, y; /* y is what it computed, whatever .data was set to since */
    PyObject *op;
    Row *row;
    unsigned walk;
    int place; /* the last walk that met it, and where it stands in that one */
    int np;    /* how many parents */
    unsigned in_slab : 1, by_hand : 1, shown : 1; /* where it lies; whether somebody wrote what it is made of; whether
                                                   * the collector sees it, and all that it was computed from */
    int nx : 29;                                  /* how many inputs were seen, -1 for none */
    union {
        struct Node *few[2], **many;
    } p;
    union {
        double few[2], *many;
    } x;
    PyObject *dict;
} Node;
#define PARENTS(v) ((v)->np > 2 ? (v)->p.many : (v)->p.few)
#define INPUTS(v) ((v)->nx > 2 ? (v)->x.many : (v)->x.few)
/* The collector sees a node only where it may stand in a cycle: something hangs on it, or on one of its parents. */
#define IS_SEEN(v) (((Header *)(v) - 1)->next != 0)
#define IS_NODE(o) (Py_IS_TYPE(o, Value) || PyObject_TypeCheck(o, &NodeType))

/* Room for nodes, in slabs of 64 kB: the next node stands behind the last one wherever that is free, so that a graph is
 * walked in the order of its addresses, also after thousands of graphs have come and gone. */
#define SLAB ((size_t)1 << 16)
#define FIRST 192
#define EACH (sizeof(Header) + sizeof(Node))
#define PER ((int)((SLAB - FIRST) / EACH))
#define WORDS ((PER + 63) / 64)
typedef struct {
    int live, at;
    uint64_t empty[16];
} Slab;
static struct {
    Slab **all;
    int n, room, slab, at, unused;
    long spare;
} slabs; /* `slab`, `at`: where to look next */

static int slab_add(void) {
    if (slabs.n == slabs.room) {
        int room = slabs.room ? 2 * slabs.room : 64;
        Slab **more = PyMem_RawRealloc(slabs.all, (size_t)room * sizeof *more);
        if (!more) return -1;
        slabs.all = more;
        slabs.room = room;
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
    s->at = slabs.n;
    slabs.slab = slabs.n;
    slabs.at = 0;
    slabs.all[slabs.n++] = s;
    slabs.spare += PER;
    slabs.unused++;
    return 0;
}
static inline int lowest(uint64_t bits) {
#ifdef _MSC_VER
    unsigned long i;
    _BitScanForward64(&i, bits);
    return (int)i;
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
                slabs.spare--;
                slabs.at = i + 1;
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
    if (--s->live || ++slabs.unused <= 16 + slabs.n / 2)
        return; /* half of them, or 1 MB, are kept for the next graph */
    Slab *last = slabs.all[--slabs.n];
    last->at = s->at;
    slabs.all[s->at] = last;
    slabs.spare -= PER;
    slabs.unused--;
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
    v->in_slab = 1;
    v->nx = -1;
    return (PyObject *)v;
}
static inline Node *blank(Pair of) {
    Node *v = (Node *)value_alloc(Value, 0);
    if (v) {
        Py_INCREF(of.op);
        Py_INCREF(of.row);
        v->op = of.op;
        v->row = of.row;
    }
    return v;
}

/* Nodes go without recursion, so that a chain of a million does: those that nothing refers to any more wait in line. */
static struct {
    Node **v;
    Py_ssize_t n, room;
} dying;
static int dies_later(Node *v) {
    if (dying.n == dying.room) {
        Py_ssize_t room = dying.room ? 2 * dying.room : 1024;
        Node **more = PyMem_Realloc(dying.v, (size_t)room * sizeof *more);
        if (!more) return 0;
        dying.v = more;
        dying.room = room;
    }
    if (IS_SEEN(v)) PyObject_GC_UnTrack(v); /* or somebody might find it there, who waits in line */
    dying.v[dying.n++] = v;
    return 1;
}
static void drop_parents(Node *v) { /* those that nobody else has wait in line */
    int n = v->np;
    Node *few[2], **ps = v->p.many;
    if (n <= 2) {
        few[0] = v->p.few[0];
        few[1] = v->p.few[1];
        ps = few;
    }
    v->np = 0;
    for (int i = 0; i < n; i++)
        if (!(Py_REFCNT(ps[i]) == 1 && ps[i]->in_slab && Py_IS_TYPE(ps[i], Value) && dies_later(ps[i])))
            Py_DECREF(ps[i]);
    if (n > 2) PyMem_Free(ps);
    if (v->nx > 2) PyMem_Free(v->x.many);
    v->nx = -1;
}
static void release(Node *v) { /* all that it has */
    drop_parents(v);
    Py_CLEAR(v->op);
    Py_CLEAR(v->row);
    Py_CLEAR(v->dict);
}
static void bury(void) { /* the whole line: another thread may have come while a finalizer ran, and left some in it */
    while (dying.n) {
        Node *v = dying.v[--dying.n];
        release(v);
        slab_give(v);
        Py_DECREF(Value);
    }
}
static void node_dealloc(PyObject *self) {
    PyTypeObject *type = Py_TYPE(self);
    if (IS_SEEN(self)) PyObject_GC_UnTrack(self);
    release((Node *)self);
    if (((Node *)self)->in_slab) slab_give((Node *)self);
    else type->tp_free(self);
    bury();
}
static int node_traverse(PyObject *self, visitproc visit, void *arg) {
    Node *v = (Node *)self;
    for (int i = 0; i < v->np; i++) Py_VISIT(PARENTS(v)[i]);
    Py_VISIT(v->op);
    Py_VISIT(v->dict);
    return 0;
}
static int node_clear(PyObject *self) {
    Py_CLEAR(((Node *)self)->dict);
    drop_parents((Node *)self);
    bury();
    return 0;
}

/* A node that was made is told to whoever watches; takes over the reference. */
static PyObject *told(Node *v) {
    PyObject *r = PyObject_CallOneArg(made, (PyObject *)v);
    if (!r) {
        Py_DECREF(v);
        return NULL;
    }
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
        Node **many = NEW(n, Node *);
        double *xs = NEW(n, double);
        if (!many || !xs) {
            PyMem_Free(many);
            PyMem_Free(xs);
            Py_DECREF(v);
            return PyErr_NoMemory();
        }
        v->p.many = many;
        v->x.many = xs;
    }
    v->np = v->nx = n;
    v->data = v->y = y;
    Node **p = PARENTS(v);
    double *x = INPUTS(v);
    int seen = 0, made_all = 1;
    for (int i = 0; i < n; i++) {
        Py_INCREF(ps[i]);
        p[i] = ps[i];
        x[i] = ps[i]->data;
        seen |= IS_SEEN(ps[i]);
        made_all &= ps[i]->row != NULL;
    }
    if (!made_all) { /* object.__new__(Value), and no more */
        Py_DECREF(v);
        PyErr_SetString(PyExc_AttributeError, "_data");
        return NULL;
    }
    if (seen) PyObject_GC_Track(v);
    return DONE(v);
}
static inline PyObject *constant(double x) { /* a leaf that keeps what it was: a number as it stands in a formula */
    Node *v = blank(leaf);
    if (!v) return NULL;
    v->data = v->y = x;
    v->nx = 0;
    return DONE(v);
}
static inline int plain(PyObject *x, double *d) { /* a float, or an int that is one to the last bit */
    if (PyFloat_CheckExact(x)) {
        *d = PyFloat_AS_DOUBLE(x);
        return 1;
    }
    if (!PyLong_CheckExact(x)) return 0;
    int over;
    long long i = PyLong_AsLongLongAndOverflow(x, &over);
    if (over || i >= (1LL << 53) || i <= -(1LL << 53)) return 0;
    *d = (double)i;
    return 1;
}
static PyObject *lifted(PyObject *x) { /* an operand as a Value, a new reference; or NotImplemented */
    double d;
    if (IS_NODE(x)) return Py_NewRef(x);
    return plain(x, &d) ? constant(d) : PyObject_CallOneArg(lift, x);
}
