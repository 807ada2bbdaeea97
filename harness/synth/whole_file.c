#include "synth/whole_file.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/outfile.h"

int whole_file_write(const char *path, const void *data, size_t size, struct status *st)
{
    int rc;
    if (file_exists(path)) {
        struct file_map map;
        if ((rc = file_map(&map, path, st)))
            return rc;
        bool same = map.size == size && (size == 0 || memcmp(map.data, data, size) == 0);
        file_unmap(&map);
        return same ? STATUS_OK : status_set(st, STATUS_DATA, "'%s' is there and holds something else; choose an empty directory", path);
    }
    struct outfile out;
    if ((rc = outfile_open(&out, path, st)))
        return rc;
    if (fwrite(data, 1, size, out.stream) != size)
        rc = status_errno(st, STATUS_IO, "cannot write '%s'", path);
    if (!rc)
        rc = outfile_commit(&out, st);
    outfile_discard(&out);
    return rc;
}
