#include <config.h>

#include "core/net/dial.h"

#include "core/base/str.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Splits at the last colon; brackets around the host go. */
static bool split(const char *address, char host[64], char port[8])
{
    const char *colon = strrchr(address, ':');
    size_t len = colon != NULL ? (size_t)(colon - address) : 0;

    if (len > 2 && address[0] == '[' && address[len - 1] == ']') {
        address++;
        len -= 2;
    }
    return len > 0 && str_format(host, 64, "%.*s", (int)len, address) &&
           str_copy(port, 8, colon + 1) && port[0] != '\0';
}

/* What became of a connect that was under way; 0: it stands. */
static int wait_connected(int fd, int32_t timeout_ms)
{
    struct pollfd p = {.fd = fd, .events = POLLOUT};
    int why = 0, n;
    socklen_t len = sizeof(why);

    n = poll(&p, 1, timeout_ms);
    if (n <= 0)
        return n == 0 ? ETIMEDOUT : errno;
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &why, &len) == 0 ? why : errno;
}

static int connect_to(const struct addrinfo *to, int32_t timeout_ms)
{
    int fd = socket(to->ai_family, to->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int why;

    if (fd < 0)
        return errno;
    why = connect(fd, to->ai_addr, to->ai_addrlen) == 0 ? 0 : errno;
    if (why == EINPROGRESS)
        why = wait_connected(fd, timeout_ms);
    (void)close(fd); /* nothing was written */
    return why;
}

enum err_code dial_tcp(const char *address, int32_t timeout_ms, struct err *e)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                                   .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV};
    struct addrinfo *to = NULL;
    char host[64], port[8];
    int why;

    if (!split(address, host, port) || getaddrinfo(host, port, &hints, &to) != 0)
        return err_set(e, ERR_USAGE, "%.60s is no address of a port", address);
    why = connect_to(to, timeout_ms);
    freeaddrinfo(to);
    if (why == 0)
        return ERR_OK;
    if (why == ETIMEDOUT || why == EINTR)
        return err_set(e, ERR_TIMEOUT, "nothing answers");
    return err_set_errno(e, ERR_CONNECT, why, "%.60s", address);
}
