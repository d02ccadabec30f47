// SPDX-License-Identifier: GPL-3.0-or-later
// HugeBuffer on the C library's allocator and madvise.
#include "weights/huge_buffer.hpp"

#include <sys/mman.h>

#include <new>

namespace aircomp::inference {

namespace {
constexpr std::size_t huge_page = std::size_t{2} << 20;
constexpr std::size_t cache_line = 64;

std::size_t round_up(std::size_t value, std::size_t step) {
    return (value + step - 1) / step * step;
}
}  // namespace

HugeBuffer::HugeBuffer(std::size_t bytes) : size_(bytes) {
    if (bytes == 0) return;
    const std::size_t alignment = bytes < huge_page ? cache_line : huge_page;
    memory_.reset(
        static_cast<std::byte*>(std::aligned_alloc(alignment, round_up(bytes, alignment))));
    if (!memory_) throw std::bad_alloc();
    // Only whole huge pages: the last, partly used one would be resident as a whole. Advice that
    // the kernel refuses costs speed alone.
    if (const std::size_t whole = bytes / huge_page * huge_page; whole > 0) {
        madvise(memory_.get(), whole, MADV_HUGEPAGE);
    }
}

}  // namespace aircomp::inference
