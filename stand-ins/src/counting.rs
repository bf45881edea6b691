//! An allocator that counts: for tests of what costs no allocation.

#![expect(unsafe_code, reason = "an allocator cannot be written without")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

/// The system's allocator, which counts the allocations of each thread. A test program makes it its own:
/// `#[global_allocator] static ALLOCATOR: Counting = Counting;`
#[derive(Debug, Clone, Copy)]
pub struct Counting;

impl Counting {
    /// How many allocations this thread has asked for so far.
    pub fn allocations() -> usize {
        ALLOCATIONS.get()
    }
}

// SAFETY: every call is handed on to the system's allocator unchanged; counting does not allocate.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the caller's promises are those that the system's allocator asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as above; whatever is freed here was allocated there.
        unsafe { System.dealloc(pointer, layout) }
    }
}
