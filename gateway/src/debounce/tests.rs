//! The promises of the debounce as a whole, on one thread and on many.

use std::collections::HashMap;
use std::pin::{Pin, pin};
use std::sync::Barrier;
use std::task::{Context, Poll, Waker};
use std::thread;

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use proptest::prelude::*;
use tokio::runtime::{Builder, Runtime};

use super::*;

const WINDOW: Duration = Duration::from_secs(2);

fn runtime() -> Runtime {
    Builder::new_current_thread().build().unwrap()
}

fn debounce(entries: usize, bytes: usize) -> (Arc<Debounce<&'static str>>, Instant) {
    let now = Instant::now();
    (Arc::new(Debounce::with_room(entries, bytes, now)), now)
}

fn key(route: usize) -> Key {
    let asked = Asked {
        route,
        subject: None,
        roles: None,
        passes_authorization: false,
        method: &Method::POST,
        target: "/",
        headers: &HeaderMap::new(),
    };
    asked.key(b"")
}

fn answer(debounce: &Debounce<&'static str>, status: u16, body: &'static str, now: Instant) -> SharedAnswer {
    let mut room = debounce.budget.none();
    assert!(room.grow(body.len()), "no room for {body}");
    let body = Held { bytes: Bytes::from_static(body.as_bytes()), room };
    SharedAnswer::new(StatusCode::from_u16(status).unwrap(), HeaderMap::new(), body, now)
}

fn body_of(answer: &SharedAnswer) -> Bytes {
    answer.response(Met::Waited, Instant::now()).into_body()
}

