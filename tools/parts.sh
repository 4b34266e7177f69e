#!/bin/sh
# Runs these targets of the Makefile one after the other, until one fails: sh tools/parts.sh lint code ...
# However it ends, the last lines say how long each took.
set -eu

times=
begun=$(date +%s)
trap 'printf "%s%-8s %4d s\n" "$times" all $(($(date +%s) - begun))' EXIT

for part; do
    printf '== %s\n' "$part"
    from=$(date +%s)
    verdict=
    make "$part" || verdict=FAILED
    times="$times$(printf '%-8s %4d s  %s' "$part" $(($(date +%s) - from)) "$verdict")
"
    [ -z "$verdict" ]
done
