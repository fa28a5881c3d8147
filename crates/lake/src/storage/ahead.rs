//! Asks for what will be read before it is read: a run of each stretch, and its next run while that is used.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;

use bytes::Bytes;
use tokio::task::JoinHandle;

use crate::error::LakeError;
use crate::parquet::BLOCK_BYTES;

const BLOCK: u64 = BLOCK_BYTES as u64;
/// The most bytes that one request asks for.
const REQUEST_BYTES: u64 = 16 * BLOCK;
/// A stretch that is no larger is asked for at once, with its neighbours.
const SMALL_BYTES: u64 = 4 * BLOCK;
/// Runs of a stretch that are asked for and not used up.
const RUNS: usize = 2;

/// A request under way.
pub(super) type Answer = JoinHandle<Result<Bytes, LakeError>>;

/// Stretches of one file that are read side by side, each from its start to its end, block by block.
#[derive(Default)]
pub(super) struct Ahead {
    streams: Vec<Stream>,
}

struct Stream {
    /// What was not asked for yet.
    rest: Range<u64>,
    run_bytes: u64,
    runs: VecDeque<Run>,
}

/// Neighbouring blocks that one request asks for. Each is given away once.
struct Run {
    range: Range<u64>,
    request: Request,
    blocks: BTreeMap<u64, Bytes>,
}

/// Given up when it is dropped.
struct Request(Option<Answer>);

impl Ahead {
    /// Nothing is asked for yet. Stretches consist of whole blocks. About `limit_bytes` will lie here at most.
    pub fn new(mut stretches: Vec<Range<u64>>, limit_bytes: u64) -> Self {
        let length = |stretch: &Range<u64>| stretch.end.saturating_sub(stretch.start);
        stretches.retain(|stretch| !stretch.is_empty());
        stretches.sort_by_key(|stretch| stretch.start);
        let total: u64 = stretches.iter().map(length).sum();
        let whole_bytes = if total <= limit_bytes { REQUEST_BYTES } else { SMALL_BYTES };
        let stretches = joined(stretches, whole_bytes);
        let run_bytes = |stretch: &Range<u64>| match length(stretch) <= whole_bytes || total <= limit_bytes {
            true => REQUEST_BYTES,
            // Its share, so that all of them last equally long.
            false => {
                let share = u128::from(limit_bytes / RUNS as u64) * u128::from(length(stretch)) / u128::from(total);
                let share = u64::try_from(share).unwrap_or(REQUEST_BYTES);
                (share / BLOCK * BLOCK).clamp(BLOCK, REQUEST_BYTES)
            }
        };
        let stream = |stretch| Stream { run_bytes: run_bytes(&stretch), rest: stretch, runs: VecDeque::new() };
        Self { streams: stretches.into_iter().map(stream).collect() }
    }

    /// Asks for the first run of each stretch.
    pub fn start(&mut self, ask: impl Fn(Range<u64>) -> Answer) {
        self.streams.iter_mut().for_each(|stream| stream.ask_up_to(1, &ask));
    }

    /// A block, if it was asked for and came; then the next run of its stretch is asked for.
    pub fn take(
        &mut self,
        block: Range<u64>,
        ask: impl Fn(Range<u64>) -> Answer,
        wait: impl FnOnce(Answer) -> Result<Bytes, LakeError>,
    ) -> Option<Bytes> {
        let has = |run: &Run| run.has(&block);
        let stream = self.streams.iter_mut().find(|stream| stream.runs.iter().any(has))?;
        let at = stream.runs.iter().position(has)?;
        // What was passed over lies in the reader's cache.
        stream.runs.drain(..at);
        let run = stream.runs.front_mut()?;
        run.receive(wait);
        let taken = run.blocks.remove(&block.start);
        if run.blocks.is_empty() {
            stream.runs.pop_front();
        }
        stream.ask_up_to(RUNS, &ask);
        // A copy, lest a block that is kept keeps its whole run.
        taken.filter(|taken| taken.len() as u64 == block.end - block.start).map(|taken| Bytes::copy_from_slice(&taken))
    }
}

