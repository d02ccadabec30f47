// SPDX-License-Identifier: GPL-3.0-or-later
// One loop for several instruction sets: the body is inlined into a copy of its caller for each
// set, and the processor at hand is asked once. No ifunc: its resolvers run before the sanitizers
// do.
#pragma once

#define AIRCOMP_INLINE inline __attribute__((always_inline))

#if defined(__x86_64__)
/// Defines `result name(parameters)`, which calls the always-inlined `body(arguments)` compiled for
/// AVX-512, AVX2 or the base instruction set.
#define AIRCOMP_DISPATCH(name, body, parameters, arguments)                                        \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,fma,prefer-vector-width=512"))) void \
        name##_avx512 parameters {                                                                 \
        body arguments;                                                                            \
    }                                                                                              \
    __attribute__((target("avx2,fma"))) void name##_avx2 parameters {                              \
        body arguments;                                                                            \
    }                                                                                              \
    void name##_base parameters {                                                                  \
        body arguments;                                                                            \
    }                                                                                              \
    using name##_pointer = void(*) parameters;                                                     \
    name##_pointer name##_choose() {                                                               \
        if (__builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&            \
            __builtin_cpu_supports("avx512bw"))                                                    \
            return name##_avx512;                                                                  \
        if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return name##_avx2;   \
        return name##_base;                                                                        \
    }                                                                                              \
    void name parameters {                                                                         \
        static const name##_pointer chosen = name##_choose();                                      \
        chosen arguments;                                                                          \
    }
#else
#define AIRCOMP_DISPATCH(name, body, parameters, arguments) \
    void name parameters {                                  \
        body arguments;                                     \
    }
#endif
