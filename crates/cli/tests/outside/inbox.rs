//! Letters that leave by SES, read back from an emulator.

use engines::Tables;
use serde_json::{Value, json};

/// An emulator of SES whose letters can be read.
pub struct Inbox {
    /// The emulator with the tables, too.
    emulator: Tables,
}

impl Inbox {
    /// One in which the sender is verified, as a person would once.
    pub fn open() -> Option<Self> {
        let inbox = Self { emulator: Tables::ministack()? };
        let (_, domain) = inbox.sender().split_once('@').unwrap();
        let signed = format!(
            "AWS4-HMAC-SHA256 Credential={}/20260101/{}/ses/aws4_request",
            inbox.emulator.access_key(),
            inbox.emulator.region()
        );
        let request = ureq::post(format!("{}/v2/email/identities", inbox.endpoint()))
            .config()
            .http_status_as_error(false)
            .build()
            .header("authorization", signed);
        let said = request.send(json!({ "EmailIdentity": domain }).to_string()).unwrap();
        // Somebody before us may have done it.
        assert!([200, 400, 409].contains(&said.status().as_u16()), "{said:?}");
        Some(inbox)
    }

    /// Who letters come from.
    pub fn sender(&self) -> &'static str {
        "exports@example.org"
    }

    /// Where SES answers, and how it is signed for.
    pub fn settings(&self) -> [(&'static str, String); 4] {
        [
            ("ENDPOINT", self.endpoint().to_owned()),
            ("REGION", self.emulator.region().to_owned()),
            ("ACCESS_KEY", self.emulator.access_key().to_owned()),
            ("SECRET_KEY", self.emulator.secret_key().to_owned()),
        ]
    }

    /// The letters that hold some words, of whichever account.
    pub fn letters(&self, words: &str) -> Vec<Value> {
        let mut said = ureq::get(format!("{}/_ministack/ses/messages", self.endpoint())).call().unwrap();
        let all: Value = serde_json::from_str(&said.body_mut().read_to_string().unwrap()).unwrap();
        let accounts = all["messages"].as_object().unwrap().values();
        let letters = accounts.flat_map(|letters| letters.as_array().unwrap().clone());
        letters.filter(|letter| letter["BodyText"].as_str().is_some_and(|text| text.contains(words))).collect()
    }

    fn endpoint(&self) -> &str {
        self.emulator.endpoint()
    }
}
