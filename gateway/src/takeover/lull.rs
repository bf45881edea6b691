//! The moment in which a gateway is best handed over: when no request is under way that others would have to wait for.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::ticks::Ticks;

/// How long requests that take their time are waited for. Those that never end are cut after that.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long it takes until a request that lasts is known to: its worker looks at it once a tick, and lets it have one.
const CERTAINTY: Duration = Ticks::STEP.saturating_mul(2);

/// How long connections that cannot go along have to send the request whose answer asks them to come again.
const NOTICE: Duration = Duration::from_secs(1);

/// How often the workers are looked at; they count once a tick.
const STEP: Duration = Duration::from_millis(50);

/// Waits until none of the requests under way has lasted for a while; not for ever. `has_to_give_notice` says whether there may be
/// connections that cannot go along.
pub(crate) async fn wait_for_lull(lasting: &AtomicUsize, has_to_give_notice: bool) {
    let start = Instant::now();
    let earliest = start + if has_to_give_notice { NOTICE } else { CERTAINTY };
    while Instant::now() < earliest || (lasting.load(Ordering::Relaxed) > 0 && start.elapsed() < PATIENCE) {
        sleep(STEP).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn waited(lasting: usize, has_to_give_notice: bool) -> Duration {
        let start = Instant::now();
        wait_for_lull(&AtomicUsize::new(lasting), has_to_give_notice).await;
        start.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn it_comes_as_soon_as_it_is_known_that_nothing_lasts_and_everybody_was_told() {
        assert_eq!(waited(0, false).await, CERTAINTY);
        assert_eq!(waited(0, true).await, NOTICE);
    }

    #[tokio::test(start_paused = true)]
    async fn what_never_ends_is_waited_for_no_longer_than_that() {
        assert_eq!(waited(1, false).await, PATIENCE);
    }
}
