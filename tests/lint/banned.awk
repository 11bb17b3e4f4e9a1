# Finds calls that house style bans; prints file:line. An exception carries, on its line or
# the one before, a comment "lint: allow NAME - reason".
# Set with -v: calls, words (alternatives of a regular expression each), file.

# The line without comments, strings and characters; `inside` says that a comment is open.
function code(line,    out, c, two, i, n, quote) {
    out = ""
    n = length(line)
    for (i = 1; i <= n; i++) {
        c = substr(line, i, 1)
        two = substr(line, i, 2)
        if (inside) {
            if (two == "*/") {
                inside = 0
                i++
            }
        } else if (quote != "") {
            if (c == "\\")
                i++
            else if (c == quote)
                quote = ""
        } else if (two == "/*") {
            inside = 1
            i++
        } else if (two == "//") {
            break
        } else if (c == "\"" || c == "'") {
            quote = c
        } else {
            out = out c
        }
    }
    return out
}

function check(text, re, is_call,    name, at, before) {
    while (match(text, re)) {
        at = RSTART
        name = substr(text, RSTART, RLENGTH)
        gsub(/[^A-Za-z0-9_]/, "", name)
        before = at > 1 ? substr(text, 1, at) : substr(text, 1, 1)
        text = substr(text, at + RLENGTH)
        # A member of that name is not the function.
        if (is_call && before ~ /(\.|->)$/)
            continue
        if (index(allowed, "lint: allow " name) > 0)
            continue
        printf "%s:%d: %s is banned\n", file, NR, name
        found = 1
    }
}

{
    allowed = previous $0
    text = " " code($0)
    if (calls != "")
        check(text, "[^A-Za-z0-9_](" calls ") *[(]", 1)
    if (words != "")
        check(text " ", "[^A-Za-z0-9_](" words ")[^A-Za-z0-9_]", 0)
    previous = $0
}

END {
    exit found
}
