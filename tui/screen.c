#include <config.h>

#include "tui/screen.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <wchar.h>

#include <curses.h>
#include <term.h>

#include "tui/keys.h"

/* The shell sets its own terminal modes, so curses never sees the terminal: it writes to
 * a file in memory, and a frame goes out from there in one write. */
enum {
    OUT_LIMIT = 4 * 1024 * 1024,
    PASTE_BEGIN = 0x1001, /* keys of our own */
    PASTE_END,
    FOCUS_GOT,
    FOCUS_LOST,
    SGR_REPORT,
    OLD_REPORT
};

static const char sync_begin[] = "\033[?2026h", sync_end[] = "\033[?2026l";
/* Pasted text and changes of focus are marked; no terminal minds what it does not know.
 */
static const char marks_on[] = "\033[?2004h\033[?1004h",
                  marks_off[] = "\033[?1004l\033[?2004l";
/* Buttons and the wheel, no motion, in numbers. */
static const char mouse_on[] = "\033[?1000h\033[?1006h",
                  mouse_off[] = "\033[?1006l\033[?1000l";

struct screen {
    SCREEN *curses;
    FILE *in, *out;
    int memory_fd, out_fd;
    WINDOW *keys; /* a pad: reading keys from a window would also repaint it */
    bool sync, modern, repaint, show_cursor, mouse;
    struct mouse_reader report;
    struct mouse_event event;
    bool first; /* nothing was drawn yet: every cell counts as changed */
    int colors; /* more than 256: any */
    struct rendition looks[ROLE_COUNT];
    attr_t attrs[ROLE_COUNT];
    short pairs[ROLE_COUNT];
    struct canvas last;
    struct strbuf pending;
    size_t sent;
    uint64_t bytes;
};

static bool is_plain_term(const char *term)
{
    return strcmp(term, "linux") == 0 || str_starts(term, "vt") ||
           strcmp(term, "dumb") == 0 || strcmp(term, "ansi") == 0;
}

/* Moves what curses wrote from the file in memory to the pending bytes. */
static void collect(struct screen *s)
{
    char buf[16384];
    off_t at = 0, end;

    (void)fflush(s->out); /* curses writes by descriptor; this is for putp before it */
    end = lseek(s->memory_fd, 0, SEEK_CUR);
    while (at < end) {
        ssize_t n = pread(s->memory_fd, buf, sizeof(buf), at);

        if (n <= 0)
            break;
        strbuf_add(&s->pending, buf, (size_t)n);
        s->bytes += (uint64_t)n;
        at += n;
    }
    if (end > 0) {
        (void)lseek(s->memory_fd, 0, SEEK_SET);
        if (ftruncate(s->memory_fd, 0) != 0)
            screen_repaint(s); /* cannot happen in memory; a repaint mends it */
    }
}

void screen_write(struct screen *s, const char *bytes)
{
    strbuf_puts(&s->pending, bytes);
    s->bytes += strlen(bytes);
}

enum err_code screen_flush(struct screen *s, bool *pending, struct err *e)
{
    *pending = false;
    if (s->pending.failed || s->out_fd < 0) { /* too far behind: start over */
        if (s->pending.failed)
            screen_repaint(s);
        strbuf_clear(&s->pending);
        s->sent = 0;
        return ERR_OK;
    }
    while (s->sent < s->pending.len) {
        ssize_t n = write(s->out_fd, s->pending.data + s->sent, s->pending.len - s->sent);

        if (n > 0)
            s->sent += (size_t)n;
        else if (n < 0 && errno == EINTR)
            continue;
        else if (n < 0 && (errno == EAGAIN)) {
            *pending = true;
            return ERR_OK;
        } else
            return err_set_errno(e, ERR_IO, errno, "the terminal");
    }
    strbuf_reset(&s->pending);
    s->sent = 0;
    return ERR_OK;
}

