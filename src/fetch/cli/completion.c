/*
 * Prints what a shell needs to complete scorefetch's commands, options and values: for the build,
 * which installs it. All of it comes out of the table of commands.
 *
 *   completion bash|zsh|fish
 */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "fetch/cli/table.h"

typedef void (*ForOption)(const SmCommand *command, const GOptionEntry *option);

static gboolean
is_file(const GOptionEntry *option)
{
    return option->arg == G_OPTION_ARG_FILENAME;
}

static gboolean
has_value(const GOptionEntry *option)
{
    return option->arg != G_OPTION_ARG_NONE;
}

/* "csv txt" of "csv|txt"; NULL where the value is no choice. Caller frees. */
static char *
choice(const GOptionEntry *option)
{
    const char *text = option->arg_description;
    g_auto(GStrv) words =
        text != NULL && strchr(text, '|') != NULL ? g_strsplit(text, "|", -1) : NULL;

    return words != NULL ? g_strjoinv(" ", words) : NULL;
}

/* For a shell's single quotes, in which both end and begin anew around one. Caller frees. */
static char *
quoted(const char *text)
{
    g_auto(GStrv) pieces = g_strsplit(text, "'", -1);

    return g_strjoinv("'\\''", pieces);
}

/* What the arguments are: "FILE", "COMMAND", or another word. */
static gboolean
takes(const SmCommand *command, const char *what)
{
    return command->usage != NULL && strstr(command->usage, what) != NULL;
}

static void
each_option(const SmCommand *command, ForOption print)
{
    static const GOptionEntry help = {"help", 'h', 0, G_OPTION_ARG_NONE, NULL, "Show help", NULL};

    for (const GOptionEntry *option = sm_command_common_options(); option->long_name != NULL;
         option++)
        print(command, option);
    for (const GOptionEntry *option = command->options; option != NULL && option->long_name != NULL;
         option++)
        print(command, option);
    print(command, &help);
}

static void
bash_name(const SmCommand *command, const GOptionEntry *option)
{
    printf(" --%s", option->long_name);
    if (option->short_name != '\0')
        printf(" -%c", option->short_name);
}

static void
bash_value(const SmCommand *command, const GOptionEntry *option)
{
    g_autofree char *words = choice(option);

    if (!has_value(option))
        return;
    printf("    %s:--%s", command->name, option->long_name);
    if (option->short_name != '\0')
        printf(" | %s:-%c", command->name, option->short_name);
    if (is_file(option))
        puts(") files=1 words= ;;");
    else
        printf(") words='%s' ;;\n", words != NULL ? words : "");
}

static void
bash(const SmCommand *const *commands, gsize count)
{
    fputs("# bash completion for scorefetch\n"
          "_scorefetch() {\n"
          "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}\n"
          "    local command=${COMP_WORDS[1]} names words files=\n"
          "    names='",
          stdout);
    for (gsize i = 0; i < count; i++)
        printf("%s%s", i > 0 ? " " : "", commands[i]->name);
    fputs("'\n"
          "    if ((COMP_CWORD == 1)); then\n"
          "        mapfile -t COMPREPLY < <(compgen -W \"$names --help --version\" -- \"$cur\")\n"
          "        return\n"
          "    fi\n"
          "    # bash takes --option=value for three words\n"
          "    if [[ $cur == = ]]; then\n"
          "        cur=\n"
          "    elif [[ $prev == = ]]; then\n"
          "        prev=${COMP_WORDS[COMP_CWORD - 2]}\n"
          "    fi\n"
          "    case $command in\n",
          stdout);
    for (gsize i = 0; i < count; i++) {
        printf("    %s)\n        words='", commands[i]->name);
        each_option(commands[i], bash_name);
        printf("'\n        [[ $cur == -* ]] || words=%s\n",
               takes(commands[i], "COMMAND") ? "$names" : "");
        if (takes(commands[i], "FILE"))
            puts("        [[ $cur == -* ]] || files=1");
        puts("        ;;");
    }
    puts("    esac\n    case $command:$prev in");
    for (gsize i = 0; i < count; i++)
        each_option(commands[i], bash_value);
    puts("    esac\n"
         "    mapfile -t COMPREPLY < <(compgen ${files:+-f} -W \"$words\" -- \"$cur\")\n"
         "    if [[ $files ]]; then\n"
         "        compopt -o filenames 2>/dev/null\n"
         "    fi\n"
         "}\n"
         "complete -F _scorefetch scorefetch");
}

