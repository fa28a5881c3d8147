//! Which calls are broken, and how.

use std::fmt;
use std::time::Duration;

use super::call::Call;
use crate::random::Draws;

/// What happens to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Answered in S3's form without asking the server, e.g. `(503, "SlowDown")`. S3 also answers 200 with an error in the body
    /// to calls that take long, such as CompleteMultipartUpload: `(200, "InternalError")`.
    /// A call of DynamoDB gets the form of that: `(400, "ThrottlingException")`.
    Answer(u16, &'static str),
    /// A transaction of DynamoDB is cancelled for this reason of its first item, e.g. `TransactionConflict`.
    Cancelled(&'static str),
    /// Passed on after this time.
    Delay(Duration),
    /// The answer's body ends after this many bytes, though its head promises more, and the connection is closed. A shorter body
    /// passes whole.
    CutBody {
        /// Bytes of the body that pass.
        after_bytes: u64,
    },
    /// The server does it, and the connection is closed instead of an answer.
    LoseAnswer,
    /// The connection is closed, and the server never hears of it.
    LoseRequest,
    /// One bit of the answer's body is another one; which, the rule's seed says. An answer without a body passes unchanged.
    FlipBit,
}

impl Fault {
    /// Every call gets the answer of a server that is asked too much.
    pub const SLOW_DOWN: Self = Self::Answer(503, "SlowDown");
}

type Predicate = Box<dyn Fn(&Call) -> bool + Send>;

/// A fault and the calls that it happens to: all of them, until said otherwise.
pub struct Rule {
    fault: Fault,
    fits: Predicate,
    percent: u64,
    times_left: u64,
    draws: Draws,
}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Rule({:?} to {}%, {} times)", self.fault, self.percent, self.times_left)
    }
}

impl Rule {
    /// A fault that happens to every call.
    pub fn new(fault: Fault) -> Self {
        Self { fault, fits: Box::new(|_| true), percent: 100, times_left: u64::MAX, draws: Draws::from_seed(0) }
    }

    /// Only to calls that fit.
    pub fn when(mut self, fits: impl Fn(&Call) -> bool + Send + 'static) -> Self {
        self.fits = Box::new(fits);
        self
    }

    /// Only to calls of this name, see [`Call::operation`].
    pub fn on(self, operation: &'static str) -> Self {
        self.when(move |call| call.operation() == operation)
    }

    /// Only to this share of those that fit, drawn from `seed`: the n-th of them meets the same fate in each run.
    pub fn percent(mut self, percent: u64, seed: u64) -> Self {
        self.percent = percent;
        self.draws = Draws::from_seed(seed);
        self
    }

    /// Only to the first so many.
    pub fn times(mut self, times: u64) -> Self {
        self.times_left = times;
        self
    }

    /// Whether this call is one of those; what is left goes down.
    fn happens_to(&mut self, call: &Call) -> bool {
        let happens = self.times_left > 0 && (self.fits)(call) && self.draws.below(100) < self.percent;
        self.times_left -= u64::from(happens);
        happens
    }
}

/// The rules in their order.
#[derive(Debug, Default)]
pub struct Rules {
    rules: Vec<Rule>,
    broken: u64,
}

/// What one call meets.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Fate {
    pub delay: Duration,
    /// With a draw of its rule.
    pub fault: Option<(Fault, u64)>,
}

impl Rules {
    pub fn add(&mut self, rule: Rule) {
        self.rules.push(rule);
    }

    pub fn clear(&mut self) {
        self.rules.clear();
    }

    pub fn broken(&self) -> u64 {
        self.broken
    }

    pub fn fate(&mut self, call: &Call) -> Fate {
        let mut fate = Fate::default();
        for rule in &mut self.rules {
            let fault = rule.fault;
            match fault {
                Fault::Delay(delay) if rule.happens_to(call) => fate.delay += delay,
                Fault::Delay(_) => {}
                _ if fate.fault.is_none() && rule.happens_to(call) => fate.fault = Some((fault, rule.draws.next())),
                _ => {}
            }
        }
        self.broken += u64::from(fate.fault.is_some());
        fate
    }
}

#[cfg(test)]
mod tests {
    use super::super::http::Head;
    use super::*;

    #[test]
    fn a_seed_repeats_who_is_broken() {
        let call = Call::of(&Head::read(&mut b"GET /b/k HTTP/1.1\r\n\r\n".as_slice()).unwrap().unwrap());
        let fates = |seed: u64| -> Vec<bool> {
            let mut rules = Rules::default();
            rules.add(Rule::new(Fault::Delay(Duration::from_secs(2))));
            rules.add(Rule::new(Fault::SLOW_DOWN).on("GetObject").percent(30, seed));
            rules.add(Rule::new(Fault::LoseAnswer).on("PutObject"));
            let all: Vec<_> = (0..1000).map(|_| rules.fate(&call)).collect();
            assert!(all.iter().all(|fate| fate.delay == Duration::from_secs(2)));
            all.iter().map(|fate| fate.fault.is_some()).collect()
        };
        let broken = fates(7).into_iter().filter(|is_broken| *is_broken).count();
        assert!((250..350).contains(&broken), "{broken}");
        assert!(fates(7) == fates(7) && fates(7) != fates(8));
        let mut rules = Rules::default();
        rules.add(Rule::new(Fault::LoseAnswer).times(2));
        rules.add(Rule::new(Fault::FlipBit).times(1));
        let faults: Vec<_> = (0..4).map(|_| rules.fate(&call).fault.map(|(fault, _)| fault)).collect();
        assert_eq!(faults, [Some(Fault::LoseAnswer), Some(Fault::LoseAnswer), Some(Fault::FlipBit), None]);
        assert_eq!(rules.broken(), 3);
    }
}
