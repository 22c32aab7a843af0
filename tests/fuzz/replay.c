/*
 * Runs a fuzz target over the files of its corpus, without libFuzzer: in every
 * build, with any compiler. Usage: replay-NAME FOLDER
 */
#include <stdio.h>
#include <stdlib.h>

#include "fuzz.h"

static guint
replay(const char *folder)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    const char *name;
    guint count = 0;

    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        g_autofree char *data = NULL;
        gsize size;

        if (!g_file_get_contents(path, &data, &size, NULL))
            return 0;
        printf("%s\n", path); /* the last one before an abort is the one */
        fflush(stdout);
        LLVMFuzzerTestOneInput((const guint8 *)data, size);
        count++;
    }
    return count;
}

int
main(int argc, char **argv)
{
    guint count = argc == 2 ? replay(argv[1]) : 0;

    if (count == 0)
        fprintf(stderr, "usage: %s FOLDER-WITH-FILES-TO-READ\n", argv[0]);
    return count > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
