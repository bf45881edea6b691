//! A message on its way out: the number of its request, its head, and what stands before its body.

use crate::frame::{FrameHead, write_frame};

/// Writes a message but for its body, which is `body` bytes long and has to follow.
pub fn write_message(out: &mut Vec<u8>, number: u64, head: &[u8], body: u64) {
    write_frame(out, &number.to_be_bytes());
    write_frame(out, &[]);
    write_frame(out, head);
    FrameHead { length: body, has_more: false, is_command: false }.write(out);
}
