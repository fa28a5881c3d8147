//! Strings that must not be found, in every form in which a program may write bytes.

/// What is sought: a name for the failure, and the forms.
#[derive(Default)]
pub struct Sought(Vec<(String, Vec<String>)>);

/// Bytes that a form must have at least to be worth seeking.
const LEAST: usize = 8;

impl Sought {
    /// Seeks a text as it is, and its bytes in all forms.
    pub fn text(&mut self, name: &str, text: &str) {
        self.bytes(name, text.as_bytes());
    }

    /// Seeks a token, and each of its parts that is long enough; returns it.
    pub fn token(&mut self, name: &str, token: &str) -> String {
        self.text(name, token);
        // The head of a signed token is the same in all of them, and public.
        for part in token.split('.').skip(1) {
            self.text(name, part);
        }
        if let Some((_, bare)) = token.split_once('_').filter(|(kind, _)| kind.len() == 3) {
            self.text(name, bare);
        }
        token.to_owned()
    }

    /// Seeks bytes.
    pub fn bytes(&mut self, name: &str, bytes: &[u8]) {
        assert!(bytes.len() >= LEAST, "{name} is too short to be sought");
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        // As a list of numbers, which is what `Debug` makes of a `Vec<u8>`; the beginning is enough.
        let numbers = |separator: &str| bytes.iter().take(12).map(u8::to_string).collect::<Vec<_>>().join(separator);
        // The last character depends on what follows.
        let mut coded = base64(bytes).trim_end_matches('=').to_owned();
        coded.pop();
        let url_safe = coded.replace('+', "-").replace('/', "_");
        let mut forms = vec![hex.to_uppercase(), hex, numbers(", "), numbers(","), coded, url_safe, escaped(bytes)];
        // Other bytes cannot be in what is written: it is text.
        forms.extend(str::from_utf8(bytes).map(str::to_owned));
        self.0.push((name.to_owned(), forms));
    }

    /// Fails where anything is found, by its name and what stands around it.
    pub fn not_in(&self, place: &str, written: &[u8]) {
        let text = String::from_utf8_lossy(written);
        let found = self.0.iter().find_map(|(name, forms)| {
            let form = forms.iter().find(|form| text.contains(form.as_str()))?;
            let line = text.lines().find(|line| line.contains(form.as_str()))?;
            Some((name, form, line))
        });
        if let Some((name, form, line)) = found {
            panic!("{place} has a {name} as {form}: {}", line.chars().take(4000).collect::<String>());
        }
    }
}

/// RFC 3986 section 2.1.
fn escaped(bytes: &[u8]) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let one = |byte: &u8| if is_plain(*byte) { char::from(*byte).to_string() } else { format!("%{byte:02X}") };
    bytes.iter().map(one).collect()
}

/// RFC 4648 section 4.
pub fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let mut three = [0; 4];
        three[1..=chunk.len()].copy_from_slice(chunk);
        let bits = u32::from_be_bytes(three);
        for place in 0..4 {
            let letter = LETTERS[(bits >> (18 - 6 * place)) as usize & 63];
            text.push(if place <= chunk.len() { char::from(letter) } else { '=' });
        }
    }
    text
}