static void set_modes(struct screen *s)
{
    (void)raw(); /* these fail on a file in memory, but set what curses assumes */
    (void)noecho();
    (void)nonl();
    (void)intrflush(stdscr, FALSE);
    (void)typeahead(-1);
    (void)scrollok(stdscr, FALSE);
    (void)leaveok(stdscr, s->show_cursor ? FALSE : TRUE);
    (void)curs_set(s->show_cursor ? 1 : 0);
    s->keys = newpad(1, 1);
    if (s->keys != NULL) {
        (void)keypad(s->keys, TRUE);
        (void)nodelay(s->keys, TRUE);
    }
    (void)define_key("\033[200~", PASTE_BEGIN);
    (void)define_key("\033[201~", PASTE_END);
    (void)define_key("\033[I", FOCUS_GOT);
    (void)define_key("\033[O", FOCUS_LOST);
    (void)define_key("\033[<", SGR_REPORT);
    (void)define_key("\033[M", OLD_REPORT);
    (void)set_escdelay(25);
}

static enum err_code open_files(struct screen *s, const struct screen_config *c,
                                struct err *e)
{
    int in = c->in_fd >= 0 ? fcntl(c->in_fd, F_DUPFD_CLOEXEC, 3)
                           : open("/dev/null", O_RDONLY | O_CLOEXEC);

    s->memory_fd = memfd_create("rushhour-screen", MFD_CLOEXEC);
    if (in >= 0)
        s->in = fdopen(in, "r");
    if (s->in == NULL && in >= 0)
        (void)close(in); /* nothing was read or written */
    if (s->memory_fd >= 0)
        s->out = fdopen(s->memory_fd, "w");
    if (s->in == NULL || s->out == NULL)
        return err_set_errno(e, ERR_IO, errno, "the screen's files");
    return ERR_OK;
}

/* newterm() leaks when it fails; asking first does not. */
static bool is_known_term(const char *term, int fd)
{
    int why = 0;
    bool known = setupterm(term, fd, &why) == OK;

    if (known && cur_term != NULL)
        (void)del_curterm(cur_term);
    return known;
}

/* Terminfo does not say why it found nothing: that no file can be opened looks the same
 * as an unknown terminal. errno says why not. */
static bool can_open_files(void)
{
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

    if (fd >= 0)
        (void)close(fd); /* nothing was read */
    return fd >= 0;
}

/* The description of the same terminal with any color: xterm-direct for xterm-256color.
 * Only where the terminal says that it has them; false when there is none. */
static bool direct_term(const struct screen_config *c, int fd, char *out, size_t size)
{
    const char *says = getenv("COLORTERM");

    if (c->no_color || (c->color != COLOR_AUTO && c->color != COLOR_DIRECT) ||
        says == NULL || (strcmp(says, "truecolor") != 0 && strcmp(says, "24bit") != 0) ||
        !str_format(out, size, "%.*s-direct", (int)strcspn(c->term, "-"), c->term))
        return false;
    return is_known_term(out, fd);
}

enum err_code screen_open(const struct screen_config *c, struct screen **out,
                          struct err *e)
{
    struct screen *s = calloc(1, sizeof(*s));
    char direct[64] = "";
    enum err_code rc;

    if (s == NULL)
        return err_set(e, ERR_NOMEM, "no memory for the screen");
    s->memory_fd = -1;
    s->out_fd = c->out_fd;
    s->modern = !is_plain_term(c->term);
    s->sync = c->sync == SYNC_ON || (c->sync == SYNC_AUTO && s->modern);
    s->show_cursor = c->show_cursor;
    s->first = s->repaint = true;
    strbuf_init(&s->pending, OUT_LIMIT);
    rc = open_files(s, c, e);
    if (rc == ERR_OK)
        rc = canvas_init(&s->last, c->rows, c->cols, false, e);
    if (rc == ERR_OK && direct_term(c, s->memory_fd, direct, sizeof(direct)))
        s->curses = newterm(direct, s->out, s->in);
    if (rc == ERR_OK && s->curses == NULL && is_known_term(c->term, s->memory_fd))
        s->curses = newterm(c->term, s->out, s->in);
    if (rc == ERR_OK && s->curses == NULL && !can_open_files())
        rc = err_set_errno(e, ERR_IO, errno, "the terminal's description");
    if (rc == ERR_OK && s->curses == NULL)
        rc = err_set(e, ERR_USAGE,
                     "the terminal \"%.40s\" is not known here; set TERM to one that is "
                     "(xterm-256color, tmux-256color, linux) or use --plain",
                     c->term);
    if (rc != ERR_OK) {
        screen_close(s);
        return rc;
    }
    set_modes(s);
    (void)resize_term(s->last.rows, s->last.cols);
    if (has_colors() && start_color() == OK) {
        (void)use_default_colors();
        s->colors = theme_depth(c->no_color, c->color, COLORS);
    }
    if (s->modern)
        screen_write(s, marks_on);
    *out = s;
    return ERR_OK;
}