static void
zsh_option(const SmCommand *command, const GOptionEntry *option)
{
    g_autofree char *text = quoted(option->description);
    g_autofree char *words = choice(option);
    const char *value = has_value(option) ? option->arg_description : NULL;
    g_autofree char *action = value == NULL     ? g_strdup("")
                              : is_file(option) ? g_strdup_printf(":%s:_files", value)
                              : words != NULL   ? g_strdup_printf(":value:(%s)", words)
                                                : g_strdup_printf(":%s: ", value);

    if (option->short_name != '\0')
        printf(" \\\n            '(-%c --%s)'{-%c%s,--%s%s}'[%s]%s'", option->short_name,
               option->long_name, option->short_name, value != NULL ? "+" : "", option->long_name,
               value != NULL ? "=" : "", text, action);
    else
        printf(" \\\n            '--%s%s[%s]%s'", option->long_name, value != NULL ? "=" : "", text,
               action);
}

static void
zsh(const SmCommand *const *commands, gsize count)
{
    puts("#compdef scorefetch\n"
         "_scorefetch() {\n"
         "    local -a commands\n"
         "    commands=(");
    for (gsize i = 0; i < count; i++) {
        g_autofree char *text = quoted(commands[i]->summary);

        printf("        '%s:%s'\n", commands[i]->name, text);
    }
    puts("    )\n"
         "    if ((CURRENT == 2)); then\n"
         "        if [[ $PREFIX == -* ]]; then\n"
         "            _arguments '--help[Show help]' '--version[Show the version]'\n"
         "        else\n"
         "            _describe -t commands command commands\n"
         "        fi\n"
         "        return\n"
         "    fi\n"
         "    shift words\n"
         "    ((CURRENT--))\n"
         "    case $words[1] in");
    for (gsize i = 0; i < count; i++) {
        printf("    %s)\n        _arguments -s", commands[i]->name);
        each_option(commands[i], zsh_option);
        if (takes(commands[i], "FILE"))
            printf(" \\\n            ':FILE:_files'");
        else if (takes(commands[i], "COMMAND"))
            printf(" \\\n            ':COMMAND:(${commands%%%%:*})'");
        else if (commands[i]->most > 0)
            printf(" \\\n            '*:%s: '", "NAME");
        puts("\n        ;;");
    }
    puts("    esac\n}\n_scorefetch \"$@\"");
}

static void
fish_option(const SmCommand *command, const GOptionEntry *option)
{
    g_autofree char *text = quoted(option->description);
    g_autofree char *words = choice(option);

    printf("complete -c scorefetch -n '__scorefetch_is %s' -l %s", command->name,
           option->long_name);
    if (option->short_name != '\0')
        printf(" -s %c", option->short_name);
    if (is_file(option))
        printf(" -rF");
    else if (words != NULL)
        printf(" -xa '%s'", words);
    else if (has_value(option))
        printf(" -x");
    printf(" -d '%s'\n", text);
}

static void
fish(const SmCommand *const *commands, gsize count)
{
    puts("# fish completion for scorefetch\n"
         "function __scorefetch_is\n"
         "    set -l words (commandline -opc)\n"
         "    test (count $words) -ge 2; and test $words[2] = $argv[1]\n"
         "end\n"
         "function __scorefetch_begins\n"
         "    test (count (commandline -opc)) -eq 1\n"
         "end\n"
         "complete -c scorefetch -f\n"
         "complete -c scorefetch -n __scorefetch_begins -l help -d 'Show help'\n"
         "complete -c scorefetch -n __scorefetch_begins -l version -d 'Show the version'");
    for (gsize i = 0; i < count; i++) {
        g_autofree char *text = quoted(commands[i]->summary);

        printf("complete -c scorefetch -n __scorefetch_begins -a %s -d '%s'\n", commands[i]->name,
               text);
        each_option(commands[i], fish_option);
        if (takes(commands[i], "FILE"))
            printf("complete -c scorefetch -n '__scorefetch_is %s' -F\n", commands[i]->name);
        for (gsize j = 0; takes(commands[i], "COMMAND") && j < count; j++)
            printf("complete -c scorefetch -n '__scorefetch_is %s' -a %s\n", commands[i]->name,
                   commands[j]->name);
    }
}

int
main(int argc, char **argv)
{
    static const struct {
        const char *shell;
        void (*print)(const SmCommand *const *commands, gsize count);
    } shells[] = {{"bash", bash}, {"zsh", zsh}, {"fish", fish}};
    gsize count;
    const SmCommand *const *commands = sm_commands(&count);

    for (gsize i = 0; argc == 2 && i < G_N_ELEMENTS(shells); i++)
        if (strcmp(argv[1], shells[i].shell) == 0) {
            shells[i].print(commands, count);
            return fflush(stdout) == 0 ? EX_OK : EX_IOERR;
        }
    fputs("usage: completion bash|zsh|fish\n", stderr);
    return EX_USAGE;
}
