/* json_value [PATH] < DOCUMENT: the value at PATH ("figures/0/value"; none: the whole) of the one JSON document on standard input,
 * strings without quotes, of arrays and objects the number of members.  Exit status 1: no such value; 2: not one whole document. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

static const json_t *find(const json_t *value, char *path)
{
    char *rest = path;
    for (char *key; value && (key = strsep(&rest, "/")) && *key;)
        value = json_is_array(value) ? json_array_get(value, strtoul(key, NULL, 10)) : json_object_get(value, key);
    return value;
}

int main(int argc, char **argv)
{
    json_error_t error;
    json_t *whole = json_loadf(stdin, JSON_REJECT_DUPLICATES, &error); /* refuses anything behind the document */
    if (!whole) {
        fprintf(stderr, "line %d: %s\n", error.line, error.text);
        return 2;
    }
    const json_t *value = argc > 1 ? find(whole, argv[1]) : whole;
    int status = !value;
    if (json_is_string(value))
        puts(json_string_value(value));
    else if (json_is_array(value))
        printf("%zu\n", json_array_size(value));
    else if (json_is_object(value))
        printf("%zu\n", json_object_size(value));
    else if (value)
        status = json_dumpf(value, stdout, JSON_ENCODE_ANY | JSON_REAL_PRECISION(17)) || putchar('\n') == EOF;
    json_decref(whole);
    return status;
}
