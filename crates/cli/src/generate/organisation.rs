//! What is particular to one generated organisation: languages, hours, channels, people, and how its source writes JSON.

use super::dice::{Dice, Purpose};
use super::words::{LANGUAGES, Language};

/// One organisation; depends on its number and the seed alone.
pub struct Organisation {
    /// From 1.
    pub number: u32,
    /// `org-0001` onwards.
    pub slug: String,
    /// How its source behaves.
    pub style: &'static Style,
    /// Names of channels, the busiest first.
    pub channels: Vec<String>,
    /// Names of people, the most talkative first.
    pub senders: Vec<String>,
}

/// The habits of a chat system and of the people who use it.
pub struct Style {
    /// Most messages are in the first, some in the second, few in the third: places in `LANGUAGES`.
    languages: [usize; 3],
    /// Hours that the people's working day is ahead of UTC.
    pub shift_hours: u32,
    /// Days without work, Monday is 0.
    pub weekend: [i32; 2],
    /// How fine its times are.
    pub precision: Precision,
    /// Offset that its times are written with, in minutes; 0 writes `Z`.
    pub offset_minutes: i32,
    /// How its message ids look.
    pub ids: Ids,
    /// Whether missing values are written as null rather than left out.
    pub writes_nulls: bool,
    /// Whether everything beyond ASCII is written as `\uXXXX`.
    pub ascii_only: bool,
}

/// How fine times are.
#[derive(Clone, Copy, Debug)]
pub enum Precision {
    /// Many messages share an instant.
    Seconds,
    /// Three decimals.
    Millis,
    /// Six decimals.
    Micros,
}

impl Precision {
    /// One unit in microseconds.
    pub const fn micros(self) -> i64 {
        match self {
            Self::Seconds => 1_000_000,
            Self::Millis => 1_000,
            Self::Micros => 1,
        }
    }
}

/// How message ids look; only some of them sort by time.
#[derive(Clone, Copy, Debug)]
pub enum Ids {
    /// Seconds, a point, a number.
    Stamp,
    /// 32 hexadecimal digits without order.
    Hexadecimal,
    /// A prefix and a number.
    Counter,
    /// A sigil, letters, a server name.
    Server,
}

impl Organisation {
    /// The organisation with this number.
    pub fn new(number: u32, seed: u64) -> Self {
        let style = &STYLES[(number as usize - 1) % STYLES.len()];
        let mut dice = Dice::new(seed, number, Purpose::Profile);
        let channels = (0..12 + dice.below(40)).map(|place| channel(place, style, &mut dice)).collect();
        let senders = (0..20 + dice.below(300)).map(|place| sender(place, style, &mut dice)).collect();
        Self { number, slug: slug(number), style, channels, senders }
    }

    /// The language of one message: mostly the organisation's own, seldom any of all.
    pub fn language(&self, dice: &mut Dice) -> &'static Language {
        self.style.language(dice)
    }
}

impl Style {
    fn language(&self, dice: &mut Dice) -> &'static Language {
        let place = match dice.below(64) {
            0 => dice.below(LANGUAGES.len() as u32) as usize,
            1..=4 => self.languages[2],
            5..=16 => self.languages[1],
            _ => self.languages[0],
        };
        LANGUAGES[place]
    }
}

/// The name of the organisation with this number.
pub fn slug(number: u32) -> String {
    format!("org-{number:04}")
}

fn channel(place: u32, style: &Style, dice: &mut Dice) -> String {
    if place < 4 {
        let own = LANGUAGES[style.languages[0]].channels;
        return own[place as usize % own.len()].to_owned();
    }
    let language = style.language(dice);
    format!("{}-{place}", dice.pick(language.channels))
}

fn sender(place: u32, style: &Style, dice: &mut Dice) -> String {
    let language = style.language(dice);
    let name = dice.pick(language.names);
    match dice.below(40) {
        0 => format!("{name} \"{}\"", dice.pick(language.words)),
        1 => format!("bot@{place}"),
        2 => String::new(),
        _ if place < 6 => name.to_owned(),
        _ => format!("{name} {place}"),
    }
}

const SATURDAY_SUNDAY: [i32; 2] = [5, 6];
const FRIDAY_SATURDAY: [i32; 2] = [4, 5];

const PLAIN: Style = Style {
    languages: [0, 3, 11],
    shift_hours: 0,
    weekend: SATURDAY_SUNDAY,
    precision: Precision::Millis,
    offset_minutes: 0,
    ids: Ids::Stamp,
    writes_nulls: true,
    ascii_only: false,
};

/// The first is English, the next ones go round the world; then they repeat.
static STYLES: [Style; 10] = [
    PLAIN,
    Style { languages: [11, 0, 13], shift_hours: 9, offset_minutes: 540, ids: Ids::Hexadecimal, ..PLAIN },
    Style {
        languages: [8, 9, 0],
        shift_hours: 3,
        precision: Precision::Seconds,
        ids: Ids::Counter,
        writes_nulls: false,
        ..PLAIN
    },
    Style { languages: [15, 2, 17], shift_hours: 3, weekend: FRIDAY_SATURDAY, ids: Ids::Server, ..PLAIN },
    Style { languages: [18, 0, 19], shift_hours: 5, offset_minutes: 330, precision: Precision::Micros, ..PLAIN },
    Style {
        languages: [1, 6, 5],
        shift_hours: 1,
        precision: Precision::Micros,
        ids: Ids::Hexadecimal,
        writes_nulls: false,
        ..PLAIN
    },
    Style { languages: [12, 0, 14], shift_hours: 8, ascii_only: true, ids: Ids::Counter, ..PLAIN },
    Style {
        languages: [16, 8, 0],
        shift_hours: 2,
        weekend: FRIDAY_SATURDAY,
        offset_minutes: 120,
        ids: Ids::Server,
        ..PLAIN
    },
    Style { languages: [4, 3, 7], shift_hours: 21, offset_minutes: -180, precision: Precision::Seconds, ..PLAIN },
    Style {
        languages: [10, 2, 0],
        shift_hours: 2,
        ids: Ids::Hexadecimal,
        writes_nulls: false,
        ascii_only: true,
        ..PLAIN
    },
];
