/* Files: written whole or not at all; read, listed, made; paths tidied. */
#include "unit/scratch.h"

#include <fcntl.h>
#include <math.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <signal.h>

#include "base/outfile.h"

static char *text_of(const char *path)
{
    unsigned char *data;
    size_t size;
    struct status st;
    if (file_read(&data, &size, path, 0, &st))
        fail_msg("%s", st.text);
    return (char *)data;
}

static void test_commit_and_discard(void **state)
{
    (void)state;
    struct outfile out;
    struct status st;
    struct file_list list;
    char *directory = scratch_new(), *path = path_join(directory, "a.csv"), *text;
    assert_int_equal(outfile_open(&out, path, &st), STATUS_OK);
    fputs("one\n", out.stream);
    assert_false(file_exists(path)); /* nothing yet */
    assert_int_equal(outfile_commit(&out, &st), STATUS_OK);
    outfile_discard(&out); /* twice does no harm */
    assert_string_equal(text = text_of(path), "one\n");
    free(text);
    assert_int_equal(outfile_open(&out, path, &st), STATUS_OK);
    fputs("two\n", out.stream);
    outfile_discard(&out);
    assert_string_equal(text = text_of(path), "one\n");
    free(text);
    assert_int_equal(file_list_directory(&list, directory, &st), STATUS_OK);
    assert_int_equal(list.n, 1); /* no temporary left */
    file_list_free(&list);
    free(path);
    scratch_remove(directory);
}

static void test_no_such_folder(void **state)
{
    (void)state;
    struct outfile out;
    struct status st;
    assert_int_equal(outfile_open(&out, "/nonexistent-folder/a.csv", &st), STATUS_IO);
    assert_text(st.text, "/nonexistent-folder/a.csv");
    assert_text(st.text, "No such file");
    outfile_discard(&out);
}

static void test_folder_in_the_place(void **state)
{
    (void)state;
    struct outfile out;
    struct status st;
    struct file_list list;
    char *directory = scratch_new(), *path = path_join(directory, "a.csv");
    assert_int_equal(file_make_directories(path, &st), STATUS_OK);
    scratch_text(path, "inside", "x");
    assert_int_equal(outfile_open(&out, path, &st), STATUS_OK);
    fputs("one\n", out.stream);
    assert_int_equal(outfile_commit(&out, &st), STATUS_IO);
    assert_text(st.text, "in its place");
    assert_int_equal(file_list_directory(&list, directory, &st), STATUS_OK);
    assert_int_equal(list.n, 1);
    file_list_free(&list);
    free(path);
    scratch_remove(directory);
}

/* The temporary is led to /dev/full: every byte is refused, at once or at the last flush. */
static void full_disk(size_t n_bytes, int buffering)
{
    struct outfile out;
    struct status st;
    char *directory = scratch_new(), *path = path_join(directory, "a.csv"), *text;
    char *temporary = mem_printf("%s.tmp-%ld", path, (long)getpid());
    scratch_text(directory, "a.csv", "old\n");
    assert_int_equal(symlink("/dev/full", temporary), 0);
    assert_int_equal(outfile_open(&out, path, &st), STATUS_OK);
    assert_int_equal(setvbuf(out.stream, NULL, buffering, 4096), 0);
    for (size_t i = 0; i < n_bytes; i++)
        fputc('x', out.stream);
    assert_int_equal(outfile_commit(&out, &st), STATUS_IO);
    assert_text(st.text, "a.csv");
    if (!strstr(st.text, "No space left") && !strstr(st.text, "disk full"))
        fail_msg("'%s' does not tell of the full disk", st.text);
    assert_string_equal(text = text_of(path), "old\n");
    assert_false(file_exists(temporary));
    free(text);
    free(temporary);
    free(path);
    scratch_remove(directory);
}

static void test_full_disk(void **state)
{
    (void)state;
    if (!file_exists("/dev/full")) {
        print_message("skipped: no /dev/full here\n");
        skip();
    }
    full_disk(10, _IOFBF);      /* fails in the last flush */
    full_disk(4096, _IOFBF);
    full_disk(100000, _IOFBF);  /* fails long before */
    full_disk(10, _IONBF);      /* fails at once, and nothing is left for the last flush to complain of */
}

