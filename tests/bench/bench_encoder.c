/* Images a second of our ViT-L/16 against PyTorch's and against the processor's
 * peak, from one run: a round measures everything once, odd rounds in reverse
 * order, and figures are medians over rounds, ratios medians of the rounds'
 * ratios.  Both sides get the same random weights, and are timed only if their
 * embeddings of the same pictures agree.
 *
 *   bench_encoder [--rounds N] [--layers N] [--threads N] [--quick] [--tiny] [--no-peer] [--peer PROGRAM] [--csv FILE]
 *
 * --quick: 4 layers, 2 rounds; --tiny: a model of two small layers, to try the bench itself; --peer: another program that speaks
 * torch_peer.py's language.  Writes 1.2 GB under TMPDIR (default /tmp) and removes them.
 * Exit codes: 0, 1 something failed or embeddings differ, 2 usage. */
#include <glob.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/blas.h"
#include "base/memory.h"
#include "base/number.h"
#include "encoder_report.h"
#include "figures.h"
#include "load.h"
#include "ours.h"
#include "peak.h"
#include "peer.h"
#include "process.h"
#include "scratch_run.h"
#include "timing.h"

#define MOST_BATCH 16
#define N_PICTURES 32
#define N_CHECKED 2          /* pictures whose embeddings are compared */
#define LIMIT_FP32 1e-5      /* 1 - cosine between the two sides' fp32 */
#define LIMIT_BF16 1e-2      /* between bf16 and our fp32 */
#define PATIENCE_SLOW_S 40.0 /* a way of the peer that needs longer for an image is only estimated */
#define WORTH_TIMING 0.75    /* of the peer's best way; what is slower in a trial is not timed in the rounds: trials differ by a fifth here */
#define HOPELESS 5.0         /* times as long as its fp32 for an image: neither compared nor tried further */
#define MAX_JOBS 128
#define MAX_PRECISIONS 4

struct options {
    struct model model;
    size_t rounds, threads;
    bool peer;
    const char *peer_script, *csv;
    double peak_s; /* of each peak loop */
};

enum job_kind { JOB_PEAK, JOB_OURS, JOB_PEER };
struct job {
    enum job_kind kind;
    size_t which; /* peak_kind, index into ours_precisions or peer_modes */
    size_t threads, batch, images;
};

struct bench {
    const struct options *o;
    const char *folder;
    struct figures figures;
    struct ours *ours[MAX_PRECISIONS];
    struct peer peer;
    bool has_peer;
    float *pixels;
    struct job job[MAX_JOBS];
    size_t n_jobs;
    bool failed;
};

static const size_t batches[] = {1, 2, 4, 8, 16}, peer_batches[] = {1, 4, 16};
#define COUNT(array) (sizeof(array) / sizeof *(array))

/* ---- agreement ---- */

/* Largest 1 - cosine over the 2 n vectors of width D, and largest difference of two values. */
static void compare(double *turned, double *apart, const float *a, const float *b, size_t n, size_t D)
{
    *turned = *apart = 0;
    for (size_t v = 0; v < 2 * n; v++) {
        double ab = 0, aa = 0, bb = 0;
        for (size_t j = 0; j < D; j++) {
            double x = a[v * D + j], y = b[v * D + j];
            ab += x * y;
            aa += x * x;
            bb += y * y;
            *apart = fmax(*apart, fabs(x - y));
        }
        double one = 1 - ab / sqrt(aa * bb);
        *turned = one <= *turned ? *turned : one; /* NaN stays */
    }
}

/* Our embeddings in this precision, [N_CHECKED, 2, D]; NULL with a message. */
static float *embed_ours(struct bench *b, size_t precision)
{
    float *out = NEW(N_CHECKED * 2 * b->o->model.width, float);
    struct status st = {0};
    if (ours_embed(b->ours[precision], b->pixels, N_CHECKED, out, &st)) {
        fprintf(stderr, "bench_encoder: %s\n", st.text);
        free(out);
        return NULL;
    }
    return out;
}

static bool within(const char *who, const char *precision, const float *x, const float *reference, size_t D, bool coarse)
{
    double turned, apart, limit = coarse ? LIMIT_BF16 : LIMIT_FP32;
    compare(&turned, &apart, x, reference, N_CHECKED, D);
    bool fine = turned <= limit;
    printf("  %-17s %-5s against ours fp32: 1 - cosine %.1e, largest difference %.1e%s\n", who, precision, fmax(turned, 0), apart,
           fine ? "" : "  TOO FAR APART: not timed");
    return fine;
}

