#!/bin/sh
# Runs these targets of the Makefile one after the other, until one fails: sh tools/parts.sh lint code ...
# Those joined by a + run side by side; what they say is shown when they end.
# However it ends, the last lines say how long each took.
set -eu

notes=$(mktemp -d)
begun=$(date +%s)
tell() {
    cat "$notes/times" 2>/dev/null || true
    printf '%-8s %4d s\n' all $(($(date +%s) - begun))
    rm -rf "$notes"
}
trap tell EXIT

run() {
    from=$(date +%s)
    verdict=
    make "$1" || verdict=FAILED
    printf '%-8s %4d s  %s\n' "$1" $(($(date +%s) - from)) "$verdict" >>"$notes/times"
    [ -z "$verdict" ]
}

for parts; do
    first=${parts%%+*} rest=
    [ "$first" = "$parts" ] || rest=${parts#*+}
    good=yes
    if [ -n "$rest" ]; then
        run "$rest" >"$notes/said" 2>&1 &
    fi
    printf '== %s\n' "$first"
    run "$first" || good=
    if [ -n "$rest" ]; then
        wait $! || good=
        printf '== %s\n' "$rest"
        cat "$notes/said"
    fi
    [ "$good" ]
done