/// What one who waits has been told already.
fn heard(waiter: Waiter<&'static str>) -> Outcome<&'static str> {
    let polled = pin!(waiter.outcome()).poll(&mut Context::from_waker(Waker::noop()));
    let Poll::Ready(outcome) = polled else { panic!("somebody waits and has been told nothing") };
    outcome
}

/// What is told of an outcome.
fn told(outcome: Outcome<&'static str>) -> String {
    match outcome {
        Outcome::Answer(answer) => format!("answer {}", String::from_utf8_lossy(&body_of(&answer))),
        Outcome::Failed(failure) => format!("failed {failure}"),
        Outcome::Alone => "alone".into(),
        Outcome::Lead(_) => "lead".into(),
    }
}

/// The leader and two who wait.
fn three(debounce: &Arc<Debounce<&'static str>>, now: Instant) -> (Leader<&'static str>, [Waiter<&'static str>; 2]) {
    let Entered::Lead(leader) = debounce.enter(key(1), WINDOW, now) else { panic!("no leader") };
    let waiters = [(); 2].map(|()| match debounce.enter(key(1), WINDOW, now) {
        Entered::Wait(waiter) => waiter,
        _ => panic!("no waiter"),
    });
    (leader, waiters)
}

fn entries(debounce: &Debounce<&'static str>) -> usize {
    debounce.entries.load(Ordering::Relaxed)
}

#[test]
fn those_who_wait_and_those_who_come_within_the_window_get_the_first_ones_answer() {
    let (debounce, start) = debounce(10, 10_000);
    let (leader, waiters) = three(&debounce, start);
    leader.answered(answer(&debounce, 200, "yes", start), start + WINDOW / 2);
    for waiter in waiters {
        assert_eq!(told(heard(waiter)), "answer yes");
    }
    let later = start + WINDOW.mul_f32(0.99);
    let Entered::Kept(kept) = debounce.enter(key(1), WINDOW, later) else { panic!("not kept") };
    assert_eq!(body_of(&kept), "yes");
    let Entered::Lead(_) = debounce.enter(key(2), WINDOW, later) else { panic!("another key is another call") };
    let Entered::Lead(_) = debounce.enter(key(1), WINDOW, start + WINDOW) else { panic!("the window is over") };
}

#[test]
fn an_answer_that_comes_after_the_window_is_shared_and_not_kept() {
    let (debounce, start) = debounce(10, 10_000);
    let (leader, [waiter, gone]) = three(&debounce, start);
    drop(gone);
    let late = start + 10 * WINDOW;
    let Entered::Wait(latecomer) = debounce.enter(key(1), WINDOW, late) else { panic!("the call is under way") };
    leader.answered(answer(&debounce, 200, "late", late), late);
    assert_eq!(told(heard(waiter)), "answer late");
    assert_eq!(told(heard(latecomer)), "answer late");
    assert_eq!((entries(&debounce), debounce.budget.left()), (0, 10_000));
}

#[test]
fn a_failure_is_for_those_who_wait_and_for_nobody_else() {
    let (debounce, start) = debounce(10, 10_000);
    let (leader, waiters) = three(&debounce, start);
    assert_eq!(*leader.failed("no upstream"), "no upstream");
    for waiter in waiters {
        assert_eq!(told(heard(waiter)), "failed no upstream");
    }
    let (leader, [waiter, _]) = three(&debounce, start);
    leader.answered(answer(&debounce, 503, "busy", start), start);
    assert_eq!(told(heard(waiter)), "answer busy");
    let Entered::Lead(_) = debounce.enter(key(1), WINDOW, start) else { panic!("a failure was kept") };
}

#[test]
fn an_answer_that_cannot_be_shared_lets_each_go_on_by_itself() {
    let (debounce, start) = debounce(10, 10_000);
    let (leader, waiters) = three(&debounce, start);
    leader.alone();
    for waiter in waiters {
        assert_eq!(told(heard(waiter)), "alone");
    }
    assert_eq!(entries(&debounce), 0);
}

#[test]
fn a_leader_that_goes_away_is_succeeded_by_one_who_still_waits() {
    let (debounce, start) = debounce(10, 10_000);
    let (leader, [gone, stays]) = three(&debounce, start);
    drop(gone);
    drop(leader);
    let Outcome::Lead(leader) = heard(stays) else { panic!("nobody leads") };
    let Entered::Wait(waiter) = debounce.enter(key(1), WINDOW, start) else { panic!("two lead") };
    leader.answered(answer(&debounce, 200, "second", start), start);
    assert_eq!(told(heard(waiter)), "answer second");
}

#[test]
fn a_successor_that_goes_away_before_it_hears_of_it_is_succeeded_as_well() {
    let (debounce, start) = debounce(10, 10_000);
    let (leader, [first, second]) = three(&debounce, start);
    drop(leader);
    drop(first);
    let Outcome::Lead(leader) = heard(second) else { panic!("nobody leads") };
    drop(leader);
    assert_eq!(entries(&debounce), 0);
    let Entered::Lead(_) = debounce.enter(key(1), WINDOW, start) else { panic!("nobody is left") };
}

#[test]
fn what_finds_no_room_goes_on_by_itself_and_is_counted() {
    let (debounce, start) = debounce(2, 10_000);
    let leaders = [1, 2].map(|route| debounce.enter(key(route), WINDOW, start));
    assert!(matches!(debounce.enter(key(3), WINDOW, start), Entered::Full));
    assert!(matches!(debounce.enter(key(1), WINDOW, start), Entered::Wait(_)));
    assert_eq!(debounce.refused(), 1);
    drop(leaders);
    assert!(matches!(debounce.enter(key(3), WINDOW, start), Entered::Lead(_)));
}

#[test]
fn an_answer_without_room_is_shared_and_not_kept() {
    let (debounce, start) = debounce(10, 100);
    let (leader, [waiter, _]) = three(&debounce, start);
    leader.answered(answer(&debounce, 200, "large", start), start);
    assert_eq!(told(heard(waiter)), "answer large");
    assert_eq!((entries(&debounce), debounce.budget.left()), (0, 100));
}

#[test]
fn answers_that_are_no_longer_good_make_room() {
    let (debounce, start) = debounce(100, 100_000);
    for route in 0..100 {
        let Entered::Lead(leader) = debounce.enter(key(route), WINDOW, start) else { panic!("{route}") };
        leader.answered(answer(&debounce, 200, "x", start), start);
    }
    assert!(matches!(debounce.enter(key(200), WINDOW, start), Entered::Full));
    debounce.sweep(start + WINDOW / 2);
    assert_eq!(entries(&debounce), 100);
    debounce.sweep(start + 2 * WINDOW);
    assert_eq!((entries(&debounce), debounce.budget.left()), (0, 100_000));
}

#[test]
fn equal_requests_of_many_threads_at_one_moment_make_one_call() {
    const THREADS: usize = 8;
    const EACH: usize = 50;
    let (debounce, start) = debounce(10, 100_000);
    let barrier = Barrier::new(THREADS);
    let calls = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                let tasks = (0..EACH).map(|_| async {
                    match debounce.enter(key(1), WINDOW, start) {
                        Entered::Lead(leader) => {
                            calls.fetch_add(1, Ordering::Relaxed);
                            // The others have come, or will get the kept answer.
                            tokio::task::yield_now().await;
                            body_of(&leader.answered(answer(&debounce, 200, "one", start), start))
                        }
                        Entered::Wait(waiter) => match waiter.outcome().await {
                            Outcome::Answer(answer) => body_of(&answer),
                            other => panic!("{}", told(other)),
                        },
                        Entered::Kept(answer) => body_of(&answer),
                        Entered::Full => panic!("full"),
                    }
                });
                barrier.wait();
                let answers = runtime().block_on(join_all(tasks.map(Box::pin).collect()));
                assert!(answers.len() == EACH && answers.iter().all(|answer| answer == "one"));
            });
        }
    });
    assert_eq!(calls.load(Ordering::Relaxed), 1);
}

