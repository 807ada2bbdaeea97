#include "base/layout.h"

#include <stdlib.h>

#include "base/file.h"

bool layout_is_open_clip(const char *directory)
{
    static const char *const names[] = {LAYOUT_OPEN_CLIP, "config.json", "model.safetensors"};
    bool there[3];
    for (int i = 0; i < 3; i++) {
        char *path = path_join(directory, names[i]);
        there[i] = file_exists(path);
        free(path);
    }
    return there[0] && !(there[1] && there[2]);
}
