/*
 * peek - lets shell tests look into JSON and talk to the simulated site:
 *   peek PATH…          values at PATH of the JSON on standard input, one a line
 *   peek --lines        standard input is one JSON object a line, or else exit 1
 *   peek --get URL      the body of an answer
 *   peek --post URL BODY
 * PATH is names and numbers joined by dots; "name=cache" selects from a list of objects;
 * "#" is the length. A missing value prints "(none)" and makes the exit code 1.
 */
#include <config.h>

#include <curl/curl.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/str.h"

enum { PATH_BYTES = 256, LINE_BYTES = 1024 * 1024, WAIT_MS = 10000 };

static json_t *by_member(json_t *list, const char *member, const char *value)
{
    json_t *entry;
    size_t i;

    json_array_foreach(list, i, entry)
    {
        const char *text = json_string_value(json_object_get(entry, member));

        if (text != NULL && str_eq(text, value))
            return entry;
    }
    return NULL;
}

/* One word of a path, applied to v; NULL when there is no such thing. */
static json_t *step(json_t *v, char *word)
{
    char *equals = strchr(word, '=');
    struct err e = {0};
    int64_t index;

    if (json_is_object(v))
        return json_object_get(v, word);
    if (equals != NULL) {
        *equals = '\0';
        return by_member(v, word, equals + 1);
    }
    if (str_to_i64(word, 0, INT32_MAX, &index, &e) != ERR_OK)
        return NULL;
    return json_array_get(v, (size_t)index);
}

static bool print_value(json_t *v)
{
    char *text;

    if (json_is_string(v))
        return puts(json_string_value(v)) >= 0;
    text = v != NULL ? json_dumps(v, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;
    (void)puts(text != NULL ? text : "(none)"); /* the caller's flush sees a failure */
    free(text);
    return v != NULL;
}

static bool print_path(json_t *root, const char *path)
{
    char copy[PATH_BYTES], *save = NULL;
    json_t *v = root;

    if (!str_copy(copy, sizeof(copy), path))
        return false;
    for (char *w = strtok_r(copy, ".", &save); w != NULL && v != NULL;
         w = strtok_r(NULL, ".", &save)) {
        if (str_eq(w, "#"))
            return printf("%zu\n", json_is_object(v) ? json_object_size(v)
                                                     : json_array_size(v)) > 0;
        v = step(v, w);
    }
    return print_value(v);
}

static int look(int n, char **paths)
{
    json_error_t why;
    json_t *root = json_loadf(stdin, JSON_REJECT_DUPLICATES, &why);
    int rc = EXIT_SUCCESS;

    if (root == NULL) {
        (void)fprintf(stderr, "no JSON: %s\n", why.text);
        return EXIT_FAILURE;
    }
    for (int i = 0; i < n; i++) {
        if (!print_path(root, paths[i]))
            rc = EXIT_FAILURE;
    }
    json_decref(root);
    return fflush(stdout) == 0 ? rc : EXIT_FAILURE;
}

static int check_lines(void)
{
    static char line[LINE_BYTES];
    int n = 0;

    while (fgets(line, (int)sizeof(line), stdin) != NULL) {
        json_t *v = json_loads(line, JSON_REJECT_DUPLICATES, NULL);

        n++;
        if (!json_is_object(v)) {
            (void)fprintf(stderr, "line %d is no JSON object: %.200s\n", n, line);
            json_decref(v);
            return EXIT_FAILURE;
        }
        json_decref(v);
    }
    return n > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int call(const char *url, const char *body)
{
    CURL *curl = curl_easy_init();
    CURLcode rc = CURLE_FAILED_INIT;

    if (curl != NULL) {
        (void)curl_easy_setopt(curl, CURLOPT_URL, url);
        (void)curl_easy_setopt(curl, CURLOPT_PROXY, "");
        (void)curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
        (void)curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)WAIT_MS);
        if (body != NULL)
            (void)curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
        rc = curl_easy_perform(curl);
        curl_easy_cleanup(curl);
    }
    if (rc != CURLE_OK)
        (void)fprintf(stderr, "%s: %s\n", url, curl_easy_strerror(rc));
    return rc == CURLE_OK && fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    if (argc == 3 && str_eq(argv[1], "--get"))
        return call(argv[2], NULL);
    if (argc == 4 && str_eq(argv[1], "--post"))
        return call(argv[2], argv[3]);
    if (argc == 2 && str_eq(argv[1], "--lines"))
        return check_lines();
    return look(argc - 1, argv + 1);
}