#[test]
fn every_leader_on_every_thread_may_give_up_and_nobody_is_lost() {
    const THREADS: usize = 8;
    const EACH: usize = 20;
    let (debounce, start) = debounce(10, 100_000);
    let led = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                let tasks = (0..EACH).map(|_| async {
                    let leader = match debounce.enter(key(1), WINDOW, start) {
                        Entered::Lead(leader) => leader,
                        Entered::Wait(waiter) => match waiter.outcome().await {
                            Outcome::Lead(leader) => leader,
                            other => panic!("{}", told(other)),
                        },
                        _ => panic!("nothing is kept"),
                    };
                    tokio::task::yield_now().await;
                    drop(leader);
                    led.fetch_add(1, Ordering::Relaxed);
                });
                runtime().block_on(join_all(tasks.map(Box::pin).collect()));
            });
        }
    });
    assert_eq!((led.load(Ordering::Relaxed), entries(&debounce)), (THREADS * EACH, 0));
}

/// Waits for all of them.
async fn join_all<F: Future + Unpin>(futures: Vec<F>) -> Vec<F::Output> {
    let mut running: Vec<_> = futures.into_iter().map(Some).collect();
    let mut done: Vec<Option<F::Output>> = running.iter().map(|_| None).collect();
    std::future::poll_fn(|cx| {
        for (slot, output) in running.iter_mut().zip(&mut done) {
            let polled = slot.as_mut().map(|future| Pin::new(future).poll(cx));
            if let Some(Poll::Ready(ready)) = polled {
                (*slot, *output) = (None, Some(ready));
            }
        }
        if running.iter().all(Option::is_none) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    done.into_iter().flatten().collect()
}

/// What may happen to the requests of one key after another.
#[derive(Debug, Clone)]
enum Event {
    Enter(usize),
    Answer(usize, u16),
    Fail(usize),
    Alone(usize),
    GiveUp(usize),
    GoAway(usize),
    Pass(u64),
}

fn event() -> impl Strategy<Value = Event> {
    let key = 0..3_usize;
    prop_oneof![
        5 => key.clone().prop_map(Event::Enter),
        2 => (key.clone(), prop_oneof![Just(200), Just(404), Just(429), Just(503)]).prop_map(|(key, status)| Event::Answer(key, status)),
        1 => key.clone().prop_map(Event::Fail),
        1 => key.clone().prop_map(Event::Alone),
        1 => key.clone().prop_map(Event::GiveUp),
        1 => key.prop_map(Event::GoAway),
        1 => (0..3_000_u64).prop_map(Event::Pass),
    ]
}

#[derive(Default)]
struct OfKey {
    leader: Option<Leader<&'static str>>,
    waiters: Vec<Waiter<&'static str>>,
}

impl OfKey {
    /// Everybody who waits hears something; the one who is to lead does.
    fn hear(&mut self) {
        for waiter in std::mem::take(&mut self.waiters) {
            if let Outcome::Lead(leader) = heard(waiter) {
                assert!(self.leader.replace(leader).is_none(), "two lead");
            }
        }
    }
}

proptest! {
    #[test]
    fn whatever_happens_one_leads_and_nobody_is_forgotten(events in proptest::collection::vec(event(), 1..60)) {
        let (debounce, mut now) = debounce(2, 5_000);
        let mut of_key: HashMap<usize, OfKey> = HashMap::new();
        for event in events {
            match event {
                Event::Enter(route) => {
                    let entered = debounce.enter(key(route), WINDOW, now);
                    let of_key = of_key.entry(route).or_default();
                    match entered {
                        Entered::Lead(leader) => prop_assert!(of_key.leader.replace(leader).is_none()),
                        Entered::Wait(waiter) => {
                            prop_assert!(of_key.leader.is_some());
                            of_key.waiters.push(waiter);
                        }
                        Entered::Kept(_) | Entered::Full => prop_assert!(of_key.leader.is_none()),
                    }
                }
                Event::Pass(millis) => {
                    now += Duration::from_millis(millis);
                    debounce.sweep(now);
                }
                Event::GoAway(route) => drop(of_key.entry(route).or_default().waiters.pop()),
                Event::Answer(route, _) | Event::Fail(route) | Event::Alone(route) | Event::GiveUp(route) => {
                    let of_key = of_key.entry(route).or_default();
                    let Some(leader) = of_key.leader.take() else { continue };
                    match event {
                        Event::Answer(_, status) => drop(leader.answered(answer(&debounce, status, "x", now), now)),
                        Event::Fail(_) => drop(leader.failed("x")),
                        Event::Alone(_) => leader.alone(),
                        _ => {
                            drop(leader);
                            let mut waiters = std::mem::take(&mut of_key.waiters).into_iter();
                            // The one who waits longest hears that it leads; the others wait on.
                            if let Some(first) = waiters.next() {
                                let Outcome::Lead(leader) = heard(first) else { panic!("nobody leads") };
                                of_key.leader = Some(leader);
                            }
                            of_key.waiters = waiters.collect();
                            continue;
                        }
                    }
                    of_key.hear();
                    prop_assert!(of_key.leader.is_none());
                }
            }
        }
        for of_key in of_key.values_mut() {
            while let Some(leader) = of_key.leader.take() {
                leader.failed("end");
                of_key.hear();
            }
        }
        debounce.sweep(now + 2 * WINDOW);
        prop_assert_eq!((entries(&debounce), debounce.budget.left()), (0, 5_000));
    }
}
