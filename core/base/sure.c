#include <config.h>

#include "core/base/sure.h"

#include "core/base/str.h"

#include <stdlib.h>
#include <unistd.h>

void sure_failed(const char *what, const char *file, int line)
{
    char text[256];

    (void)str_format(text, sizeof(text), "rushhour: %.60s:%d: not so: %.150s\n", file,
                     line, what);
    if (write(STDERR_FILENO, text, strlen(text)) < 0)
        abort(); /* nobody can be told */
    abort();
}