void screen_close(struct screen *s)
{
    struct err e = {0};
    bool pending;

    if (s == NULL)
        return;
    if (s->curses != NULL) {
        if (s->modern)
            screen_write(s, marks_off);
        screen_set_mouse(s, false);
        (void)curs_set(1);
        (void)endwin();
        collect(s);
        if (screen_flush(s, &pending, &e) != ERR_OK)
            pending = false; /* the terminal is gone: nobody is left to tell */
        if (s->keys != NULL)
            (void)delwin(s->keys);
        delscreen(s->curses);
    }
    if (s->in != NULL)
        (void)fclose(s->in);
    if (s->out != NULL)
        (void)fclose(s->out);
    else if (s->memory_fd >= 0)
        (void)close(s->memory_fd);
    canvas_clear(&s->last);
    strbuf_clear(&s->pending);
    free(s);
}

int screen_colors(const struct screen *s)
{
    return s->colors;
}

/* A color as curses takes it: in a terminal of any color the first eight numbers are
 * palette entries still, and next to them is a black that nobody tells from theirs. */
static int curses_color(const struct screen *s, int32_t color)
{
    int rgb = (int)(color & 0xffffff);

    if (color < 0 || s->colors <= 256)
        return (int)color;
    return rgb > 0 && rgb < 8 ? 8 : rgb;
}

void screen_set_theme(struct screen *s, const struct theme *t)
{
    theme_resolve(t, s->colors, s->looks);
    for (int i = 0; i < ROLE_COUNT; i++) {
        const struct rendition *r = &s->looks[i];
        attr_t a = 0;

        if (r->attrs & STYLE_BOLD)
            a |= A_BOLD;
        if (r->attrs & STYLE_DIM)
            a |= A_DIM;
        if (r->attrs & STYLE_UNDERLINE)
            a |= A_UNDERLINE;
        if (r->attrs & STYLE_REVERSE)
            a |= A_REVERSE;
        s->attrs[i] = a;
        s->pairs[i] = 0;
        if (s->colors >= 8 && i + 1 < COLOR_PAIRS && (r->fg >= 0 || r->bg >= 0) &&
            init_extended_pair(i + 1, curses_color(s, r->fg), curses_color(s, r->bg)) ==
                OK)
            s->pairs[i] = (short)(i + 1);
    }
    /* The blank that erased lines are filled with has the theme's background, too. */
    bkgdset(' ' | (chtype)COLOR_PAIR(s->pairs[ROLE_TEXT]));
    screen_repaint(s);
}

enum err_code screen_resize(struct screen *s, int rows, int cols, struct err *e)
{
    struct canvas next;
    enum err_code rc = canvas_init(&next, rows, cols, false, e);

    if (rc != ERR_OK)
        return rc;
    canvas_clear(&s->last);
    s->last = next;
    (void)resize_term(next.rows, next.cols);
    screen_repaint(s);
    return ERR_OK;
}

void screen_repaint(struct screen *s)
{
    s->repaint = s->first = true;
}

static bool same_cell(const struct cell *a, const struct cell *b)
{
    return memcmp(a, b, sizeof(*a)) == 0;
}

