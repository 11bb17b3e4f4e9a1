#include <config.h>

#include "core/net/aws_region.h"

#include "core/base/str.h"
#include "core/net/aws_metadata.h"
#include "core/net/aws_profile.h"

#include <string.h>

enum { REGION_TEXT = 64 };

static const char *profile_name(const char *asked)
{
    const char *name = aws_profile_named(asked);

    return name != NULL ? name : "default";
}

static bool is_label(const char *s)
{
    return s[0] != '\0' &&
           strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(s);
}

static enum err_code ask_instance(char *out, size_t size, struct err *e)
{
    struct aws_metadata *m = NULL;
    struct err why = {0};
    enum err_code rc = aws_metadata_new(&m, e);

    if (rc != ERR_OK)
        return rc;
    rc = aws_instance_region(m, out, size, &why);
    if (rc != ERR_OK)
        rc = err_set(e, ERR_CONFIG,
                     "no AWS region: set aws.region, AWS_REGION or the profile's region; "
                     "%s",
                     why.text);
    aws_metadata_free(m);
    return rc;
}

enum err_code aws_region_find(const char *configured, const char *profile, char *out,
                              size_t size, struct err *e)
{
    const char *region = configured != NULL && configured[0] != '\0' ? configured : NULL;
    struct aws_files *files = NULL;
    char found[REGION_TEXT];
    enum err_code rc = ERR_OK;

    if (region == NULL)
        region = aws_variable("AWS_REGION");
    if (region == NULL)
        region = aws_variable("AWS_DEFAULT_REGION");
    if (region == NULL) {
        rc = aws_files_load(&files, e);
        if (rc != ERR_OK)
            return rc;
        if (aws_files_find(files, profile_name(profile), "region", found, sizeof(found)))
            region = found;
        aws_files_free(files);
    }
    if (region == NULL) {
        rc = ask_instance(found, sizeof(found), e);
        region = found;
    }
    if (rc != ERR_OK)
        return rc;
    if (!is_label(region) || !str_copy(out, size, region))
        return err_set(e, ERR_CONFIG, "\"%.40s\" is no AWS region like eu-west-1",
                       region);
    return rc;
}

/* The overrides of the environment and of the profile, in their order. */
static enum err_code endpoint_override(const char *service, const char *profile,
                                       char *out, size_t size, struct err *e)
{
    char name[64];
    const char *url;
    struct aws_files *files = NULL;
    enum err_code rc;

    out[0] = '\0';
    (void)str_format(name, sizeof(name), "AWS_ENDPOINT_URL_%s", service); /* short */
    for (char *p = name; *p != '\0'; p++)
        *p = (char)(*p >= 'a' && *p <= 'z' ? *p - 'a' + 'A' : *p);
    url = aws_variable(name);
    if (url == NULL)
        url = aws_variable("AWS_ENDPOINT_URL");
    if (url != NULL)
        return str_copy(out, size, url) ? ERR_OK
                                        : err_set(e, ERR_CONFIG, "%s is too long", name);
    rc = aws_files_load(&files, e);
    if (rc != ERR_OK)
        return rc;
    profile = profile_name(profile);
    if (!aws_files_get_service(files, profile, service, "endpoint_url", out, size))
        (void)aws_files_get(files, AWS_FILE_CONFIG, profile, "endpoint_url", out, size);
    aws_files_free(files);
    return ERR_OK;
}

enum err_code aws_endpoint_find(const char *configured, const char *service,
                                const char *profile, const char *region, char *out,
                                size_t size, struct err *e)
{
    const char *ignore = aws_variable("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS");
    bool fits = true;
    enum err_code rc = ERR_OK;
    size_t len;

    out[0] = '\0';
    if (configured != NULL && configured[0] != '\0')
        fits = str_copy(out, size, configured);
    else if (ignore == NULL || !str_eq_nocase(ignore, "true"))
        rc = endpoint_override(service, profile, out, size, e);
    if (rc != ERR_OK)
        return rc;
    if (fits && out[0] == '\0')
        fits = str_format(out, size, "https://%s%s.%s.amazonaws.com%s/",
                          str_eq(service, "pricing") ? "api." : "", service, region,
                          str_starts(region, "cn-") ? ".cn" : "");
    len = strlen(out);
    if (fits && out[len - 1] != '/') {
        fits = len + 1 < size;
        if (fits)
            memcpy(out + len, "/", 2);
    }
    return fits ? ERR_OK
                : err_set(e, ERR_CONFIG, "the URL of AWS %s is too long", service);
}