/* ---- the peer ---- */

#define MAX_PEERS 4

/* Images a second of one batch of 4; 0 if there was none. */
static double peer_trial(struct bench *b, struct peer *p, const char *mode, char *why, size_t size)
{
    double seconds = 0;
    return peer_time(p, &seconds, mode, 4, 4, b->o->threads, false, why, size) == PEER_OK ? 4 / seconds : 0;
}

/* Starts the peer under each BLAS there is: the system's choice and OpenBLAS's two threaded builds. */
static size_t start_peers(struct bench *b, struct peer *peer, char *why, size_t size)
{
    glob_t folders = {0};
    size_t n = 0;
    glob("/usr/lib/*/openblas-openmp", 0, NULL, &folders);
    glob("/usr/lib/*/openblas-pthread", GLOB_APPEND, NULL, &folders);
    for (size_t i = 0; i <= folders.gl_pathc && n < MAX_PEERS && (i == 0 || (n > 0 && !b->o->peer_script)); i++) {
        if (!peer_start(&peer[n], "torch_peer.py", b->o->peer_script, b->folder, i ? folders.gl_pathv[i - 1] : NULL, why, size))
            continue;
        bool seen = false;
        for (size_t k = 0; k < n; k++)
            seen = seen || !strcmp(peer[k].blas, peer[n].blas);
        if (seen)
            peer_stop(&peer[n]);
        else
            n++;
    }
    globfree(&folders);
    return n;
}

/* The fastest of them, by turns, stays. */
static void choose_peer(struct bench *b)
{
    char why[1200] = "";
    struct peer peer[MAX_PEERS] = {0};
    double rate[MAX_PEERS] = {0};
    size_t n = start_peers(b, peer, why, sizeof why), best = 0;
    if (n == 0) {
        printf("  NO PEER: %s; Debian's package python3-torch would give one\n", why);
        return;
    }
    for (size_t trial = 0; trial < 3; trial++)
        for (size_t i = 0; i < n; i++)
            rate[i] = fmax(rate[i], peer_trial(b, &peer[i], "fp32", why, sizeof why));
    for (size_t i = 0; i < n; i++) {
        printf("%s  trial, fp32, batch 4, %zu threads, best of 3: %.3f images/s  %s\n", peer[i].notes, b->o->threads, rate[i],
               rate[i] > 0 ? "" : why);
        best = rate[i] > rate[best] ? i : best;
    }
    for (size_t i = 0; i < n; i++)
        if (i != best)
            peer_stop(&peer[i]);
    b->peer = peer[best];
    b->has_peer = true;
    printf("  taken: %s\n", *b->peer.blas ? b->peer.blas : "the one there is");
}

static void record(struct bench *b, size_t round, const char *what, const char *who, const char *precision, size_t threads, size_t batch,
                   const char *unit, double value)
{
    figures_of(&b->figures, what, who, precision, threads, batch, 0, unit)->value[round] = value;
}

/* A way of the peer too slow for rounds: once, or not at all. */
static void run_slow(struct bench *b, const struct peer_mode *m, double estimate)
{
    char why[1200];
    double seconds;
    printf("  %-17s %-5s about %.0f s an image by the rate of one product", m->who, m->precision, estimate);
    if (estimate > PATIENCE_SLOW_S) {
        printf(": not run\n");
    } else if (peer_time(&b->peer, &seconds, m->mode, 1, 1, b->o->threads, true, why, sizeof why) == PEER_OK) {
        printf("; one image took %.1f s: not in the rounds\n", seconds);
        record(b, 0, "rate", m->who, m->precision, b->o->threads, 1, "images/s", 1 / seconds);
    } else {
        printf("; %s\n", why);
    }
}

