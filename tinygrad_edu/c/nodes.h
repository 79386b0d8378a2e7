/* What a Value keeps, where it lies, and how it goes. */
#include "rows.h"

/* ---- nodes */

typedef struct {
    uintptr_t next, prev;
} Header; /* the collector's, before each node */
typedef struct Node {
    PyObject_HEAD double data, y; /* y is what it computed, whatever .data was set to since */
    PyObject *op, *dict;
    double grad; /* from here on, what a walk along the graph reads: with 64 bits, the second line of the cache */
    Row *row;
    unsigned walk;         /* the last walk that met it, */
    int place;             /* and where it stands in that one, if that wants to know */
    int np;                /* how many parents */
    unsigned in_slab : 1,  /* where it lies */
        by_hand : 1,       /* somebody wrote what it is made of */
        shown : 1,         /* the collector sees it, and all that it was computed from */
        joined : 1;        /* many inputs and parents lie in one piece, the inputs first */
    int nx : 28;           /* how many inputs were seen, -1 for none */
    union {
        struct Node *few[2], **many;
    } p;
    union {
        double few[2], *many;
    } x;
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
#define KEPT 512 /* slabs without a node, 32 MB: the next graph needs them, and the system is slow to give them again */
typedef struct {
    int at;
    char unused;
    uint64_t empty[WORDS]; /* a bit for each place */
} Slab;
static uint64_t none[1];
static struct {
    Slab **all;
    int n, room, unused;
    Slab *here; /* where to look next: in this slab, from this word on; */
    int word;
    uint64_t *at, ahead; /* in the word itself, for these of its bits, */
    char *first;         /* whose first is this place */
} slabs = {.at = none};

#ifdef _MSC_VER
#define ALWAYS_INLINE static __forceinline
static inline int lowest(uint64_t bits) {
    unsigned long i;
    _BitScanForward64(&i, bits);
    return (int)i;
}
#else
#define ALWAYS_INLINE static inline __attribute__((always_inline))
#define lowest(bits) __builtin_ctzll(bits)
#endif
static long how_many(uint64_t bits) { /* of them are 1: added up in pairs, fours and eights */
    bits -= bits >> 1 & 0x5555555555555555;
    bits = (bits & 0x3333333333333333) + (bits >> 2 & 0x3333333333333333);
    return (long)(((bits + (bits >> 4)) & 0x0f0f0f0f0f0f0f0f) * 0x0101010101010101 >> 56);
}
static inline uint64_t all_of(int word) { return ~(uint64_t)0 >> (word == WORDS - 1 ? 64 * WORDS - PER : 0); }
static int is_empty(const Slab *s) {
    for (int w = 0; w < WORDS; w++)
        if (s->empty[w] != all_of(w)) return 0;
    return 1;
}
static long places(void) { /* that are free */
    long n = 0;
    for (int i = 0; i < slabs.n; i++)
        for (int w = 0; w < WORDS; w++) n += how_many(slabs.all[i]->empty[w]);
    return n;
}
static Slab *slab_add(void) {
    if (slabs.n == slabs.room) {
        int room = slabs.room ? 2 * slabs.room : 64;
        Slab **more = PyMem_RawRealloc(slabs.all, (size_t)room * sizeof *more);
        if (!more) return NULL;
        slabs.all = more;
        slabs.room = room;
    }
    Slab *s = NULL;
#ifdef _WIN32
    s = _aligned_malloc(SLAB, SLAB);
#else
    if (posix_memalign((void **)&s, SLAB, SLAB)) s = NULL;
#endif
    if (!s) return NULL;
    for (int w = 0; w < WORDS; w++) s->empty[w] = all_of(w);
    s->at = slabs.n;
    s->unused = 1;
    slabs.unused++;
    return slabs.all[slabs.n++] = s;
}
static void slab_unused(Slab *s) { /* all its nodes are gone */
    s->unused = 1;
    if (++slabs.unused <= KEPT + slabs.n / 2) return;
    Slab *last = slabs.all[--slabs.n];
    last->at = s->at;
    slabs.all[s->at] = last;
    slabs.unused--;
#ifdef _WIN32
    _aligned_free(s);
#else
    free(s);
#endif
}
static uint64_t slab_next(void) { /* the free places of the next word that has some; 0 if there is no memory */
    int w = slabs.word + 1, around = 0;
    Slab *s = slabs.here;
    for (;;) {
        for (; s && w < WORDS; w++)
            if (s->empty[w]) {
                if (s->unused) slabs.unused--;
                s->unused = 0;
                slabs.here = s;
                slabs.word = w;
                slabs.at = s->empty + w;
                slabs.first = (char *)s + FIRST + 64 * EACH * (size_t)w + sizeof(Header);
                return *slabs.at;
            }
        int next = s ? s->at + 1 : 0;
        if (s && s == slabs.here) {
            slabs.here = NULL; /* before it goes */
            slabs.at = none;
            if (is_empty(s)) {
                slab_unused(s);
                next = next < slabs.n ? next : 0;
            }
        }
        w = 0;
        if (next < slabs.n) s = slabs.all[next];
        else if (!around++ && places() > (long)slabs.n * PER / 4) s = slabs.all[0]; /* once more from the front */
        else if (!(s = slab_add())) return 0;
    }
}
static inline Node *slab_take(void) {
    uint64_t bits = *slabs.at & slabs.ahead;
    if (!bits && !(bits = slab_next())) return NULL;
    uint64_t bit = bits & (~bits + 1);
    *slabs.at ^= bit;
    slabs.ahead = ~(bit | (bit - 1));
    return (Node *)(slabs.first + (size_t)lowest(bits) * EACH);
}
static inline void slab_give(Node *v) {
    Slab *s = (Slab *)((uintptr_t)v & ~(uintptr_t)(SLAB - 1));
    int i = (int)(((char *)v - sizeof(Header) - (char *)s - FIRST) / EACH), w = i >> 6;
    s->empty[w] |= (uint64_t)1 << (i & 63);
    if (s->empty[w] == all_of(w) && s != slabs.here && is_empty(s)) slab_unused(s);
}

/* A Value without anything in it but its row; what it was computed from is for the caller. */
ALWAYS_INLINE Node *blank(Pair of, double y) {
    Node *v = slab_take();
    if (!v) return (Node *)PyErr_NoMemory();
    ((Header *)v - 1)->next = ((Header *)v - 1)->prev = 0;
#if defined(Py_REF_DEBUG) || PY_VERSION_HEX >= 0x030e0000
    PyObject_Init((PyObject *)v, Value);
#else
    ((PyObject *)v)->ob_refcnt = 1; /* as PyObject_Init does */
    ((PyObject *)v)->ob_type = (PyTypeObject *)Py_NewRef((PyObject *)Value);
#endif
    v->data = v->y = y;
    v->op = Py_XNewRef(of.op);
    v->row = (Row *)Py_XNewRef((PyObject *)of.row);
    v->dict = NULL;
    v->grad = 0.0;
    v->walk = 0;
    v->place = v->np = 0;
    v->in_slab = 1;
    v->by_hand = v->shown = v->joined = 0;
    v->nx = -1;
    return v;
}
/* What `object.__new__` asks a class for: exact Values lie in slabs, instances of its subclasses anywhere. */
static PyObject *value_alloc(PyTypeObject *type, Py_ssize_t n) {
    Node *v = (Node *)(type == Value ? (PyObject *)blank((Pair){NULL, NULL}, 0.0) : PyType_GenericAlloc(type, n));
    if (v) v->nx = -1;
    return (PyObject *)v;
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
ALWAYS_INLINE void drop_parents(Node *v) { /* those that nobody else has wait in line */
    int n = v->np;
    Node *few[2] = {v->p.few[0], v->p.few[1]}, **ps = n > 2 ? v->p.many : few;
    double *xs = v->nx > 2 ? v->x.many : NULL;
    int joined = v->joined;
    v->np = v->joined = 0;
    v->nx = -1;
    for (int i = 0; i < n; i++)
        if (!(Py_REFCNT(ps[i]) == 1 && Py_IS_TYPE(ps[i], Value) && ps[i]->in_slab && dies_later(ps[i])))
            Py_DECREF(ps[i]);
    if (n > 2 && !joined) PyMem_Free(ps);
    if (xs) PyMem_Free(xs);
}
ALWAYS_INLINE void release(Node *v) { /* all that it has */
    drop_parents(v);
    Py_XDECREF(v->op);
    Py_XDECREF(v->row);
    Py_XDECREF(v->dict);
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
ALWAYS_INLINE Node *unwatched(Pair of, double y, Node **ps, int n) { /* the node of these parents */
    int seen = 0;
    double *many = NULL;
    for (int i = 0; i < n; i++) {
        if (!ps[i]->op) { /* object.__new__(Value), and no more */
            PyErr_SetString(PyExc_AttributeError, "_data");
            return NULL;
        }
        seen |= IS_SEEN(ps[i]);
    }
    if (n > 2 && !(many = PyMem_Malloc((size_t)n * (sizeof(double) + sizeof(Node *))))) return (Node *)PyErr_NoMemory();
    Node *v = blank(of, y);
    if (!v) {
        PyMem_Free(many);
        return NULL;
    }
    v->np = v->nx = n;
    if (n > 2) {
        v->x.many = many;
        v->p.many = (Node **)(many + n);
        v->joined = 1;
    }
    Node **p = n > 2 ? v->p.many : v->p.few;
    double *x = n > 2 ? many : v->x.few;
    for (int i = 0; i < n; i++) {
        p[i] = (Node *)Py_NewRef(ps[i]);
        x[i] = ps[i]->data;
    }
    if (seen) PyObject_GC_Track(v);
    return v;
}
ALWAYS_INLINE PyObject *with_parents(Pair of, double y, Node **ps, int n) {
    int forgotten = past_is_forgotten();
    if (forgotten) return forgotten > 0 ? (PyObject *)blank(detached, y) : NULL;
    Node *v = unwatched(of, y, ps, n);
    return v ? DONE(v) : NULL;
}
static inline PyObject *constant(double x) { /* a leaf that keeps what it was: a number as it stands in a formula */
    Node *v = blank(leaf, x);
    if (!v) return NULL;
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
