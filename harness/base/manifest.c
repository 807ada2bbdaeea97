#include "base/manifest.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/number.h"

#define YAML_LIMIT ((size_t)4 << 20)

#define DEPTH 16

/* libcyaml reports through a log: first the complaint, then a backtrace, innermost
 * place first, each with a line. */
struct complaint {
    char what[STATUS_TEXT / 2];
    char where[DEPTH][64]; /* innermost first: "in mapping field 'x'", "in sequence entry '0'", "in mapping" */
    size_t depth;
    long line;
};

static void listen(cyaml_log_t level, void *context, const char *format, va_list arguments)
{
    struct complaint *c = context;
    char text[STATUS_TEXT / 2];
    if (level < CYAML_LOG_ERROR)
        return;
    (void)vsnprintf(text, sizeof text, format, arguments);
    text[strcspn(text, "\n")] = '\0';
    const char *said = text;
    if (!strncmp(said, "Load: ", 6))
        said += 6;
    const char *place = strstr(said, "(line: ");
    if (place) {
        if (!c->depth)
            c->line = strtol(place + 7, NULL, 10);
        said += strspn(said, " ");
        if (c->depth < DEPTH && place > said)
            (void)snprintf(c->where[c->depth++], sizeof c->where[0], "%.*s", (int)(place - said - 1), said);
    } else if (!c->what[0] && !strstr(said, "acktrace")) {
        (void)snprintf(c->what, sizeof c->what, "%s", said);
    }
}

/* The mapping in which an unknown key stands: follow the backtrace down the schema. */
static const cyaml_schema_field_t *fields_at(const cyaml_schema_value_t *schema, const struct complaint *c)
{
    for (size_t i = c->depth; i-- > 0 && schema;) {
        const char *name = strchr(c->where[i], '\'');
        if (strstr(c->where[i], "sequence")) {
            schema = schema->type == CYAML_SEQUENCE ? schema->sequence.entry : NULL;
        } else if (name && schema->type == CYAML_MAPPING) {
            const cyaml_schema_field_t *f = schema->mapping.fields;
            size_t n = strcspn(++name, "'");
            while (f->key && (strlen(f->key) != n || strncmp(f->key, name, n) != 0))
                f++;
            schema = f->key ? &f->value : NULL;
        }
    }
    return schema && schema->type == CYAML_MAPPING ? schema->mapping.fields : NULL;
}

/* libcyaml names the line of the key before an unknown or repeated one; look for the key itself from there on.
 * `repeated`: on that very line its first mention may stand. */
static long line_of_key(const unsigned char *text, size_t size, long line, const char *key, bool repeated)
{
    size_t n = strlen(key);
    long now = 1;
    for (size_t i = 0; i < size; i++) {
        if (text[i] == '\n')
            now++;
        bool begins = i == 0 || strchr(" {,\n\t-", text[i - 1]);
        if (now >= line && begins && size - i > n && !memcmp(text + i, key, n) && text[i + n] == ':') {
            if (!repeated || now > line)
                return now;
            repeated = false;
        }
    }
    return line;
}

static size_t line_at(const unsigned char *text, size_t offset)
{
    size_t line = 1;
    for (size_t i = 0; i < offset; i++)
        line += text[i] == '\n';
    return line;
}

/* What libcyaml lets pass: a second document (it would be ignored), a NUL inside a text (the rest would be).
 * And what it reports without a line: broken YAML. */
