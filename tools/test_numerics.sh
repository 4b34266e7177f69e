#!/bin/sh
# Re-runs every notebook and compares its outputs in the arithmetic of other machines: with other
# matrix kernels, other vector widths and another number of threads, sums are rounded in another order.
set -u
run() {
    echo "== $1"
    shift
    env "$@" .venv/bin/python -m pytest -q --nbval book -n 2 --dist loadfile || failed=1
}

no_avx512='X86_V4 AVX512_ICL AVX512_SPR'
failed=0
run 'TensorFlow without oneDNN' TF_ENABLE_ONEDNN_OPTS=0
run 'no vector instructions beyond AVX2: TensorFlow, XLA, OpenBLAS, NumPy' \
    ONEDNN_MAX_CPU_ISA=AVX2 XLA_FLAGS=--xla_cpu_max_isa=AVX2 OPENBLAS_CORETYPE=Haswell \
    NPY_DISABLE_CPU_FEATURES="$no_avx512"
run 'one thread' OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 TF_NUM_INTRAOP_THREADS=1 TF_NUM_INTEROP_THREADS=1
run 'XLA and OpenBLAS held to SSE 4.2' \
    XLA_FLAGS='--xla_cpu_max_isa=SSE4_2 --xla_cpu_prefer_vector_width=128' OPENBLAS_CORETYPE=Nehalem
[ "$failed" -eq 0 ] && echo 'Every notebook holds in each of them.'
exit "$failed"