/* Which ways of the peer are timed: those that agree with us and are not hopeless beside its best way. */
static void try_modes(struct bench *b, const float *reference, bool *timed)
{
    char why[1200];
    double rate[N_PEER_MODES] = {0}, fp32_s = 0;
    size_t D = b->o->model.width, values = 3 * b->o->model.image * b->o->model.image;
    float *theirs = NEW(N_CHECKED * 2 * D, float);
    for (size_t i = 0; i < N_PEER_MODES; i++) {
        const struct peer_mode *m = &peer_modes[i];
        bool coarse = strcmp(m->precision, "fp32") != 0;
        double seconds;
        enum peer_answer answer = peer_time(&b->peer, &seconds, m->mode, 1, 1, b->o->threads, false, why, sizeof why);
        if (answer == PEER_SLOW) {
            run_slow(b, m, seconds);
            continue;
        }
        fp32_s = i == 0 && answer == PEER_OK ? seconds : fp32_s;
        if (answer == PEER_OK && fp32_s > 0 && seconds > HOPELESS * fp32_s && seconds > 1) {
            printf("  %-17s %-5s %.1f s an image, fp32 %.2f: not in the rounds\n", m->who, m->precision, seconds, fp32_s);
            record(b, 0, "rate", m->who, m->precision, b->o->threads, 1, "images/s", 1 / seconds);
            continue;
        }
        if (answer == PEER_ERROR || !peer_embed(&b->peer, theirs, m->mode, b->pixels, N_CHECKED, values, D, b->folder, why, sizeof why)) {
            printf("  %-17s %-5s cannot be run here: %.200s\n", m->who, m->precision, why);
            continue;
        }
        if (!within(m->who, m->precision, theirs, reference, D, coarse))
            b->failed = true;
        else
            for (size_t trial = 0; trial < 3; trial++)
                rate[i] = fmax(rate[i], peer_trial(b, &b->peer, m->mode, why, sizeof why));
        if (i == 0) { /* before the weights are copied for another way */
            double mb = peer_memory(&b->peer);
            record(b, 0, "memory", "pytorch", "fp32", b->o->threads, 0, "MB", mb > 0 ? mb : NAN);
        }
    }
    for (size_t i = 0; i < N_PEER_MODES; i++) {
        double best = 0;
        for (size_t k = 0; k < N_PEER_MODES; k++)
            best = !strcmp(peer_modes[k].precision, peer_modes[i].precision) ? fmax(best, rate[k]) : best;
        timed[i] = rate[i] > 0 && rate[i] >= WORTH_TIMING * best;
        if (rate[i] > 0 && !timed[i])
            printf("  %-17s %-5s %.3f images/s in a trial, its best way %.3f: not in the rounds\n", peer_modes[i].who, peer_modes[i].precision,
                   rate[i], best);
    }
    free(theirs);
}

/* ---- memory and start, in a process of its own ---- */

/* Opens the encoder, embeds eight pictures on all threads; prints seconds to the first embedding and peak MB. */
static int child(char **arguments)
{
    const struct model *tiny = !strcmp(arguments[2], "tiny") ? &model_tiny : &model_large;
    size_t threads = strtoul(arguments[3], NULL, 10);
    struct ours *o = NULL;
    struct status st = {0};
    double first = 0, rest;
    float *pixels = ours_pictures(tiny, 4);
    double begin = now();
    int code = ours_open(&o, arguments[1], arguments[0], &st);
    code = code ? code : ours_time(&rest, o, pixels, 4, 1, 1, 1, &st);
    first = now() - begin;
    code = code ? code : ours_time(&rest, o, pixels, 4, threads, 4, 4 * threads * ((8 + 4 * threads - 1) / (4 * threads)), &st);
    if (code)
        fprintf(stderr, "bench_encoder: %s\n", st.text);
    else
        printf("%.6f %.1f\n", first, peak_mb());
    free(pixels);
    ours_close(o);
    return code ? 1 : 0;
}

static void measure_child(struct bench *b, size_t round, const char *precision)
{
    char *self = process_self(), threads[24], line[128];
    double first, mb;
    snprintf(threads, sizeof threads, "%zu", b->o->threads);
    const char *arguments[] = {self, "--child", precision, b->folder, b->o->model.width == model_tiny.width ? "tiny" : "large", threads, NULL};
    struct process p;
    if (process_start(&p, arguments, NULL) && process_read(&p, line, sizeof line, 600) && sscanf(line, "%lf %lf", &first, &mb) == 2) {
        record(b, round, "memory", "ours", precision, b->o->threads, 0, "MB", mb);
        record(b, round, "start", "ours", precision, 1, 0, "s", first);
    } else {
        fprintf(stderr, "bench_encoder: the process that measures memory failed\n");
        b->failed = true;
    }
    process_stop(&p);
    free(self);
}

/* ---- rounds ---- */