impl Stream {
    fn ask_up_to(&mut self, runs: usize, ask: &impl Fn(Range<u64>) -> Answer) {
        while self.runs.len() < runs && !self.rest.is_empty() {
            let end = (self.rest.start + self.run_bytes).min(self.rest.end);
            let range = self.rest.start..end;
            self.rest.start = end;
            let request = Request(Some(ask(range.clone())));
            self.runs.push_back(Run { range, request, blocks: BTreeMap::new() });
        }
    }
}

impl Run {
    /// Whether it may still give this block away.
    fn has(&self, block: &Range<u64>) -> bool {
        let comes = self.request.0.is_some() && self.range.start <= block.start && block.end <= self.range.end;
        comes || self.blocks.contains_key(&block.start)
    }

    /// Waits for the answer. After a failure there are no blocks: whoever reads asks for them alone, and is told why.
    fn receive(&mut self, wait: impl FnOnce(Answer) -> Result<Bytes, LakeError>) {
        let Some(answer) = self.request.0.take() else { return };
        let Ok(mut bytes) = wait(answer) else { return };
        let mut start = self.range.start;
        while !bytes.is_empty() {
            let block = bytes.split_to(bytes.len().min(BLOCK_BYTES));
            let next = start + block.len() as u64;
            self.blocks.insert(start, block);
            start = next;
        }
    }
}

impl Drop for Request {
    fn drop(&mut self) {
        if let Some(answer) = &self.0 {
            answer.abort();
        }
    }
}

/// Stretches that touch become one of at most so many bytes.
fn joined(stretches: Vec<Range<u64>>, most_bytes: u64) -> Vec<Range<u64>> {
    let mut joined: Vec<Range<u64>> = Vec::new();
    for stretch in stretches {
        match joined.last_mut() {
            Some(last) if stretch.start <= last.end && stretch.end.max(last.end) - last.start <= most_bytes => {
                last.end = last.end.max(stretch.end);
            }
            _ => joined.push(stretch),
        }
    }
    joined
}

#[cfg(test)]
#[expect(clippy::single_range_in_vec_init, reason = "lists of ranges, some of which have one")]
mod tests {
    use std::cell::RefCell;

    use super::*;

    /// Takes blocks in the order given; the requests made, in blocks, and which of the blocks were there.
    async fn check(stretches: &[Range<u64>], limit: u64, order: &[u64], requests: &[Range<u64>], there: &[bool]) {
        let scaled = |range: &Range<u64>| range.start * BLOCK..range.end * BLOCK;
        let asked = RefCell::new(Vec::new());
        let ask = |range: Range<u64>| {
            asked.borrow_mut().push(range.start / BLOCK..range.end / BLOCK);
            tokio::spawn(async move { Ok(Bytes::from(vec![0; (range.end - range.start) as usize])) })
        };
        let mut ahead = Ahead::new(stretches.iter().map(scaled).collect(), limit * BLOCK);
        ahead.start(ask);
        let wait = |answer: Answer| futures::executor::block_on(answer).unwrap();
        let taken = order.iter().map(|block| ahead.take(scaled(&(*block..*block + 1)), ask, wait).is_some());
        assert_eq!(taken.collect::<Vec<_>>(), there, "{stretches:?}");
        assert_eq!(*asked.borrow(), requests, "{stretches:?}");
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn what_fits_comes_with_few_requests_in_any_order() {
        let yes = [true; 6];
        check(&[0..1, 1..3, 2..4], 8, &[0, 2, 1, 3], &[0..4], &yes[..4]).await;
        check(&[0..1, 3..5], 8, &[3, 0, 4], &[0..1, 3..5], &yes[..3]).await;
        check(&[0..20], 32, &[0, 1, 15, 16, 19], &[0..16, 16..20], &yes[..5]).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn what_does_not_fit_comes_in_shares() {
        let order = [0, 12, 1, 2, 3, 4, 13];
        check(&[0..12, 12..16], 8, &order, &[0..3, 12..16, 3..6, 6..9], &[true; 7]).await;
        check(&[0..1, 1..2, 2..4, 4..24], 8, &[4, 1, 0, 2], &[0..4, 4..7, 7..10], &[true; 4]).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn a_block_is_given_once_and_what_was_not_asked_for_is_not_there() {
        check(&[2..4], 8, &[2, 2, 5, 3], &[2..4], &[true, false, false, true]).await;
        check(&[], 8, &[0], &[], &[false]).await;
    }
}