static void put_cell(struct screen *s, int row, int col, const struct cell *p)
{
    int role = p->selected ? ROLE_SELECT : p->role;
    wchar_t text[2 + CELL_MARKS] = {(wchar_t)p->cp};
    cchar_t cc;

    for (int m = 0; m < CELL_MARKS; m++)
        text[1 + m] = (wchar_t)p->marks[m];
    /* Where the C library measures a character otherwise, its column would shift. */
    if (p->cp >= 0x80 && wcwidth(text[0]) != p->cells) {
        text[0] = L'?';
        text[1] = L'\0';
        if (p->cells == 2 &&
            setcchar(&cc, L" ", s->attrs[role], s->pairs[role], NULL) == OK)
            (void)mvadd_wch(row, col + 1, &cc);
    }
    if (setcchar(&cc, text, s->attrs[role], s->pairs[role], NULL) == OK)
        (void)mvadd_wch(row, col, &cc); /* ERR in the last corner means nothing */
}

/* The cells of a row that differ from what was drawn, which is then what was. */
static bool draw_row(struct screen *s, const struct canvas *c, int row)
{
    size_t n = (size_t)c->cols, from = (size_t)row * n;
    const struct cell *now = &c->cells[from];
    struct cell *last = &s->last.cells[from];

    if (!s->first && memcmp(now, last, n * sizeof(now[0])) == 0)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (now[i].cells != 0 && (s->first || !same_cell(&now[i], &last[i])))
            put_cell(s, row, (int)i, &now[i]);
    }
    memcpy(last, now, n * sizeof(now[0]));
    return true;
}

static bool draw_changes(struct screen *s, const struct canvas *c)
{
    bool changed = false;

    for (int row = 0; row < c->rows; row++)
        changed = draw_row(s, c, row) || changed;
    return changed;
}

/* The cursor on the selected row, for readers that follow it. */
static void place_cursor(const struct canvas *c)
{
    for (int r = 0; r < c->rows; r++) {
        if (c->cells[(size_t)r * (size_t)c->cols].selected) {
            (void)move(r, 0);
            return;
        }
    }
}

void screen_draw(struct screen *s, const struct canvas *c)
{
    size_t before;

    if (c->rows != s->last.rows || c->cols != s->last.cols)
        return; /* a resize is on its way */
    if (s->repaint) {
        (void)werase(stdscr);
        (void)clearok(stdscr, TRUE);
    }
    if (!draw_changes(s, c) && !s->repaint)
        return;
    s->first = s->repaint = false;
    if (s->show_cursor)
        place_cursor(c);
    before = s->pending.len;
    if (s->sync)
        screen_write(s, sync_begin);
    (void)wnoutrefresh(stdscr);
    (void)doupdate();
    collect(s);
    if (s->sync && s->pending.len == before + sizeof(sync_begin) - 1) {
        s->pending.len = before; /* curses found nothing to do */
        s->bytes -= sizeof(sync_begin) - 1;
    } else if (s->sync) {
        screen_write(s, sync_end);
    }
}

