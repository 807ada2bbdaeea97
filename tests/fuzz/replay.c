/* Runs a fuzzer's corpus without libFuzzer: replay DIRECTORY... hands every file in them to
 * LLVMFuzzerTestOneInput and prints TAP.  A crash ends the program, and the plan is not met. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay(size_t number, const char *directory, const char *name)
{
    unsigned char *data;
    size_t size;
    struct status st;
    char *path = path_join(directory, name);
    int code = file_read(&data, &size, path, 0, &st);
    if (code) {
        printf("not ok %zu - %s\n# %s\n", number, path, st.text);
    } else {
        LLVMFuzzerTestOneInput(data, size);
        printf("ok %zu - %s\n", number, path);
        free(data);
    }
    fflush(stdout); /* told before the next one may crash */
    free(path);
    return code;
}

int main(int argc, char **argv)
{
    size_t n = 0, total = 0;
    int failures = argc < 2;
    struct status st;
    struct file_list list;
    for (int pass = 0; pass < 2; pass++) {
        for (int i = 1; i < argc; i++) {
            if (file_list_directory(&list, argv[i], &st)) {
                fprintf(stderr, "%s\n", st.text);
                return EXIT_FAILURE;
            }
            for (size_t k = 0; k < list.n && pass; k++)
                failures += replay(++n, argv[i], list.name[k]) != 0;
            total += pass ? 0 : list.n;
            file_list_free(&list);
        }
        if (!pass)
            printf("1..%zu\n", total);
    }
    if (total == 0)
        fprintf(stderr, "no corpus to replay\n");
    return failures || total == 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
