#include "cmd/completion.h"

#include <string.h>

#include "base/version.h"
#include "cmd/command_words.h"

/* ---- bash ---- */

static void print_names(FILE *f, const struct option_words *o)
{
    fprintf(f, " %s", o->name);
    if (o->letter)
        fprintf(f, " %s", o->letter);
}

static void print_bash_value(FILE *f, const struct option_words *o)
{
    if (!o->argument)
        return;
    fprintf(f, "        %s%s%s) ", o->name, o->letter ? "|" : "", o->letter ? o->letter : "");
    if (!o->values)
        fprintf(f, "return ;;\n");
    else if (!strcmp(o->values, "FILE") || !strcmp(o->values, "DIR"))
        fprintf(f, "_skelex_eval_files -%c; return ;;\n", *o->values == 'F' ? 'f' : 'd');
    else
        fprintf(f, "COMPREPLY=($(compgen -W \"%s\" -- \"$current\")); return ;;\n", o->values);
}

static void print_bash(FILE *f)
{
    fprintf(f, "# bash completion of %s, made by: %s --completion bash\n\n"
               "_skelex_eval_files()\n{\n"
               "    mapfile -t COMPREPLY < <(compgen \"$1\" -- \"$current\")\n"
               "    compopt -o filenames 2> /dev/null\n}\n\n"
               "_skelex_eval()\n{\n"
               "    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} options=\n"
               "    COMPREPLY=()\n"
               "    if [[ $current == = ]]; then # bash breaks --option=value at the sign\n"
               "        current=\n"
               "    elif [[ $previous == = ]]; then\n"
               "        previous=${COMP_WORDS[COMP_CWORD - 2]}\n"
               "    fi\n"
               "    case $previous in\n",
            PROGRAM_NAME, PROGRAM_NAME);
    for (size_t o = 0; o < N_OPTIONS; o++)
        print_bash_value(f, &OPTIONS[o]);
    for (size_t o = 0; o < N_PROGRAM_OPTIONS; o++)
        print_bash_value(f, &PROGRAM_OPTIONS[o]);
    fprintf(f, "    esac\n"
               "    if ((COMP_CWORD == 1)); then\n"
               "        COMPREPLY=($(compgen -W \"");
    for (size_t i = 0; i < N_COMMANDS; i++)
        fprintf(f, "%s%s", i ? " " : "", COMMANDS[i].name);
    for (size_t o = 0; o < N_PROGRAM_OPTIONS; o++)
        print_names(f, &PROGRAM_OPTIONS[o]);
    fprintf(f, "\" -- \"$current\"))\n        return\n    fi\n    case ${COMP_WORDS[1]} in\n");
    for (size_t i = 0; i < N_COMMANDS; i++) {
        fprintf(f, "        %s) options=\"", COMMANDS[i].name);
        for (size_t o = 0; o < N_OPTIONS; o++)
            if (command_has_option(&COMMANDS[i], o))
                print_names(f, &OPTIONS[o]);
        fprintf(f, "\" ;;\n");
    }
    fprintf(f, "        *) return ;;\n    esac\n"
               "    if [[ $current == -* ]]; then\n"
               "        COMPREPLY=($(compgen -W \"$options\" -- \"$current\"))\n"
               "    else\n        _skelex_eval_files -f\n    fi\n}\n"
               "complete -F _skelex_eval %s\n",
            PROGRAM_NAME);
}

/* ---- zsh ---- */

/* Inside '...' and, for _arguments, inside [...]; a colon ends a name. */
static void print_escaped(FILE *f, const char *text)
{
    for (; *text; text++) {
        if (*text == '\'')
            fputs("'\\''", f);
        else if (strchr("[]:\\", *text))
            fprintf(f, "\\%c", *text);
        else
            fputc(*text, f);
    }
}

static void print_zsh_option(FILE *f, const struct option_words *o)
{
    fprintf(f, " \\\n                ");
    if (o->letter)
        fprintf(f, "'(%s %s)'{%s%s,%s}'[", o->name, o->letter, o->name, o->argument ? "=" : "", o->letter);
    else
        fprintf(f, "'%s%s[", o->name, o->argument ? "=" : "");
    print_escaped(f, o->help);
    fputc(']', f);
    if (o->argument) {
        fputc(':', f);
        print_escaped(f, o->argument);
        if (!o->values)
            fprintf(f, ": ");
        else if (!strcmp(o->values, "FILE"))
            fprintf(f, ":_files");
        else if (!strcmp(o->values, "DIR"))
            fprintf(f, ":_files -/");
        else
            fprintf(f, ":(%s)", o->values);
    }
    fputc('\'', f);
}

static void print_zsh(FILE *f)
{
    fprintf(f, "#compdef %s\n# zsh completion of %s, made by: %s --completion zsh\n\n"
               "_skelex_eval()\n{\n    local -a commands options\n    commands=(\n",
            PROGRAM_NAME, PROGRAM_NAME, PROGRAM_NAME);
    for (size_t i = 0; i < N_COMMANDS; i++) {
        fprintf(f, "        '%s:", COMMANDS[i].name);
        print_escaped(f, COMMANDS[i].summary);
        fprintf(f, "'\n");
    }
    fprintf(f, "    )\n    options=(\n");
    for (size_t o = 0; o < N_PROGRAM_OPTIONS; o++) {
        fprintf(f, "        '%s:", PROGRAM_OPTIONS[o].name);
        print_escaped(f, PROGRAM_OPTIONS[o].help);
        fprintf(f, "'\n");
        if (PROGRAM_OPTIONS[o].letter)
            fprintf(f, "        '%s:the same as %s'\n", PROGRAM_OPTIONS[o].letter, PROGRAM_OPTIONS[o].name);
    }
    fprintf(f, "    )\n    if ((CURRENT == 2)); then\n"
               "        _describe -t commands command commands\n"
               "        _describe -o -t options option options\n"
               "        return\n    fi\n"
               "    local command=$words[2]\n"
               "    shift words\n    ((CURRENT--))\n"
               "    case $command in\n");
    for (size_t o = 0; o < N_PROGRAM_OPTIONS; o++)
        if (PROGRAM_OPTIONS[o].values)
            fprintf(f, "        (%s) compadd %s ;;\n", PROGRAM_OPTIONS[o].name, PROGRAM_OPTIONS[o].values);
    for (size_t i = 0; i < N_COMMANDS; i++) {
        fprintf(f, "        (%s)\n            _arguments -s", COMMANDS[i].name);
        for (size_t o = 0; o < N_OPTIONS; o++)
            if (command_has_option(&COMMANDS[i], o))
                print_zsh_option(f, &OPTIONS[o]);
        fprintf(f, " \\\n                '*:");
        print_escaped(f, COMMANDS[i].arguments);
        fprintf(f, ":_files' ;;\n");
    }
    fprintf(f, "    esac\n}\n\n"
               "if [[ $zsh_eval_context[-1] == loadautofunc ]]; then\n    _skelex_eval \"$@\"\nelse\n    compdef _skelex_eval %s\nfi\n", PROGRAM_NAME);
}

bool completion_print(FILE *f, const char *shell)
{
    if (!strcmp(shell, "bash"))
        print_bash(f);
    else if (!strcmp(shell, "zsh"))
        print_zsh(f);
    else
        return false;
    return true;
}
