//! A load of our own: every request by itself, as soon as a connection is free, or at even intervals.
//!
//! At intervals a latency counts from the moment at which its request was due, not from when it could be sent: a peer that is slow cannot make
//! the load wait, and so hide how slow it is. How late requests were sent is told as well: what the load itself adds cannot be more.

mod connection;

use std::collections::VecDeque;
use std::io::Write;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use rustix::buffer::spare_capacity;
use rustix::event::{PollFd, PollFlags, Timespec, epoll, poll};

use super::answer::PATIENCE;
use super::cpus;
use super::no_figure::NoFigure;
use connection::Connection;

/// What is to be sent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Order<'a> {
    pub(crate) address: SocketAddr,
    pub(crate) connections: u16,
    /// Requests, which are sent in turn.
    pub(crate) requests: &'a [Vec<u8>],
    /// How many are sent in all.
    pub(crate) count: usize,
    /// The time between two; none: as soon as a connection is free.
    pub(crate) interval: Option<Duration>,
}

/// What became of it.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// From the first request to the last answer.
    pub(crate) took: Duration,
    /// From when each request was due to its answer, sorted.
    pub(crate) latencies: Vec<Duration>,
    /// From when each request was due to when it was sent, sorted.
    pub(crate) late: Vec<Duration>,
}

/// Sends it all from the calling thread, and waits for the answers.
pub(crate) fn run(order: &Order<'_>) -> Result<Outcome, NoFigure> {
    cpus::wake_in_time()?;
    let mut load = Load::connect(*order)?;
    while load.answered < order.count {
        load.send_what_is_due()?;
        load.wait()?;
        load.read_what_is_there()?;
    }
    load.outcome()
}

struct Load<'a> {
    order: Order<'a>,
    epoll: OwnedFd,
    events: Vec<epoll::Event>,
    connections: Vec<Connection>,
    /// Connections without a request under way.
    free: VecDeque<usize>,
    start: Instant,
    sent: usize,
    answered: usize,
    failed: u64,
    latencies: Vec<Duration>,
    late: Vec<Duration>,
}

impl<'a> Load<'a> {
    fn connect(order: Order<'a>) -> Result<Self, NoFigure> {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        let mut connections = Vec::new();
        for number in 0..order.connections {
            let connection = Connection::open(order.address).map_err(NoFigure::connection(order.address))?;
            epoll::add(&epoll, &connection.stream, epoll::EventData::new_u64(number.into()), epoll::EventFlags::IN)?;
            connections.push(connection);
        }
        Ok(Self {
            epoll,
            events: Vec::with_capacity(connections.len()),
            free: (0..connections.len()).collect(),
            connections,
            start: Instant::now(),
            sent: 0,
            answered: 0,
            failed: 0,
            latencies: Vec::with_capacity(order.count),
            late: Vec::with_capacity(order.count),
            order,
        })
    }

    /// When the next request is due, if one is left.
    fn next_due(&self) -> Option<Instant> {
        let nth = u32::try_from(self.sent).expect("a run has fewer requests");
        let due = self.order.interval.map_or_else(Instant::now, |interval| self.start + interval * nth);
        (self.sent < self.order.count).then_some(due)
    }

    fn send_what_is_due(&mut self) -> Result<(), NoFigure> {
        while let Some(due) = self.next_due().filter(|due| *due <= Instant::now()) {
            let Some(number) = self.free.pop_front() else { return Ok(()) };
            let connection = &mut self.connections[number];
            let request = &self.order.requests[self.sent % self.order.requests.len()];
            connection.due = due;
            connection.stream.write_all(request).map_err(NoFigure::connection(self.order.address))?;
            self.late.push(due.elapsed());
            self.sent += 1;
        }
        Ok(())
    }

    /// Waits until something can be read, or the next request is due and can be sent.
    fn wait(&self) -> Result<(), NoFigure> {
        let due = self.next_due().filter(|_| !self.free.is_empty());
        let time = due.map_or(PATIENCE, |due| due.saturating_duration_since(Instant::now()));
        let time = Timespec::try_from(time).expect("a short time");
        // Waiting on all connections by `poll` is finer than by `epoll_wait`, which counts milliseconds.
        let ready = poll(&mut [PollFd::new(&self.epoll, PollFlags::IN)], Some(&time))?;
        if ready == 0 && due.is_none() {
            return Err(NoFigure::Silent { address: self.order.address, waited: PATIENCE });
        }
        Ok(())
    }

    fn read_what_is_there(&mut self) -> Result<(), NoFigure> {
        epoll::wait(&self.epoll, spare_capacity(&mut self.events), Some(&Timespec::default()))?;
        while let Some(event) = self.events.pop() {
            let number = usize::try_from(event.data.u64()).expect("the number of a connection");
            let answer = self.connections[number].read().map_err(NoFigure::connection(self.order.address))?;
            if let Some(is_good) = answer {
                self.latencies.push(self.connections[number].due.elapsed());
                self.failed += u64::from(!is_good);
                self.answered += 1;
                self.free.push_back(number);
            }
        }
        Ok(())
    }

    fn outcome(mut self) -> Result<Outcome, NoFigure> {
        if self.failed > 0 {
            let (address, answers) = (self.order.address, self.answered as u64);
            return Err(NoFigure::BadAnswers { address, failed: self.failed, answers });
        }
        self.latencies.sort_unstable();
        self.late.sort_unstable();
        Ok(Outcome { took: self.start.elapsed(), latencies: self.latencies, late: self.late })
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    /// Answers every request on one connection after a pause, as often as it is said, and ends.
    fn slow_server(pause: Duration, answers: usize, status: &'static str) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            for _ in 0..answers {
                assert!(stream.read(&mut [0; 64]).unwrap() > 0);
                thread::sleep(pause);
                write!(stream, "HTTP/1.1 {status}\r\nContent-Length: 2\r\n\r\nok").unwrap();
            }
        });
        address
    }

    fn order(address: SocketAddr, requests: &[Vec<u8>], interval: Option<Duration>) -> Order<'_> {
        Order { address, connections: 1, requests, count: 5, interval }
    }

    #[test]
    fn waiting_behind_slow_answers_is_part_of_a_latency() {
        let pause = Duration::from_millis(20);
        let requests = [b"GET / HTTP/1.1\r\n\r\n".to_vec()];
        let interval = Some(Duration::from_millis(1));
        let outcome = run(&order(slow_server(pause, 5, "200 OK"), &requests, interval)).unwrap();
        // The fifth was due after 4 ms, and had to wait for four others.
        assert!(outcome.latencies[4] + Duration::from_millis(4) >= pause * 5);
        assert!(outcome.late[4] + Duration::from_millis(4) >= pause * 4);
    }

    #[test]
    fn without_intervals_a_request_is_due_when_its_connection_is_free() {
        let requests = [b"GET / HTTP/1.1\r\n\r\n".to_vec()];
        let outcome = run(&order(slow_server(Duration::from_millis(5), 5, "200 OK"), &requests, None)).unwrap();
        assert_eq!(outcome.latencies.len(), 5);
        assert!(outcome.took >= Duration::from_millis(25));
    }

    #[test]
    fn answers_that_are_no_good_give_no_figure() {
        let requests = [b"GET / HTTP/1.1\r\n\r\n".to_vec()];
        let failure = run(&order(slow_server(Duration::ZERO, 5, "401 Unauthorized"), &requests, None)).unwrap_err();
        assert!(matches!(failure, NoFigure::BadAnswers { failed: 5, answers: 5, .. }), "{failure}");
    }
}