uint32_t screen_key(struct screen *s)
{
    static const struct {
        wint_t curses;
        uint32_t key;
    } rows[] = {
        {KEY_UP, KEYC_UP},
        {KEY_DOWN, KEYC_DOWN},
        {KEY_LEFT, KEYC_LEFT},
        {KEY_RIGHT, KEYC_RIGHT},
        {KEY_HOME, KEYC_HOME},
        {KEY_END, KEYC_END},
        {KEY_PPAGE, KEYC_PGUP},
        {KEY_NPAGE, KEYC_PGDN},
        {KEY_IC, KEYC_INSERT},
        {KEY_DC, KEYC_DELETE},
        {KEY_BTAB, KEYC_BACKTAB},
        {KEY_BACKSPACE, KEYC_BACKSPACE},
        {KEY_ENTER, KEYC_ENTER},
        {KEY_RESIZE, KEYC_RESIZE},
        {PASTE_BEGIN, KEYC_PASTE_BEGIN},
        {PASTE_END, KEYC_PASTE_END},
        {FOCUS_GOT, KEYC_FOCUS_IN},
        {FOCUS_LOST, KEYC_FOCUS_OUT},
    };
    wint_t ch;
    int rc;

    if (s->keys == NULL)
        return KEYC_NONE;
    while ((rc = wget_wch(s->keys, &ch)) != ERR) {
        if (rc == KEY_CODE_YES && (ch == SGR_REPORT || ch == OLD_REPORT))
            mouse_begin(&s->report, ch == SGR_REPORT ? MOUSE_SGR : MOUSE_OLD);
        else if (rc == KEY_CODE_YES || s->report.form == MOUSE_NONE)
            break;
        else if (mouse_feed(&s->report, (uint32_t)ch, &s->event))
            return KEYC_MOUSE;
    }
    if (rc == ERR)
        return KEYC_NONE; /* of a report the rest may still be on its way */
    s->report.form = MOUSE_NONE;
    if (rc != KEY_CODE_YES)
        return ch == '\n' ? KEYC_ENTER : ch == 0 ? KEYC_OTHER : (uint32_t)ch;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (rows[i].curses == ch)
            return rows[i].key;
    }
    if (ch >= (wint_t)KEY_F(1) && ch <= (wint_t)KEY_F(12))
        return KEYC_F1 + (uint32_t)(ch - (wint_t)KEY_F(1));
    return KEYC_OTHER;
}

struct mouse_event screen_mouse(const struct screen *s)
{
    return s->event;
}

void screen_set_mouse(struct screen *s, bool on)
{
    if (on == s->mouse || !s->modern)
        return;
    s->mouse = on;
    screen_write(s, on ? mouse_on : mouse_off);
}

uint64_t screen_bytes(const struct screen *s)
{
    return s->bytes;
}

static void add_cap(char *out, size_t size, const char *name)
{
    char cap[16];
    const char *text;
    size_t used = strlen(out);

    (void)str_copy(cap, sizeof(cap), name);
    text = tigetstr(cap);
    if (text == NULL || text == (const char *)-1 || strchr(text, '$') != NULL)
        return; /* not there, or with padding that only tputs understands */
    (void)str_copy(out + used, size - used, text);
}

void screen_restore_text(const struct screen *s, char *out, size_t size)
{
    out[0] = '\0';
    if (s->sync)
        (void)str_copy(out, size, sync_end);
    if (s->modern)
        (void)str_format(out + strlen(out), size - strlen(out), "%s%s", mouse_off,
                         marks_off);
    add_cap(out, size, "sgr0");
    add_cap(out, size, "rmkx");
    add_cap(out, size, "cnorm");
    add_cap(out, size, "rmcup");
}

void screen_cell(struct screen *s, int row, int col, char *text, size_t text_size,
                 char *looks, size_t looks_size)
{
    wchar_t chars[CCHARW_MAX + 1] = {0};
    short pair = 0;
    int fg = -1, bg = -1;
    attr_t attrs = 0;
    cchar_t cc;
    size_t n;

    (void)s;
    text[0] = looks[0] = '\0';
    if (mvin_wch(row, col, &cc) == ERR ||
        getcchar(&cc, chars, &attrs, &pair, NULL) == ERR)
        return;
    n = wcstombs(text, chars, text_size);
    if (n == (size_t)-1 || n >= text_size)
        text[0] = '\0';
    if (pair != 0)
        (void)extended_pair_content(pair, &fg, &bg);
    (void)str_format(looks, looks_size, "%s%s%s%s", attrs & A_BOLD ? "bold " : "",
                     attrs & A_DIM ? "dim " : "", attrs & A_UNDERLINE ? "underline " : "",
                     attrs & A_REVERSE ? "reverse " : "");
    n = strlen(looks);
    if (fg >= 0)
        (void)str_format(looks + n, looks_size - n, "fg%d ", fg);
    n = strlen(looks);
    if (bg >= 0)
        (void)str_format(looks + n, looks_size - n, "bg%d ", bg);
}
