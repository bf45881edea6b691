//! Futures of tower's, which have to wait for nothing here.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

/// What a future gives that waits for nothing.
pub(crate) fn at_once<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => {
            unreachable!("the service inside is ready at once, and the layers around it wait for nothing else")
        }
    }
}
