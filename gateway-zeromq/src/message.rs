//! Messages as they come: the number of the request, its head, its body in parts.
//!
//! In: what has been read of a connection after the handshake. Out: events. Of a message that is no reply nothing is kept.

use bytes::{Buf, Bytes, BytesMut};

use crate::command::{Command, LONGEST_COMMAND};
use crate::frame::FrameHead;
use crate::{ConnectionFault, MessageFault};

/// How long the number of a request is, in bytes.
const NUMBER: u64 = 8;

/// A body is handed on in parts of this size at least, so that one that trickles does not take more memory than it is long.
const LEAST_PART: u64 = 8 * 1024;

/// How much is taken of one message.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The longest head, in bytes.
    pub head: usize,
    /// The longest body, in bytes.
    pub body: u64,
}

/// What has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Nothing more can be told before more is read.
    NeedsMore,
    /// A command.
    Command(Command),
    /// A message of this number begins, with this head.
    Begun(u64, Bytes),
    /// A part of its body.
    Body(Bytes),
    /// It has ended.
    Ended,
    /// The message of this number is no reply; whatever has come of it counts for nothing.
    Unfit(u64, MessageFault),
    /// A message without a number has begun; nothing else will be told of it.
    Stray,
}

/// Where in a message the reader is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Number,
    Delimiter(u64),
    Head(u64),
    /// The body of the message of this number is to come.
    BeforeBody(u64),
    Body,
    /// In what nobody wants.
    Rest,
}

/// Reads messages.
#[derive(Debug)]
pub struct MessageReader {
    limits: Limits,
    place: Place,
    /// The frame whose head has been read, with the length of what is still to come of it.
    frame: Option<FrameHead>,
    /// Whether the message has ended, and that is to be told.
    has_ended: bool,
}

impl MessageReader {
    /// A reader at the beginning of a message.
    pub const fn new(limits: Limits) -> Self {
        Self { limits, place: Place::Number, frame: None, has_ended: false }
    }

    /// Takes the next event out of what has come.
    ///
    /// # Errors
    ///
    /// What follows on the connection cannot be understood.
    pub fn read(&mut self, inbox: &mut BytesMut) -> Result<Event, ConnectionFault> {
        loop {
            if std::mem::take(&mut self.has_ended) {
                return Ok(Event::Ended);
            }
            let event = match self.frame {
                None => match FrameHead::read(inbox)? {
                    Some(head) => self.begin(head)?,
                    None => return Ok(Event::NeedsMore),
                },
                Some(frame) if frame.is_command => self.command(frame, inbox)?,
                Some(frame) => self.advance(frame, inbox),
            };
            if let Some(event) = event {
                return Ok(event);
            }
        }
    }

    /// A frame begins: whether it can stand here.
    fn begin(&mut self, head: FrameHead) -> Result<Option<Event>, ConnectionFault> {
        self.frame = Some(head);
        if head.is_command {
            return if head.length > LONGEST_COMMAND { Err(ConnectionFault::Command) } else { Ok(None) };
        }
        let fault = match self.place {
            Place::Number if head.length != NUMBER || !head.has_more => {
                self.place = Place::Rest;
                return Ok(Some(Event::Stray));
            }
            Place::Delimiter(number) if head.length > 0 => Some((number, MessageFault::NoDelimiter)),
            Place::Delimiter(number) if !head.has_more => Some((number, MessageFault::NoHead)),
            Place::Head(number) if head.length > self.limits.head as u64 => {
                Some((number, MessageFault::HeadTooLong(self.limits.head)))
            }
            Place::BeforeBody(number) => {
                self.place = Place::Body;
                if head.has_more {
                    Some((number, MessageFault::TooManyFrames))
                } else {
                    let limit = self.limits.body;
                    (head.length > limit).then_some((number, MessageFault::BodyTooLong(limit)))
                }
            }
            _ => None,
        };
        Ok(fault.map(|(number, fault)| {
            self.place = Place::Rest;
            Event::Unfit(number, fault)
        }))
    }

    fn command(&mut self, frame: FrameHead, inbox: &mut BytesMut) -> Result<Option<Event>, ConnectionFault> {
        let Some(bytes) = whole(frame, inbox) else { return Ok(Some(Event::NeedsMore)) };
        self.frame = None;
        Command::read(bytes).map(|command| Some(Event::Command(command)))
    }

    /// Takes what has come of a message's frame.
    fn advance(&mut self, frame: FrameHead, inbox: &mut BytesMut) -> Option<Event> {
        match self.place {
            Place::Number => {
                let Some(mut bytes) = whole(frame, inbox) else { return Some(Event::NeedsMore) };
                self.end_frame(frame, Place::Delimiter(bytes.get_u64()));
                None
            }
            Place::Delimiter(number) => {
                self.end_frame(frame, Place::Head(number));
                None
            }
            Place::Head(number) => {
                let Some(bytes) = whole(frame, inbox) else { return Some(Event::NeedsMore) };
                self.end_frame(frame, Place::BeforeBody(number));
                self.has_ended = !frame.has_more;
                Some(Event::Begun(number, bytes))
            }
            Place::BeforeBody(_) | Place::Body => self.body(frame, inbox),
            Place::Rest => self.skip(frame, inbox),
        }
    }

    fn body(&mut self, frame: FrameHead, inbox: &mut BytesMut) -> Option<Event> {
        if (inbox.len() as u64) < frame.length.min(LEAST_PART) {
            return Some(Event::NeedsMore);
        }
        let part = inbox.split_to(shorter(frame.length, inbox.len())).freeze();
        let left = frame.length - part.len() as u64;
        if left == 0 {
            self.end_frame(frame, Place::Number);
            self.has_ended = true;
        } else {
            self.frame = Some(FrameHead { length: left, ..frame });
        }
        (!part.is_empty()).then_some(Event::Body(part))
    }

    fn skip(&mut self, frame: FrameHead, inbox: &mut BytesMut) -> Option<Event> {
        let skipped = shorter(frame.length, inbox.len());
        inbox.advance(skipped);
        let left = frame.length - skipped as u64;
        if left == 0 {
            self.end_frame(frame, Place::Rest);
            return None;
        }
        self.frame = Some(FrameHead { length: left, ..frame });
        Some(Event::NeedsMore)
    }

    /// A frame has ended: what follows in its message, or the next message.
    fn end_frame(&mut self, frame: FrameHead, next: Place) {
        self.frame = None;
        self.place = if frame.has_more { next } else { Place::Number };
    }
}

/// All of a frame that is short, once it has come.
fn whole(frame: FrameHead, inbox: &mut BytesMut) -> Option<Bytes> {
    (inbox.len() as u64 >= frame.length).then(|| inbox.split_to(shorter(frame.length, inbox.len())).freeze())
}

/// The shorter of the length of a frame and of what has come.
fn shorter(length: u64, come: usize) -> usize {
    usize::try_from(length).map_or(come, |length| length.min(come))
}
