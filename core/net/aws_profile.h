/*
 * aws_profile - the shared files of the AWS tools: credentials and config, their profiles
 * and settings (aws-api 2.1, 2.5). A struct aws_files owns both texts, wiped by
 * aws_files_free(). Threads: read-only once loaded.
 */
#ifndef RH_NET_AWS_PROFILE_H
#define RH_NET_AWS_PROFILE_H

#include "core/base/err.h"
#include "core/base/secret.h"

#include <stdbool.h>
#include <stddef.h>

enum aws_file { AWS_FILE_CREDENTIALS, AWS_FILE_CONFIG, AWS_FILE_COUNT };

struct aws_files;

/* A file that does not exist is empty. ERR_AUTH with its path when one cannot be read. */
enum err_code aws_files_load(struct aws_files **out, struct err *e) MUST_CHECK NONNULL;
void aws_files_free(struct aws_files *f);

/* Has a file become another one since it was read? */
bool aws_files_changed(const struct aws_files *f) NONNULL;
const char *aws_files_path(const struct aws_files *f, enum aws_file which) NONNULL;

bool aws_files_has(const struct aws_files *f, enum aws_file which,
                   const char *profile) NONNULL;

/* A setting of a profile, "" and false when it is not there or does not fit. */
bool aws_files_get(const struct aws_files *f, enum aws_file which, const char *profile,
                   const char *key, char *buf, size_t size) NONNULL;

/* The same in the credentials file, else in the config file: the first one wins. */
bool aws_files_find(const struct aws_files *f, const char *profile, const char *key,
                    char *buf, size_t size) NONNULL;

/* A setting of one service in the [services NAME] section that the profile names. */
bool aws_files_get_service(const struct aws_files *f, const char *profile,
                           const char *service, const char *key, char *buf,
                           size_t size) NONNULL;

/* A variable of the environment; an empty one is not set: NULL. */
const char *aws_variable(const char *name) NONNULL;

/* The profile to use: asked, unless that is NULL or "", AWS_PROFILE, AWS_DEFAULT_PROFILE;
 * NULL when nobody names one, which is "default" in the files. */
const char *aws_profile_named(const char *asked);

/* Reads a small file anew, such as a token that others renew; one newline at its end is
 * not part of it. ERR_AUTH with its path when it cannot be read, is empty or has more
 * than 64 KiB. *out is owned. */
enum err_code aws_token_read(const char *path, struct secret **out,
                             struct err *e) MUST_CHECK NONNULL;

#endif
