#include <config.h>

#include "core/net/dial.h"

#include "core/base/str.h"

#include "tests/unit/table.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A port that answers, one that refuses, one that nothing comes from. */

enum { SHORT_MS = 300, LONG_MS = 5000, CALLERS = 8 };

static int listener(int backlog, char address[32])
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof(a);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
    if (backlog >= 0)
        assert_int_equal(listen(fd, backlog), 0);
    assert_true(str_format(address, 32, "127.0.0.1:%d", (int)ntohs(a.sin_port)));
    return fd;
}

static void test_answers(void **state)
{
    char address[32];
    int fd = listener(4, address);
    struct err e = {0};

    (void)state;
    assert_int_equal(dial_tcp(address, LONG_MS, &e), ERR_OK);
    assert_int_equal(dial_tcp(address, LONG_MS, &e), ERR_OK); /* nobody accepts */
    (void)close(fd);
}

static void test_refuses(void **state)
{
    char address[32];
    int fd = listener(-1, address); /* bound, so that nobody else has it */
    struct err e = {0};

    (void)state;
    assert_int_equal(dial_tcp(address, LONG_MS, &e), ERR_CONNECT);
    assert_non_null(strstr(e.text, address));
    (void)close(fd);
}

/* As behind a wall: once its queue is full the kernel drops who comes. */
static void test_silent(void **state)
{
    char address[32];
    int fd = listener(0, address), callers[CALLERS];
    struct sockaddr_in a;
    socklen_t len = sizeof(a);
    struct err e = {0};

    (void)state;
    assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
    for (size_t i = 0; i < CALLERS; i++) {
        callers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        assert_true(callers[i] >= 0);
        (void)connect(callers[i], (struct sockaddr *)&a, sizeof(a)); /* in progress */
    }
    assert_int_equal(dial_tcp(address, SHORT_MS, &e), ERR_TIMEOUT);
    for (size_t i = 0; i < CALLERS; i++)
        (void)close(callers[i]);
    (void)close(fd);
}

static void test_no_address(void **state)
{
    static const char *const wrong[] = {
        "", "127.0.0.1", ":80", "127.0.0.1:", "localhost:80", "[]:80", "1.2.3.4:http"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        struct err e = {0};

        assert_row(wrong[i], dial_tcp(wrong[i], SHORT_MS, &e) == ERR_USAGE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_refuses),
        cmocka_unit_test(test_silent),
        cmocka_unit_test(test_no_address),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
