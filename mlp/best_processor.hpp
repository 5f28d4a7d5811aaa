#pragma once

// Functions with ZEROPOINT_BEST_PROCESSOR are compiled for several processors, and the best one is taken at run time.
// What they call must be inlined (ZEROPOINT_INLINE), or it is compiled for the oldest.
#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__)
#define ZEROPOINT_BEST_PROCESSOR [[gnu::target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")]]
#else
#define ZEROPOINT_BEST_PROCESSOR
#endif
#define ZEROPOINT_INLINE [[gnu::always_inline]] inline