static void add_job(struct bench *b, enum job_kind kind, size_t which, size_t threads, size_t batch, size_t least)
{
    size_t each = threads * batch;
    b->job[b->n_jobs++] = (struct job){kind, which, threads, batch, (least + each - 1) / each * each};
}

/* Peaks at both ends of a round; between them ours and the peer's, a precision after the other. */
static void plan(struct bench *b, const bool *timed)
{
    size_t n = b->o->threads;
    for (size_t end = 0; end < 2; end++) {
        for (size_t kind = 0; kind < N_PEAKS; kind++)
            for (size_t threads = 1; peak_loop((enum peak_kind)kind) && threads <= n; threads += n > 1 ? n - 1 : 1)
                add_job(b, JOB_PEAK, kind, threads, 1, 1);
        for (size_t p = 0; end == 0 && ours_precisions[p]; p++) {
            for (size_t i = 0; n > 1 && i < COUNT(batches); i += 2)
                if (batches[i] <= 4)
                    add_job(b, JOB_OURS, p, 1, batches[i], 2);
            for (size_t i = 0; i < COUNT(batches); i += p ? 2 : 1) /* every second one of the further precisions: ten minutes are enough */
                add_job(b, JOB_OURS, p, n, batches[i], 4);
            for (size_t k = 0; k < N_PEER_MODES; k++)
                for (size_t i = 0; timed[k] && i < COUNT(peer_batches) && !strcmp(peer_modes[k].precision, ours_precisions[p]); i++)
                    b->job[b->n_jobs++] = (struct job){JOB_PEER, k, n, peer_batches[i], peer_batches[i] < 4 ? 4 : peer_batches[i]};
        }
    }
}

/* Threads of the side that ran before may still spin (OpenBLAS's for some 30 ms): they get time to fall asleep. */
static void run_job(struct bench *b, const struct job *j, size_t round)
{
    usleep(50000);
    static const char *const peaks[N_PEAKS] = {[PEAK_FP32] = "fp32", [PEAK_BF16] = "bf16", [PEAK_INT8] = "int8"};
    char why[1200];
    struct status st = {0};
    double seconds;
    if (j->kind == JOB_PEAK) {
        struct figure *f = figures_of(&b->figures, "peak", peak_loop((enum peak_kind)j->which), peaks[j->which], j->threads, 0, 0, "GFLOP/s");
        f->value[round] = fmax(f->value[round], 1e-9 * peak_measure((enum peak_kind)j->which, j->threads, b->o->peak_s));
        return;
    }
    const char *precision = j->kind == JOB_OURS ? ours_precisions[j->which] : peer_modes[j->which].precision;
    if (j->kind == JOB_OURS) {
        if (ours_time(&seconds, b->ours[j->which], b->pixels, N_PICTURES, j->threads, j->batch, j->images, &st)) {
            fprintf(stderr, "bench_encoder: %s\n", st.text);
            b->failed = true;
            return;
        }
    } else if (peer_time(&b->peer, &seconds, peer_modes[j->which].mode, j->batch, j->images, j->threads, false, why, sizeof why) != PEER_OK) {
        fprintf(stderr, "bench_encoder: the peer says: %s\n", why);
        b->failed = true;
        return;
    }
    record(b, round, "rate", j->kind == JOB_OURS ? "ours" : peer_modes[j->which].who, precision, j->threads, j->batch, "images/s",
           (double)j->images / seconds);
}

static bool open_all(struct bench *b)
{
    struct status st = {0};
    for (size_t p = 0; ours_precisions[p]; p++) {
        double begin = now();
        if (ours_open(&b->ours[p], b->folder, ours_precisions[p], &st)) {
            fprintf(stderr, "bench_encoder: %s\n", st.text);
            return false;
        }
        printf("ours, %s: open in %.2f s\n", ours_precisions[p], now() - begin);
    }
    return true;
}

