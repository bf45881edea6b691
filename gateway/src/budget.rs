//! How much memory may be held, and what holds it: what is taken comes back when its holder is dropped.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What is left to take, shared by all threads.
#[derive(Debug, Clone)]
pub(crate) struct Budget(Arc<AtomicUsize>);

/// Bytes that are taken.
#[derive(Debug)]
pub(crate) struct Reserved {
    from: Arc<AtomicUsize>,
    bytes: usize,
}

impl Budget {
    pub(crate) fn new(bytes: usize) -> Self {
        Self(Arc::new(AtomicUsize::new(bytes)))
    }

    /// Nothing yet; it grows.
    pub(crate) fn none(&self) -> Reserved {
        Reserved { from: Arc::clone(&self.0), bytes: 0 }
    }

    /// How many bytes are left.
    #[cfg(test)]
    pub(crate) fn left(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

impl Reserved {
    /// Takes so many bytes more; whether there were so many.
    pub(crate) fn grow(&mut self, bytes: usize) -> bool {
        let taken = self.from.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(bytes));
        self.bytes += taken.map_or(0, |_| bytes);
        taken.is_ok()
    }
}

impl Drop for Reserved {
    fn drop(&mut self) {
        self.from.fetch_add(self.bytes, Ordering::Relaxed);
    }
}