/* A limit on the size of files: a real file that takes some bytes and no more. */
static void test_file_size_limit(void **state)
{
    (void)state;
    char *directory = scratch_new(), *path = path_join(directory, "a.csv"), *text;
    scratch_text(directory, "a.csv", "old\n");
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        struct outfile out;
        struct status st;
        struct rlimit limit = {8192, 8192};
        signal(SIGXFSZ, SIG_IGN);
        setrlimit(RLIMIT_FSIZE, &limit);
        if (outfile_open(&out, path, &st))
            _exit(1);
        for (size_t i = 0; i < 20000; i++)
            fputc('x', out.stream);
        _exit(outfile_commit(&out, &st) == STATUS_IO && strstr(st.text, "a.csv") ? 0 : 2);
    }
    int how;
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_true(WIFEXITED(how) && WEXITSTATUS(how) == 0);
    assert_string_equal(text = text_of(path), "old\n");
    free(text);
    free(path);
    scratch_remove(directory);
}

static void test_csv_fields(void **state)
{
    (void)state;
    char *text = NULL;
    size_t size;
    FILE *f = open_memstream(&text, &size);
    assert_non_null(f);
    static const char *const field[] = {"plain", "", "a,b", "say \"x\"", "two\nlines", "a\rb", "Grüße", " blank "};
    for (size_t i = 0; i < sizeof field / sizeof *field; i++) {
        csv_field(f, field[i]);
        fputc(i + 1 < sizeof field / sizeof *field ? ',' : '\n', f);
    }
    csv_number(f, NAN);
    fputc(',', f);
    csv_number(f, 0.1);
    fclose(f);
    assert_string_equal(text, "plain,,\"a,b\",\"say \"\"x\"\"\",\"two\nlines\",\"a\rb\",Grüße, blank \nNA,0.1");
    free(text);
}

static void test_reading(void **state)
{
    (void)state;
    struct status st;
    struct file_map map;
    unsigned char *data;
    size_t size;
    char *directory = scratch_new(), *empty = scratch_write(directory, "empty", "", 0), *five = scratch_write(directory, "five", "12345", 5);
    char *pipe_path = path_join(directory, "pipe"), *huge = path_join(directory, "huge");
    assert_int_equal(file_map(&map, empty, &st), STATUS_OK);
    assert_null(map.data);
    assert_int_equal(map.size, 0);
    file_unmap(&map);
    file_unmap(&map);
    assert_int_equal(file_read(&data, &size, empty, 0, &st), STATUS_OK);
    assert_int_equal(size, 0);
    assert_int_equal(data[0], 0);
    free(data);
    assert_int_equal(file_read(&data, &size, five, 5, &st), STATUS_OK);
    assert_string_equal((char *)data, "12345");
    free(data);
    assert_int_equal(file_read(&data, &size, five, 4, &st), STATUS_DATA);
    assert_int_equal(file_read(&data, &size, directory, 0, &st), STATUS_IO);
    assert_text(st.text, "not a regular file");
    assert_int_equal(file_map(&map, "/nonexistent", &st), STATUS_IO);
    assert_int_equal(mkfifo(pipe_path, 0666), 0);
    alarm(5); /* a pipe nobody writes to must not hold us */
    assert_int_equal(file_read(&data, &size, pipe_path, 0, &st), STATUS_IO);
    alarm(0);
    assert_null(data);
    int fd = open(huge, O_CREAT | O_WRONLY, 0666); /* a hole of 3 GB */
    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, (off_t)3 << 30), 0);
    close(fd);
    assert_int_equal(file_read(&data, &size, huge, (size_t)1 << 30, &st), STATUS_DATA);
    assert_text(st.text, "3221225472");
    if (geteuid() == 0) {
        print_message("skipped in part: root reads files of any permission\n");
    } else {
        assert_int_equal(chmod(five, 0), 0);
        assert_int_equal(file_read(&data, &size, five, 0, &st), STATUS_IO);
        assert_text(st.text, "Permission denied");
    }
    free(empty);
    free(five);
    free(pipe_path);
    free(huge);
    scratch_remove(directory);
}

