//! A worker's turn: it looks at all that has come, and only then sends what that has made it write.
//!
//! Whoever is sent something wakes up for it. Sent one by one, as each request is read, they would wake up for every single one;
//! sent together, the first wakes them and the others find them awake. That costs nobody time: a turn is as long as the work
//! that is there.

use std::cell::RefCell;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};

use crate::outlet::{Outlet, Piece};

/// What goes out at the end of the turn.
#[derive(Default)]
pub(crate) struct Turn {
    due: RefCell<Vec<Due>>,
    /// Whom the first of them wakes.
    sender: RefCell<Option<Waker>>,
}

struct Due {
    outlet: Rc<Outlet>,
    /// Who goes on where the stream does not take all of it.
    owner: Waker,
}

impl Turn {
    /// Has the outbox of `outlet` sent at the end of the turn. What cannot be sent then, `owner` is woken for.
    pub(crate) fn send(&self, outlet: &Rc<Outlet>, owner: &Waker) {
        if outlet.is_due.replace(true) {
            return;
        }
        let mut due = self.due.borrow_mut();
        due.push(Due { outlet: Rc::clone(outlet), owner: owner.clone() });
        if due.len() == 1
            && let Some(sender) = &*self.sender.borrow()
        {
            // It comes after all tasks that are ready now.
            sender.wake_by_ref();
        }
    }

    /// Sends, at the end of every turn; never ready.
    pub(crate) async fn send_at_its_end(&self) {
        let mut going_out = Vec::new();
        poll_fn(|cx| {
            *self.sender.borrow_mut() = Some(cx.waker().clone());
            std::mem::swap(&mut *self.due.borrow_mut(), &mut going_out);
            for Due { outlet, owner } in going_out.drain(..) {
                outlet.is_due.set(false);
                if !matches!(outlet.poll_send(cx, &mut Piece::default()), Poll::Ready(Ok(()))) {
                    owner.wake();
                }
            }
            Poll::<()>::Pending
        })
        .await;
    }
}
