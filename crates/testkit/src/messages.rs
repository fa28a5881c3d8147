//! Invented messages: few, small, and with everything in them that a CSV must survive.

use domain::time::{DAY, Day, Micros, SECOND};
use serde_json::{Value, json};

use crate::Dice;

const CHANNELS: [&str; 4] = ["general", "random, or not", "déjà vu", ""];
const SENDERS: [&str; 5] = ["anna", "Борис", "chloé \"cc\"", "大輔", "eve"];
const WORDS: [&str; 12] =
    ["hello", "=1+1", "line\nbreak", "\"quoted\"", "a,b", "🎉", "tab\there", "", "crlf\r\n", "señor", "ключ", "@here"];

/// Messages of some days, made from a seed.
#[derive(Clone, Copy, Debug)]
pub struct Messages {
    /// The same seed makes the same messages.
    pub seed: u64,
    /// How many.
    pub count: usize,
    /// The first UTC day.
    pub from: Day,
    /// Over how many days.
    pub days: usize,
}

impl Messages {
    /// One JSON object a line. About one in fifty is an exact repeat of another.
    pub fn lines(&self) -> Vec<String> {
        let mut dice = Dice::new(self.seed);
        let mut lines: Vec<String> = Vec::with_capacity(self.count);
        for number in 0..self.count {
            let line = if number > 0 && dice.once_in(50) {
                dice.pick(&lines).clone()
            } else {
                self.message(&mut dice, number).to_string()
            };
            lines.push(line);
        }
        lines
    }

    fn message(&self, dice: &mut Dice, number: usize) -> Value {
        let second = dice.below(self.days * 86_400) as i64;
        // Few instants, so that some messages share one.
        let sent_at = self.from.utc_start().plus(second / 7 * 7 * SECOND + dice.below(2) as i64);
        let text: Vec<&str> = (0..dice.below(12)).map(|_| *dice.pick(&WORDS)).collect();
        let mut message = message(&format!("m-{}-{number}", self.seed), sent_at, &text.join(" "));
        if dice.once_in(2) {
            message["channel"] = json!(dice.pick(&CHANNELS));
            message["sender"] = json!(dice.pick(&SENDERS));
        }
        if dice.once_in(10) {
            message["edited_at"] = json!(sent_at.plus(DAY).to_string());
            message["attributes"] = json!({ "n": number, "tags": [dice.pick(&WORDS)] });
        }
        message
    }
}

/// A message with what is required.
pub fn message(id: &str, sent_at: Micros, text: &str) -> Value {
    json!({ "message_id": id, "sent_at": sent_at.to_string(), "text": text })
}
