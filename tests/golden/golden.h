/* The golden runner: walks the cases it finds under a folder of reference
 * outputs and checks each against this code.  No case name, size or value is
 * written here; other sets of the same layout are checked in the same way. */
#ifndef GOLDEN_GOLDEN_H
#define GOLDEN_GOLDEN_H

#include <stdbool.h>
#include <stddef.h>

/* One line and one count per case.  `what` may hold the measured error. */
void golden_pass(const char *name, const char *format, ...) __attribute__((format(printf, 2, 3)));
void golden_fail(const char *name, const char *format, ...) __attribute__((format(printf, 2, 3)));
void golden_skip(const char *name, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* |a - b| <= tolerance * max(1, |b|); NaN equals NaN, inf equals inf of the same sign. */
bool golden_close(double a, double b, double tolerance);

/* key,value files: the value of a key; false if absent. */
struct golden_keys;
struct golden_keys *golden_keys_read(const char *path); /* NULL if unreadable */
bool golden_key(const struct golden_keys *keys, const char *key, double *value);
const char *golden_key_text(const struct golden_keys *keys, const char *key); /* NULL if absent */
size_t golden_keys_count(const struct golden_keys *keys);
const char *golden_key_name(const struct golden_keys *keys, size_t i);
void golden_keys_free(struct golden_keys *keys);

/* Sections: each is handed the folder that holds its cases (it may be absent or empty). */
void golden_models(const char *directory);       /* models/: checkpoints, safetensors_odd, torch_rand, vitl_hash */
bool golden_torch_rand(const char *directory, const char *name); /* false: no such files in it */
void golden_model_images(const char *directory); /* models/images */
void golden_k_image(const char *directory);      /* stats/k_image */
void golden_splits(const char *stats);           /* stats/a_* */
void golden_metrics(const char *stats);          /* stats/b_, d_ */
void golden_delong(const char *stats);           /* stats/c_ */
void golden_calibration(const char *stats);      /* stats/e_ */
void golden_regression(const char *stats);       /* stats/f_ */
void golden_paired(const char *stats);           /* stats/h_ */
void golden_bootstrap(const char *stats);        /* stats/g_ */
void golden_probes(const char *stats);           /* stats/i_, j_ */

#endif
