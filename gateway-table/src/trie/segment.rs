//! A segment of a path, read eight bytes at a time.

/// A segment as it is looked up.
pub(super) struct Segment {
    /// Made of its first and last eight bytes; of a short one it is all of them.
    pub(super) key: u64,
    pub(super) len: usize,
}

/// How many bytes are read at once.
const WORD: usize = 8;
const SLASHES: u64 = u64::from_ne_bytes([b'/'; WORD]);
const ONES: u64 = u64::from_ne_bytes([1; WORD]);
const HIGHS: u64 = u64::from_ne_bytes([0x80; WORD]);
/// An odd number without a pattern: the golden ratio.
const MIXER: u64 = 0x9e37_79b9_7f4a_7c15;

impl Segment {
    /// The segment of `path` that starts at `at`.
    pub(super) fn read(path: &[u8], at: usize) -> Self {
        let head = word(path, at);
        let slash = slashes(head);
        if slash != 0 {
            let len = first(slash);
            return Self { key: head & ((1 << (8 * len)) - 1), len };
        }
        let end = end_of(path, at + WORD);
        if end <= at + WORD {
            return Self { key: head, len: end - at };
        }
        let tail = word(path, end - WORD);
        Self { key: head ^ tail.wrapping_mul(MIXER).rotate_left(31), len: end - at }
    }

    /// Whether the key is the whole segment.
    pub(super) fn is_short(&self) -> bool {
        self.len <= WORD
    }

    /// Where it is looked for first, among a number of places that is a power of two.
    pub(super) fn place(&self, places: u32) -> u32 {
        let mixed = (self.key ^ (self.key >> 32)).wrapping_mul(MIXER);
        // The upper half is the better mixed one; it fits.
        u32::try_from(mixed >> 32).unwrap_or_default() & (places - 1)
    }
}

/// Where the segment that starts at `at`, or goes on there, ends.
pub(super) fn end_of(path: &[u8], mut at: usize) -> usize {
    while at < path.len() {
        let slash = slashes(word(path, at));
        if slash != 0 {
            return at + first(slash);
        }
        at += WORD;
    }
    path.len()
}

/// The eight bytes at `at`, the first one lowest; zeros behind the end of the path, which has none itself.
fn word(path: &[u8], at: usize) -> u64 {
    if let Some(bytes) = path[at..].first_chunk() {
        return u64::from_le_bytes(*bytes);
    }
    let left = path.len() - at;
    match path.last_chunk() {
        Some(_) if left == 0 => 0,
        Some(bytes) => u64::from_le_bytes(*bytes) >> (8 * (WORD - left)),
        None => path[at..].iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte)),
    }
}

/// The highest bit of every byte that is a slash; above the first one perhaps of others, too.
fn slashes(word: u64) -> u64 {
    let zeros = word ^ SLASHES;
    zeros.wrapping_sub(ONES) & !zeros & HIGHS
}

/// Which byte the lowest bit is in.
fn first(bits: u64) -> usize {
    bits.trailing_zeros() as usize / 8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_ends_at_the_next_slash_or_with_the_path() {
        for path in ["/a", "/a/b", "/abcdefgh", "/abcdefgh/x", "/abcdefghi/x", "/abcdefghijklmnopqrst/uvwxyz", "/é/a"]
        {
            let want = path[1..].find('/').unwrap_or(path.len() - 1);
            let segment = Segment::read(path.as_bytes(), 1);
            assert_eq!((segment.len, end_of(path.as_bytes(), 1)), (want, want + 1), "{path}");
            let alone = format!("/x/{}", &path[1..=want]);
            assert_eq!(Segment::read(alone.as_bytes(), 3).key, segment.key, "{path}");
        }
    }
}