static int check_stream(const char *name, const unsigned char *text, size_t size, struct status *st)
{
    yaml_parser_t parser;
    yaml_event_t event;
    size_t depth = 0, documents = 0;
    int code = STATUS_OK;
    if (!yaml_parser_initialize(&parser))
        return status_set(st, STATUS_INTERNAL, "libyaml: cannot start");
    yaml_parser_set_input_string(&parser, text, size);
    for (bool more = true; more && !code;) {
        if (!yaml_parser_parse(&parser, &event)) {
            size_t line = parser.error == YAML_READER_ERROR ? line_at(text, parser.problem_offset < size ? parser.problem_offset : size)
                                                            : parser.problem_mark.line + 1;
            code = status_set(st, STATUS_DATA, "%s:%zu: this is not YAML: %s", name, line, parser.problem ? parser.problem : "cannot be read");
            break;
        }
        size_t line = event.start_mark.line + 1;
        bool opens = event.type == YAML_SEQUENCE_START_EVENT || event.type == YAML_MAPPING_START_EVENT;
        if (event.type == YAML_DOCUMENT_START_EVENT && ++documents > 1)
            code = status_set(st, STATUS_DATA, "%s:%zu: a second document begins here; a file holds one", name, line);
        else if (opens && ++depth > DEPTH)
            code = status_set(st, STATUS_DATA, "%s:%zu: nested more than %d deep", name, line, DEPTH);
        else if (event.type == YAML_SCALAR_EVENT && memchr(event.data.scalar.value, '\0', event.data.scalar.length))
            code = status_set(st, STATUS_DATA, "%s:%zu: a NUL character inside a text", name, line);
        depth -= event.type == YAML_SEQUENCE_END_EVENT || event.type == YAML_MAPPING_END_EVENT;
        more = event.type != YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
    return code;
}

static const cyaml_config_t *configure(cyaml_config_t *config, struct complaint *complaint)
{
    *config = (cyaml_config_t){
        .log_fn = listen, .log_ctx = complaint, .mem_fn = cyaml_mem, .log_level = CYAML_LOG_ERROR, .flags = CYAML_CFG_NO_ALIAS};
    return config;
}

int manifest_parse(void **data, const cyaml_schema_value_t *schema, const char *name, const unsigned char *text, size_t size,
               struct status *st)
{
    struct complaint complaint = {0};
    cyaml_config_t config;
    *data = NULL;
    if (size == 0)
        return status_set(st, STATUS_DATA, "%s: empty", name);
    int code = check_stream(name, text, size, st);
    if (code)
        return code;
    cyaml_err_t error = cyaml_load_data(text, size, configure(&config, &complaint), schema, data, NULL);
    if (error == CYAML_OK && !*data)
        return status_set(st, STATUS_DATA, "%s: empty", name);
    if (error == CYAML_OK)
        return STATUS_OK;
    *data = NULL;
    const char *what = complaint.what[0] ? complaint.what : cyaml_strerror(error);
    if (error == CYAML_ERR_INVALID_KEY && !strncmp(what, "Unexpected key: ", 16)) {
        char known[STATUS_TEXT / 2] = "";
        size_t used = 0;
        for (const cyaml_schema_field_t *f = fields_at(schema, &complaint); f && f->key && used < sizeof known; f++)
            used += (size_t)snprintf(known + used, sizeof known - used, "%s%s", used ? ", " : "", f->key);
        return status_set(st, STATUS_DATA, "%s:%ld: unknown key '%s'; expected one of: %s", name,
                          line_of_key(text, size, complaint.line, what + 16, false), what + 16, known);
    }
    static const char repeated[] = "Mapping field already seen: ", missing[] = "Missing required mapping field: ";
    if (!strncmp(what, repeated, sizeof repeated - 1)) {
        const char *key = what + sizeof repeated - 1;
        return status_set(st, STATUS_DATA, "%s:%ld: key '%s' appears twice", name, line_of_key(text, size, complaint.line, key, true), key);
    }
    if (!strncmp(what, missing, sizeof missing - 1)) /* the innermost place is the key read last; the next one holds both */
        return status_set(st, STATUS_DATA, "%s:%ld: key '%s' is missing (%s)", name, complaint.line, what + sizeof missing - 1,
                          complaint.depth > 1 ? complaint.where[1] : "at the top");
    if (complaint.line)
        return status_set(st, STATUS_DATA, "%s:%ld: %s (%s)", name, complaint.line, what, complaint.where[0]);
    return status_set(st, STATUS_DATA, "%s: %s", name, what);
}

int manifest_load(void **data, const cyaml_schema_value_t *schema, const char *path, struct status *st)
{
    unsigned char *text;
    size_t size;
    *data = NULL;
    int code = file_read(&text, &size, path, YAML_LIMIT, st);
    if (code)
        return code;
    code = manifest_parse(data, schema, path, text, size, st);
    free(text);
    return code;
}

void manifest_free(void *data, const cyaml_schema_value_t *schema)
{
    struct complaint complaint = {0};
    cyaml_config_t config;
    if (data)
        (void)cyaml_free(configure(&config, &complaint), schema, data, 0);
}

/* The node one step down from `node`, or NULL. */
static yaml_node_t *step(yaml_document_t *document, const yaml_node_t *node, const char *key)
{
    if (node->type == YAML_SEQUENCE_NODE) {
        size_t i, n = (size_t)(node->data.sequence.items.top - node->data.sequence.items.start);
        return number_parse_size(key, &i) && i < n ? yaml_document_get_node(document, node->data.sequence.items.start[i]) : NULL;
    }
    if (node->type == YAML_MAPPING_NODE)
        for (yaml_node_pair_t *p = node->data.mapping.pairs.start; p < node->data.mapping.pairs.top; p++) {
            const yaml_node_t *name = yaml_document_get_node(document, p->key);
            if (name->type == YAML_SCALAR_NODE && !strcmp((const char *)name->data.scalar.value, key))
                return yaml_document_get_node(document, p->value);
        }
    return NULL;
}

size_t manifest_line(const char *path, const char *keys)
{
    struct status ignored;
    unsigned char *text;
    size_t size, line = 0;
    yaml_parser_t parser;
    yaml_document_t document;
    if (file_read(&text, &size, path, YAML_LIMIT, &ignored))
        return 0;
    if (yaml_parser_initialize(&parser)) {
        yaml_parser_set_input_string(&parser, text, size);
        if (yaml_parser_load(&parser, &document)) {
            yaml_node_t *node = yaml_document_get_root_node(&document);
            char *copy = mem_strdup(keys), *rest = copy;
            for (char *key; node && (key = strsep(&rest, "/"));)
                node = step(&document, node, key);
            if (node)
                line = node->start_mark.line + 1;
            free(copy);
            yaml_document_delete(&document);
        }
        yaml_parser_delete(&parser);
    }
    free(text);
    return line;
}

int manifest_number(double *value, const char *text, double fallback, double least, double most, const char *path, const char *keys,
                    struct status *st)
{
    *value = fallback;
    if (!text || (number_parse_double(text, value) && *value >= least && *value <= most))
        return STATUS_OK;
    return status_set(st, STATUS_DATA, "%s:%zu: %s is '%s'; a number from %g to %g was expected", path, manifest_line(path, keys), keys, text,
                      least, most);
}

int manifest_size(size_t *value, const char *text, size_t fallback, size_t least, size_t most, const char *path, const char *keys,
                  struct status *st)
{
    *value = fallback;
    if (!text || (number_parse_size(text, value) && *value >= least && *value <= most))
        return STATUS_OK;
    return status_set(st, STATUS_DATA, "%s:%zu: %s is '%s'; a whole number from %zu to %zu was expected", path, manifest_line(path, keys),
                      keys, text, least, most);
}

int manifest_choice(size_t *value, const char *text, size_t fallback, const char *const *names, const char *path, const char *keys,
                    struct status *st)
{
    char known[STATUS_TEXT / 2] = "";
    size_t used = 0;
    *value = fallback;
    if (!text)
        return STATUS_OK;
    for (size_t i = 0; names[i]; i++) {
        if (!strcmp(names[i], text)) {
            *value = i;
            return STATUS_OK;
        }
        if (used < sizeof known)
            used += (size_t)snprintf(known + used, sizeof known - used, "%s%s", i ? ", " : "", names[i]);
    }
    return status_set(st, STATUS_DATA, "%s:%zu: %s is '%s'; expected one of: %s", path, manifest_line(path, keys), keys, text, known);
}

static bool is_name(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

int manifest_path(char **value, const char *text, const char *directory, const char *path, const char *keys, struct status *st)
{
    char *expanded = mem_strdup("");
    *value = NULL;
    while (*text) {
        size_t n = strcspn(text, "$");
        char *longer = mem_printf("%s%.*s", expanded, (int)n, text);
        free(expanded);
        expanded = longer;
        text += n;
        if (!*text)
            break;
        const char *name = ++text;
        bool braces = *name == '{';
        size_t length = 0;
        name += braces;
        while (is_name(name[length]))
            length++;
        char *variable = mem_strndup(name, length);
        const char *found = length && (!braces || name[length] == '}') ? getenv(variable) : NULL;
        if (!found || !*found) { /* empty would turn "${DATA}/knees" into "/knees" */
            int code = status_set(st, STATUS_DATA, "%s:%zu: %s: environment variable '%s' is not set", path, manifest_line(path, keys), keys,
                                  variable);
            free(variable);
            free(expanded);
            return code;
        }
        longer = mem_printf("%s%s", expanded, found);
        free(expanded);
        free(variable);
        expanded = longer;
        text = name + length + braces;
    }
    *value = path_join(directory, expanded);
    path_tidy(*value);
    free(expanded);
    return STATUS_OK;
}
