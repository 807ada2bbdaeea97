/* Several pictures at once, and one shared by a team, give the bytes of each alone: all readouts and all tokens. */
#ifndef TESTS_BATCH_CHECK_H
#define TESTS_BATCH_CHECK_H

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "encoder/encoder.h"

static inline void check_batch(const struct encoder *e)
{
    enum { N = 3 };
    const struct encoder_info *info = encoder_info(e);
    size_t n = 3 * info->input_height * info->input_width, width = encoder_output_width(e), tokens = info->tokens * info->width;
    float *pixels = NEW(N * n, float), *out = NEW(N * width, float), *alone = NEW(width, float), *shared = NEW(width, float);
    struct encoder_workspace *all = encoder_workspace_new_for(e, N), *one = encoder_workspace_new(e), *team = encoder_workspace_new(e);
    encoder_workspace_share(e, team, 3);
    for (size_t i = 0; i < N * n; i++) {
        pixels[i] = (float)((i * 2654435761u + i / n * 40503u) % 1009) * 0.004f - 2.0f;
    }
    encoder_forward_batch(e, all, pixels, N, out);
    for (size_t i = 0; i < N; i++) {
        assert_int_equal(encoder_forward(e, one, pixels + i * n, alone, NULL), STATUS_OK);
        assert_int_equal(encoder_forward(e, team, pixels + i * n, shared, NULL), STATUS_OK);
        assert_memory_equal(out + i * width, alone, width * sizeof *out);
        assert_memory_equal(shared, alone, width * sizeof *out);
        if (tokens > 0) {
            assert_memory_equal(encoder_tokens(e, all) + i * tokens, encoder_tokens(e, one), tokens * sizeof *out);
        }
    }
    assert_memory_not_equal(out, out + width, width * sizeof *out);
    encoder_workspace_free(all);
    encoder_workspace_free(one);
    encoder_workspace_free(team);
    free(pixels);
    free(out);
    free(alone);
    free(shared);
}

#endif
