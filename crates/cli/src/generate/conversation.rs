//! What is said next: a new message, an answer, an edit of a recent one, or an exact repeat.

use std::fmt::Write;

use domain::time::Micros;

use super::attributes;
use super::dice::{Dice, Purpose};
use super::organisation::{Ids, Organisation};
use super::text;

/// How many messages back an answer, an edit or a repeat reaches.
const RECENT: usize = 64;

/// One input message; channel and sender are places in the organisation's lists.
#[derive(Clone, Debug, Default)]
pub struct Message {
    pub id: String,
    pub channel: Option<usize>,
    pub thread: Option<String>,
    pub sender: Option<usize>,
    pub sent_at: Option<Micros>,
    pub edited_at: Option<Micros>,
    pub kind: Kind,
    pub text: String,
    /// JSON text, or empty for none.
    pub attributes: String,
}

/// What a line tells of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    #[default]
    Message,
    Join,
    Leave,
    Topic,
    Notice,
}

impl Kind {
    /// The value of `kind`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Message => "message",
            Self::Join => "join",
            Self::Leave => "leave",
            Self::Topic => "topic",
            Self::Notice => "notice",
        }
    }
}

/// The talk of one organisation; it remembers the last messages and nothing more.
pub struct Conversation<'a> {
    organisation: &'a Organisation,
    dice: Dice,
    recent: Vec<Message>,
    told: usize,
}

impl<'a> Conversation<'a> {
    /// A talk that begins.
    pub fn new(organisation: &'a Organisation, seed: u64) -> Self {
        let dice = Dice::new(seed, organisation.number, Purpose::Messages);
        Self { organisation, dice, recent: Vec::with_capacity(RECENT), told: 0 }
    }

    /// The line that arrives now.
    pub fn next(&mut self, arrival: Micros) -> &Message {
        let place = match self.dice.below(4096) {
            0..=4 => self.recall(),
            5..=84 => self.recall().inspect(|place| self.edit(*place, arrival)),
            _ => None,
        };
        let place = place.unwrap_or_else(|| self.tell(arrival));
        &self.recent[place]
    }

    /// The place of some recent message, the last ones more often.
    fn recall(&mut self) -> Option<usize> {
        let kept = self.recent.len() as u32;
        (kept > 0).then(|| (self.told - 1 - self.dice.sloped(kept) as usize) % RECENT)
    }

    fn edit(&mut self, place: usize, arrival: Micros) {
        let message = &mut self.recent[place];
        message.edited_at = Some(arrival);
        if self.dice.one_in(3) {
            message.text.clear();
            text::write(&mut message.text, self.organisation.language(&mut self.dice), &mut self.dice);
        } else {
            text::append_word(&mut message.text, self.organisation.language(&mut self.dice), &mut self.dice);
        }
    }

    /// Puts a new message in the place of the oldest.
    fn tell(&mut self, arrival: Micros) -> usize {
        let answered = if self.dice.below(16) < 3 { self.recall() } else { None };
        let (channel, thread) = match answered {
            Some(place) => self.answer_to(place),
            None if self.dice.one_in(50) => (None, None),
            None => (Some(self.dice.skewed(self.organisation.channels.len() as u32) as usize), None),
        };
        let place = self.told % RECENT;
        if place == self.recent.len() {
            self.recent.push(Message::default());
        }
        self.told += 1;
        let mut message = std::mem::take(&mut self.recent[place]);
        message.channel = channel;
        message.thread = thread;
        self.fill(&mut message, arrival);
        self.recent[place] = message;
        place
    }

    fn answer_to(&self, place: usize) -> (Option<usize>, Option<String>) {
        let root = &self.recent[place];
        (root.channel, Some(root.thread.as_ref().unwrap_or(&root.id).clone()))
    }

    /// Fills the rest of a new message; its buffers are used again.
    fn fill(&mut self, message: &mut Message, arrival: Micros) {
        let (dice, organisation) = (&mut self.dice, self.organisation);
        message.sent_at = Some(arrival);
        message.edited_at = None;
        message.sender = (!dice.one_in(200)).then(|| dice.skewed(organisation.senders.len() as u32) as usize);
        message.kind = match dice.below(100) {
            0..=3 => Kind::Join,
            4..=6 => Kind::Leave,
            7 => Kind::Topic,
            8 => Kind::Notice,
            _ => Kind::Message,
        };
        message.id.clear();
        write_id(&mut message.id, organisation.style.ids, arrival, self.told as u64, dice);
        message.text.clear();
        // Some systems tell joins by the kind alone.
        let is_silent = matches!(message.kind, Kind::Join | Kind::Leave) && dice.one_in(2);
        if !is_silent {
            text::write(&mut message.text, organisation.language(dice), dice);
        }
        message.attributes.clear();
        attributes::write(&mut message.attributes, organisation, dice);
    }
}

/// An id that no other message of the organisation has: each form holds `count` or a bijection of it.
fn write_id(out: &mut String, ids: Ids, arrival: Micros, count: u64, dice: &mut Dice) {
    let scrambled = count.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let written = match ids {
        Ids::Stamp => write!(out, "{}.{count:06}", arrival.0.div_euclid(1_000_000)),
        Ids::Hexadecimal => write!(out, "{scrambled:016x}{:016x}", dice.bits()),
        Ids::Counter => write!(out, "m-{count:09}"),
        Ids::Server => write!(out, "${}{}:chat.example", letters(scrambled), letters(dice.bits())),
    };
    written.expect("a String takes every character");
}

/// 64 bits as eleven letters of the URL-safe base 64 alphabet.
fn letters(mut bits: u64) -> impl std::fmt::Display {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::with_capacity(11);
    for _ in 0..11 {
        text.push(char::from(ALPHABET[(bits & 63) as usize]));
        bits >>= 6;
    }
    text
}
