//! Invented messages for the benches: about 250 bytes a row as CSV, compressible like chat (zlib 6: about 0.4).

use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, StringArray, TimestampMicrosecondArray};
use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};
use encoder::csv::Profile;
use encoder::part::{Container, PartEncoder, PartOptions};

/// Rows of a batch, as the lake hands them on.
const BATCH_ROWS: usize = 8_192;
/// 2024-01-01T00:00:00Z in microseconds.
const START: i64 = 1_704_067_200_000_000;
const WORDS: usize = 30_000;

const LATIN: &[&str] = &[
    "a", "be", "ca", "de", "en", "fi", "go", "ha", "in", "ju", "ka", "lo", "ma", "no", "or", "pe", "qui", "re", "st",
    "ti", "un", "ver", "wo", "xa", "y", "zu", "ion", "ing", "er", "th", "ö", "é",
];
const CYRILLIC: &[&str] =
    &["а", "бо", "ва", "го", "де", "же", "за", "и", "ко", "ла", "мы", "но", "о", "при", "ра", "со", "ти", "у"];
const CJK: &[&str] = &["日", "本", "語", "の", "は", "を", "に", "人", "時", "会", "議", "変", "更", "確", "認", "す"];

/// Writes batches as one part in memory, and tells its length.
pub fn part_bytes(container: Container, batches: &[RecordBatch]) -> u64 {
    let options = PartOptions { container, schema: Messages::schema(), profile: Profile::Rfc4180, sha256: false };
    let mut encoder = PartEncoder::new(options, Vec::new()).expect("messages can be written");
    encoder.begin_entry("messages.csv").expect("the name is fit");
    batches.iter().for_each(|batch| encoder.write(batch).expect("memory takes all"));
    encoder.end_entry().expect("memory takes all");
    encoder.finish().expect("memory takes all").0.total_bytes
}

/// A generator of messages: the same seed, the same messages.
pub struct Messages {
    dice: Dice,
    words: Vec<Vec<String>>,
    sent_at: i64,
}

struct Dice(u64);

impl Dice {
    /// SplitMix64 (Steele, Lea, Flood 2014).
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.roll() % limit as u64) as usize
    }

    /// Small numbers far more often than great ones, as words are used.
    fn skewed(&mut self, limit: usize) -> usize {
        let share = self.below(1 << 20) as f64 / (1 << 20) as f64;
        (share.powi(3) * limit as f64) as usize
    }

    fn one_in(&mut self, of: usize) -> bool {
        self.below(of) == 0
    }
}

impl Messages {
    /// Messages from this seed on.
    pub fn new(seed: u64) -> Self {
        let mut dice = Dice(seed);
        let mut vocabulary = |syllables: &[&str], longest: usize| {
            let mut word = || (0..1 + dice.below(longest)).map(|_| syllables[dice.below(syllables.len())]).collect();
            (0..WORDS).map(|_| word()).collect::<Vec<String>>()
        };
        let words = vec![vocabulary(LATIN, 5), vocabulary(CYRILLIC, 4), vocabulary(CJK, 3)];
        Self { dice, words, sent_at: START }
    }

    /// The columns of every batch.
    pub fn schema() -> SchemaRef {
        let time = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
        let of = |name: &str| {
            let data_type = if name.ends_with("_at") { time.clone() } else { DataType::Utf8 };
            Field::new(name, data_type, true)
        };
        let names = ["message_id", "channel", "thread", "sender", "sent_at", "edited_at", "kind", "text", "attributes"];
        Arc::new(Schema::new(names.map(of).to_vec()))
    }

    /// Batches of so many rows in all.
    pub fn batches(&mut self, rows: usize) -> Vec<RecordBatch> {
        (0..rows).step_by(BATCH_ROWS).map(|from| self.batch(BATCH_ROWS.min(rows - from))).collect()
    }

    fn batch(&mut self, rows: usize) -> RecordBatch {
        let mut texts: [Vec<Option<String>>; 7] = Default::default();
        let (mut sent_at, mut edited_at) = (Vec::new(), Vec::new());
        for _ in 0..rows {
            self.sent_at += self.dice.below(2_000_000) as i64;
            sent_at.push(Some(self.sent_at));
            edited_at.push(self.dice.one_in(20).then(|| self.sent_at + self.dice.below(600_000_000) as i64));
            texts.iter_mut().zip(self.row()).for_each(|(column, cell)| column.push(cell));
        }
        let [id, channel, thread, sender, kind, text, attributes] =
            texts.map(|column| Arc::new(StringArray::from(column)) as ArrayRef);
        let time = |micros: Vec<Option<i64>>| Arc::new(TimestampMicrosecondArray::from(micros).with_timezone("UTC"));
        let columns = vec![id, channel, thread, sender, time(sent_at), time(edited_at), kind, text, attributes];
        RecordBatch::try_new(Self::schema(), columns).expect("the columns are those of the schema")
    }

    /// Id, channel, thread, sender, kind, text, attributes.
    fn row(&mut self) -> [Option<String>; 7] {
        let millis = self.sent_at / 1_000;
        let id = format!(
            "{:08x}-{:04x}-7{:03x}-{:016x}",
            millis >> 16,
            millis & 0xffff,
            self.dice.below(4_096),
            self.dice.roll()
        );
        let sender = format!("{}.{}", self.words[0][self.dice.skewed(200)], self.words[0][self.dice.skewed(200)]);
        let kind = ["message", "message", "message", "join", "edit"][self.dice.skewed(5)];
        let attributes = match self.dice.below(4) {
            0 => "{}".to_owned(),
            1 => format!("{{\"reactions\":{{\"+1\":{}}}}}", self.dice.below(9)),
            _ => format!("{{\"client\":\"web\",\"build\":{}}}", 5_000 + self.dice.below(1_000)),
        };
        [
            Some(id),
            Some(format!("channel-{}", self.dice.skewed(40))),
            self.dice.one_in(5).then(|| format!("thread-{}", self.dice.below(10_000))),
            Some(sender),
            Some(kind.to_owned()),
            Some(self.text()),
            Some(attributes),
        ]
    }

    fn text(&mut self) -> String {
        let script = [0, 0, 0, 0, 0, 0, 0, 1, 1, 2][self.dice.below(10)];
        let length = 30 + self.dice.below(240);
        let mut text = String::new();
        while text.len() < length {
            let word = self.dice.skewed(WORDS);
            text += &self.words[script][word];
            text += [" ", " ", " ", " ", " ", " ", " ", ", ", ". ", "\n"][self.dice.below(10)];
        }
        text
    }
}
