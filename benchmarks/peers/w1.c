/* One step of W1 by hand: a loop over points, and in it loops over neurons and their inputs.
   theta lists a layer neuron by neuron, weights before bias. */

enum { IN = 2, H = 16, L1 = 0, L2 = L1 + H * (IN + 1), L3 = L2 + H * (H + 1), ALL = L3 + H + 1 };

double value_and_gradient(const double *restrict theta, const double *restrict X, const double *restrict Y,
                          double *restrict d, int points, double l2) {
    double loss = 0;
    for (int i = 0; i < ALL; i++) d[i] = 0;
    for (int p = 0; p < points; p++) {
        const double *x = X + IN * p;
        double h1[H], h2[H], g1[H], g2[H];
        for (int j = 0; j < H; j++) {
            const double *w = theta + L1 + j * (IN + 1);
            double s = w[IN];
            for (int i = 0; i < IN; i++) s += w[i] * x[i];
            h1[j] = s > 0 ? s : 0;
        }
        for (int j = 0; j < H; j++) {
            const double *w = theta + L2 + j * (H + 1);
            double s = w[H];
            for (int i = 0; i < H; i++) s += w[i] * h1[i];
            h2[j] = s > 0 ? s : 0;
        }
        const double *w3 = theta + L3;
        double s = w3[H];
        for (int i = 0; i < H; i++) s += w3[i] * h2[i];
        double margin = 1 - Y[p] * s;
        if (margin <= 0) continue;

        loss += margin / points;
        double g3 = -Y[p] / points;
        for (int i = 0; i < H; i++) {
            d[L3 + i] += g3 * h2[i];
            g2[i] = h2[i] > 0 ? g3 * w3[i] : 0;
            g1[i] = 0;
        }
        d[L3 + H] += g3;
        for (int j = 0; j < H; j++) {
            const double *w = theta + L2 + j * (H + 1);
            double *dw = d + L2 + j * (H + 1);
            for (int i = 0; i < H; i++) {
                dw[i] += g2[j] * h1[i];
                g1[i] += g2[j] * w[i];
            }
            dw[H] += g2[j];
        }
        for (int j = 0; j < H; j++) {
            double g = h1[j] > 0 ? g1[j] : 0, *dw = d + L1 + j * (IN + 1);
            for (int i = 0; i < IN; i++) dw[i] += g * x[i];
            dw[IN] += g;
        }
    }
    for (int i = 0; i < ALL; i++) {
        loss += l2 * theta[i] * theta[i];
        d[i] += 2 * l2 * theta[i];
    }
    return loss;
}

double train(double *restrict theta, const double *restrict X, const double *restrict Y,
             double *restrict d, int points, double l2, double rate, int steps) {
    double loss = 0;
    for (int k = 0; k < steps; k++) {
        loss = value_and_gradient(theta, X, Y, d, points, l2);
        for (int i = 0; i < ALL; i++) theta[i] -= rate * d[i];
    }
    return loss;
}
