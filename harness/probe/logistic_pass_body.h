/* A walk over the rows in one type of number: REAL, and NAME(what).  Included by
 * logistic_pass.c for both. */

/* Scores t[m, columns] to their places, and u[m, columns] from them; bias[columns] += the sums of u. */
static void NAME(between)(REAL *u, double *bias, const REAL *t, const struct walk *w, size_t begin, size_t m)
{
    const struct logistic_set *s = w->s;
    size_t K = s->K;
    double score[K], out[K];
    for (size_t a = 0; a < w->n_active; a++) {
        size_t p = w->active[a];
        const double *weight = s->problem[p].weight + begin, *prob = of_rows(s, s->prob, p) + begin * K;
        const double *now = of_rows(s, s->score, p) + begin * K;
        double *kept = of_rows(s, s->step_score, p) + begin * K;
        for (size_t i = 0; i < m; i++) {
            size_t at = i * w->columns + a * K;
            if (w->kind == PASS_GRADIENT)
                gradient_row(out, prob + i * K, K, weight[i], s->label[begin + i]);
            else
                for (size_t k = 0; k < K; k++)
                    score[k] = (double)t[at + k] + w->bias[a * K + k];
            if (w->kind == PASS_STEP) {
                for (size_t k = 0; k < K; k++)
                    kept[i * K + k] = score[k] - now[i * K + k];
                continue;
            }
            if (w->kind == PASS_HESSIAN)
                hessian_row(out, prob + i * K, score, K, weight[i]);
            for (size_t k = 0; k < K; k++) {
                u[at + k] = (REAL)out[k];
                bias[a * K + k] += out[k];
            }
        }
    }
}

/* out[columns, stride] and bias[columns] of rows first .. end. */
static void NAME(walk_chunk)(REAL *out, double *bias, const struct walk *w, size_t first, size_t end)
{
    const struct logistic_set *s = w->s;
    size_t d = s->rows.d, stride = s->stride, columns = w->columns, block = end - first < s->block ? end - first : s->block;
    REAL *buffer = NAME(buffer)(s, block), *t = NEW(block * columns, REAL), *u = NEW(block * columns, REAL);
    for (size_t c = 0; c < columns && w->kind != PASS_STEP; c++)
        memset(out + c * stride, 0, thin_padded(d) * sizeof *out);
    for (size_t begin = first; begin < end; begin += block) {
        size_t m = end - begin < block ? end - begin : block;
        const REAL *z = NAME(load)(buffer, s, begin, m);
        if (w->kind != PASS_GRADIENT)
            NAME(thin_forward)(t, z, w->in, m, columns, d, stride);
        NAME(between)(u, bias, t, w, begin, m);
        if (w->kind != PASS_STEP)
            NAME(thin_backward)(out, u, z, m, columns, d, stride);
    }
    free(u);
    free(t);
    free(buffer);
}

static void NAME(walk)(struct logistic_set *s, enum logistic_pass kind, const size_t *active, size_t n_active)
{
    size_t n = s->rows.n, d = s->rows.d, columns = n_active * s->K, stride = s->stride, slot = s->n_problems * s->K;
    REAL *in = mem_aligned(columns * stride, sizeof *in), *partial = (REAL *)s->partial;
    double *bias_in = NEW(columns, double), *bias = NEW0(s->n_chunks * columns, double);
    double *from = kind == PASS_HESSIAN ? s->direction : s->theta, *to = kind == PASS_HESSIAN ? s->product : s->gradient;
    for (size_t c = 0; c < columns; c++) {
        const double *column = of_theta(s, from, active[c / s->K]) + c % s->K * s->order;
        const double *step = kind == PASS_STEP ? of_theta(s, s->step, active[c / s->K]) + c % s->K * s->order : NULL;
        memset(in + c * stride + d, 0, (thin_padded(d) - d) * sizeof *in);
        for (size_t j = 0; j < d; j++)
            in[c * stride + j] = (REAL)(column[j] + (step ? step[j] : 0));
        bias_in[c] = column[d] + (step ? step[d] : 0);
    }
    struct walk w = {.s = s, .kind = kind, .active = active, .n_active = n_active, .columns = columns, .in = in, .bias = bias_in};
#pragma omp parallel for schedule(dynamic, 1) num_threads(s->n_threads)
    for (size_t c = 0; c < s->n_chunks; c++)
        NAME(walk_chunk)(partial + c * slot * stride, bias + c * columns, &w, n * c / s->n_chunks, n * (c + 1) / s->n_chunks);
    for (size_t c = 0; c < columns && kind != PASS_STEP; c++) {
        size_t at = c % s->K * s->order;
        double *sum = of_theta(s, to, active[c / s->K]) + at;
        const struct logistic_problem *problem = &s->problem[active[c / s->K]];
        const double *column = of_theta(s, from, active[c / s->K]) + at;
        for (size_t j = 0; j < d; j++)
            sum[j] = problem->ridge[j] * column[j] / problem->C;
        sum[d] = 0;
        for (size_t q = 0; q < s->n_chunks; q++) {
            const REAL *part = partial + (q * slot + c) * stride;
            for (size_t j = 0; j < d; j++)
                sum[j] += (double)part[j];
            sum[d] += bias[q * columns + c];
        }
    }
    free(bias);
    free(bias_in);
    free(in);
}