static void test_folders(void **state)
{
    (void)state;
    struct status st;
    struct file_list list;
    char *directory = scratch_new(), *deep = path_join(directory, "a/b//c/"), *below = path_join(directory, "z/x");
    assert_int_equal(file_make_directories(deep, &st), STATUS_OK);
    assert_int_equal(file_make_directories(deep, &st), STATUS_OK);
    assert_true(file_is_directory(deep));
    assert_int_equal(file_make_directories("/", &st), STATUS_OK);
    assert_int_equal(file_make_directories("", &st), STATUS_IO);
    scratch_text(directory, "z", "");
    scratch_text(directory, ".hidden", "");
    scratch_text(directory, "._y", "");
    scratch_text(directory, "Z", "");
    assert_int_equal(file_make_directories(below, &st), STATUS_IO);
    assert_int_equal(file_list_directory(&list, directory, &st), STATUS_OK);
    assert_int_equal(list.n, 3);
    assert_string_equal(list.name[0], "Z");
    assert_string_equal(list.name[1], "a");
    assert_string_equal(list.name[2], "z");
    file_list_free(&list);
    assert_int_equal(file_list_directory(&list, below, &st), STATUS_IO);
    file_list_free(&list);
    free(deep);
    free(below);
    scratch_remove(directory);
}

static void test_paths(void **state)
{
    (void)state;
    static const char *const join[][3] = {{"a", "b", "a/b"}, {"a/", "b", "a/b"}, {"a", "/b", "/b"}, {".", "b", "b"}, {"", "b", "b"}, {"/", "b", "/b"}};
    static const char *const parent[][2] = {{"a/b.c", "a"}, {"b.c", "."}, {"/b", "/"}, {"a/b/c", "a/b"}};
    for (size_t i = 0; i < sizeof join / sizeof *join; i++) {
        char *path = path_join(join[i][0], join[i][1]);
        assert_string_equal(path, join[i][2]);
        free(path);
    }
    for (size_t i = 0; i < sizeof parent / sizeof *parent; i++) {
        char *path = path_directory(parent[i][0]);
        assert_string_equal(path, parent[i][1]);
        free(path);
    }
    assert_string_equal(path_basename("a/b.c"), "b.c");
    assert_string_equal(path_basename("b.c"), "b.c");
}

static void test_tidy(void **state)
{
    (void)state;
    static const char *const pair[][2] = {
        {"a/../b", "b"}, {"./a", "a"}, {"./", "."}, {".", "."}, {".//x", "x"}, {"a/../", "."}, {"a/..", "."}, {"a/..//b", "b"}, {"a/./b", "a/b"},
        {"a//b/", "a/b"}, {"../x", "../x"}, {"../../x", "../../x"}, {"a/../../x", "../x"}, {"/..", "/"}, {"/../x", "/x"}, {"/", "/"}, {"//x", "/x"},
        {"a/b/../../x", "x"}, {"gone/../x", "gone/../x"}, {"link/../x", "link/../x"}, {"file/../x", "file/../x"}, {"a/...", "a/..."},
        {"a/..b", "a/..b"}, {"link/b/../x", "link/x"}, {"", ""}, {"x/", "x"}};
    char *directory = scratch_new(), *here = getcwd(NULL, 0);
    struct status st;
    assert_int_equal(chdir(directory), 0);
    assert_int_equal(file_make_directories("a/b", &st), STATUS_OK);
    assert_int_equal(symlink("a", "link"), 0);
    scratch_text(".", "file", "");
    for (size_t i = 0; i < sizeof pair / sizeof *pair; i++) {
        char *path = mem_strdup(pair[i][0]);
        path_tidy(path);
        if (strcmp(path, pair[i][1]) != 0)
            fail_msg("'%s' became '%s', not '%s'", pair[i][0], path, pair[i][1]);
        path_tidy(path); /* once is enough */
        assert_string_equal(path, pair[i][1]);
        free(path);
    }
    assert_int_equal(chdir(here), 0);
    free(here);
    scratch_remove(directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_commit_and_discard), cmocka_unit_test(test_no_such_folder), cmocka_unit_test(test_folder_in_the_place),
        cmocka_unit_test(test_full_disk),          cmocka_unit_test(test_file_size_limit), cmocka_unit_test(test_csv_fields),
        cmocka_unit_test(test_reading),            cmocka_unit_test(test_folders),         cmocka_unit_test(test_paths),
        cmocka_unit_test(test_tidy)};
    return cmocka_run_group_tests_name("outfile", tests, NULL, NULL);
}