static void run(struct bench *b)
{
    bool timed[N_PEER_MODES] = {false};
    float *reference = embed_ours(b, 0);
    if (!reference) {
        b->failed = true;
        return;
    }
    printf("\nthe peer\n");
    if (b->o->peer)
        choose_peer(b);
    else
        printf("  left out, as asked\n");
    printf("\nagreement, over class token and mean of %d pictures\n", N_CHECKED);
    for (size_t p = 1; ours_precisions[p]; p++) {
        float *x = embed_ours(b, p);
        b->failed = b->failed || !x || !within("ours", ours_precisions[p], x, reference, b->o->model.width, true);
        free(x);
    }
    if (b->has_peer)
        try_modes(b, reference, timed);
    free(reference);
    plan(b, timed);
    for (size_t round = 0; round < b->o->rounds && !b->failed; round++) {
        for (size_t p = 0; ours_precisions[p] && round == 0; p++) /* memory does not vary, and the start costs much */
            measure_child(b, round, ours_precisions[p]);
        for (size_t i = 0; i < b->n_jobs && !b->failed; i++)
            run_job(b, &b->job[round % 2 ? b->n_jobs - 1 - i : i], round);
    }
}

static int work(const char *folder, void *argument)
{
    const struct options *o = argument;
    struct bench b = {.o = o, .folder = folder, .figures.layers = o->model.layers, .pixels = ours_pictures(&o->model, N_PICTURES)};
    const struct model *m = &o->model;
    struct status st = {0};
    struct load before = load_now();
    printf("ViT of width %zu, %zu layers, %zu heads, MLP %zu, %zu tokens%s: %.1f GFLOP an image\n", m->width, m->layers, m->heads,
           m->intermediate, model_tokens(m), m->layers == model_large.layers ? " (ViT-L/16)" : "", model_flop(m) * 1e-9);
    printf("  = 2 (P D 3 p^2 + L (4 T D^2 + 2 T^2 D + 2 T D I)), products alone; the share of the peak is of the whole forward pass\n");
    printf("%zu rounds, up to %zu threads; %s\n", o->rounds, o->threads, blas_description());
    if (getenv("SKELEX_CPU"))
        printf("SKELEX_CPU=%s holds our kernels back; the peak is the whole processor's\n", getenv("SKELEX_CPU"));
    if (!model_write(m, folder)) {
        fprintf(stderr, "bench_encoder: cannot write the weights in '%s'\n", folder);
        b.failed = true;
    }
    if (!b.failed && open_all(&b))
        run(&b);
    else
        b.failed = true;
    peer_stop(&b.peer);
    if (!b.failed) {
        report_derive(&b.figures, m, o->threads);
        report_print(&b.figures, m, o->threads);
        load_print(&before);
        if (o->csv && figures_write(&b.figures, o->csv, &st)) {
            fprintf(stderr, "bench_encoder: %s\n", st.text);
            b.failed = true;
        }
    }
    for (size_t p = 0; p < MAX_PRECISIONS; p++)
        ours_close(b.ours[p]);
    figures_free(&b.figures);
    free(b.pixels);
    return b.failed;
}

static bool size_option(size_t *value, const char *text, size_t most)
{
    return text && number_parse_size(text, value) && *value >= 1 && *value <= most;
}

int main(int argc, char **argv)
{
    if (argc > 1 && !strcmp(argv[1], "--launch"))
        return process_launch(argv + 2);
    if (argc == 6 && !strcmp(argv[1], "--child"))
        return child(argv + 2);
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    struct options o = {.model = model_large, .rounds = 3, .threads = processors > 1 ? 2 : 1, .peer = true, .peak_s = 0.3};
    bool fine = true;
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (int i = 1; i < argc && fine; i++) {
        const char *a = argv[i], *value = argv[i + 1];
        if (!strcmp(a, "--quick"))
            o.model.layers = 4, o.rounds = 2;
        else if (!strcmp(a, "--tiny"))
            o.model = model_tiny, o.peak_s = 0.01;
        else if (!strcmp(a, "--no-peer"))
            o.peer = false;
        else if (!strcmp(a, "--rounds"))
            fine = size_option(&o.rounds, value, MAX_ROUNDS), i++;
        else if (!strcmp(a, "--layers"))
            fine = size_option(&o.model.layers, value, 1000), i++;
        else if (!strcmp(a, "--threads"))
            fine = size_option(&o.threads, value, 64), i++;
        else if (!strcmp(a, "--csv"))
            fine = (o.csv = value) != NULL, i++;
        else if (!strcmp(a, "--peer"))
            fine = (o.peer_script = value) != NULL, i++;
        else
            fine = false;
    }
    if (!fine) {
        fprintf(stderr, "usage: bench_encoder [--rounds N] [--layers N] [--threads N] [--quick] [--tiny] [--no-peer] [--peer PROGRAM] [--csv FILE]\n");
        return 2;
    }
    return scratch_run(work, &o);
}
