/* W1 by hand, a layer at a time: in the innermost loops the points lie side by side, so that the compiler can take several at once.
   theta lists a layer neuron by neuron, weights before bias. */

enum { IN = 2, H = 16, L1 = 0, L2 = L1 + H * (IN + 1), L3 = L2 + H * (H + 1), ALL = L3 + H + 1 };

/* y = W x + b for n points: a row of x and y for each number */
static void forward(const double *restrict A, int n_in, int n_out, const double *restrict x, double *restrict y, int n) {
    for (int j = 0; j < n_out; j++, A += n_in + 1) {
        double *to = y + j * n;
        for (int p = 0; p < n; p++) to[p] = A[n_in];
        for (int i = 0; i < n_in; i++)
            for (int p = 0; p < n; p++) to[p] += A[i] * x[i * n + p];
    }
}

/* what dy, the slopes of a layer's outputs, make of its parameters' (D) and its inputs' (dx, unless it is null) */
static void backward(const double *restrict A, int n_in, int n_out, const double *restrict x, const double *restrict dy,
                     double *restrict D, double *restrict dx, int n) {
    for (int k = 0; dx && k < n_in * n; k++) dx[k] = 0;
    for (int j = 0; j < n_out; j++, A += n_in + 1, D += n_in + 1, dy += n) {
        for (int i = 0; i < n_in; i++) {
            double s = 0;
            for (int p = 0; p < n; p++) s += dy[p] * x[i * n + p];
            D[i] = s;
            for (int p = 0; dx && p < n; p++) dx[i * n + p] += A[i] * dy[p];
        }
        double s = 0;
        for (int p = 0; p < n; p++) s += dy[p];
        D[n_in] = s;
    }
}

double value_and_gradient(const double *restrict theta, const double *restrict X, const double *restrict Y,
                          double *restrict d, int n, double l2) {
    double x[IN * n], h1[H * n], h2[H * n], g1[H * n], g2[H * n], s[n], loss = 0;
    for (int p = 0; p < n; p++)
        for (int i = 0; i < IN; i++) x[i * n + p] = X[p * IN + i];
    forward(theta + L1, IN, H, x, h1, n);
    for (int k = 0; k < H * n; k++) h1[k] = h1[k] > 0 ? h1[k] : 0;
    forward(theta + L2, H, H, h1, h2, n);
    for (int k = 0; k < H * n; k++) h2[k] = h2[k] > 0 ? h2[k] : 0;
    forward(theta + L3, H, 1, h2, s, n);
    for (int p = 0; p < n; p++) {
        double margin = 1 - Y[p] * s[p];
        loss += margin > 0 ? margin / n : 0;
        s[p] = margin > 0 ? -Y[p] / n : 0;
    }
    backward(theta + L3, H, 1, h2, s, d + L3, g2, n);
    for (int k = 0; k < H * n; k++) g2[k] = h2[k] > 0 ? g2[k] : 0;
    backward(theta + L2, H, H, h1, g2, d + L2, g1, n);
    for (int k = 0; k < H * n; k++) g1[k] = h1[k] > 0 ? g1[k] : 0;
    backward(theta + L1, IN, H, x, g1, d + L1, 0, n);
    for (int i = 0; i < ALL; i++) {
        loss += l2 * theta[i] * theta[i];
        d[i] += 2 * l2 * theta[i];
    }
    return loss;
}

double train(double *restrict theta, const double *restrict X, const double *restrict Y,
             double *restrict d, int n, double l2, double rate, int steps) {
    double loss = 0;
    for (int k = 0; k < steps; k++) {
        loss = value_and_gradient(theta, X, Y, d, n, l2);
        for (int i = 0; i < ALL; i++) theta[i] -= rate * d[i];
    }
    return loss;
}
