//! The vocabulary of generated chats: plain work talk in twenty languages, written for this project.

mod eastern_latin;
mod far_east;
mod greek_cyrillic;
mod latin;
mod south_west;

/// One language: how its words are joined and what people there are called.
pub struct Language {
    /// Words, the most frequent first.
    pub words: &'static [&'static str],
    /// What stands between two words.
    pub gap: &'static str,
    /// What ends a sentence, the most frequent first.
    pub stops: &'static [&'static str],
    /// Given names of senders.
    pub names: &'static [&'static str],
    /// Names of channels.
    pub channels: &'static [&'static str],
}

const WESTERN_STOPS: &[&str] = &[".", ".", "!", "?", "…"];

/// All languages; organisations name them by their place here.
pub static LANGUAGES: [&Language; 20] = [
    &latin::ENGLISH,
    &latin::GERMAN,
    &latin::FRENCH,
    &latin::SPANISH,
    &latin::PORTUGUESE,
    &eastern_latin::POLISH,
    &eastern_latin::TURKISH,
    &eastern_latin::VIETNAMESE,
    &greek_cyrillic::RUSSIAN,
    &greek_cyrillic::UKRAINIAN,
    &greek_cyrillic::GREEK,
    &far_east::JAPANESE,
    &far_east::CHINESE,
    &far_east::KOREAN,
    &far_east::THAI,
    &south_west::ARABIC,
    &south_west::HEBREW,
    &south_west::PERSIAN,
    &south_west::HINDI,
    &south_west::TAMIL,
];

/// Emoji of one code point and of several: skin tone, ZWJ family, flag, keycap, variation selector.
pub const EMOJI: &[&str] =
    &["👍", "🎉", "😂", "🙏", "🚀", "😅", "❤️", "👀", "🔥", "👍🏽", "👨‍👩‍👧‍👦", "🇯🇵", "1️⃣", "🧑🏿‍💻", "🏳️‍🌈", "☕"];
