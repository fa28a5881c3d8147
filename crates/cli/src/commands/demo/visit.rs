//! What the four people do with the service, over HTTP alone.

use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use indicatif::ProgressBar;
use serde::Deserialize;
use serde_json::{Value, json};

use super::people::{ORGANISATIONS, Person};
use super::shown::Shown;
use super::{Demo, mail};
use crate::commands::verify;
use crate::config::Secret;
use crate::exit::Failure;
use crate::remote::Remote;
use crate::remote::exports::{Export, FetchedFile};
use crate::report::{count, grouped, size};
use crate::wiring::Installation;

const SEGMENTS: &str = "{spinner} {bar:32} {pos}/{len} segments  {msg}";
const BYTES: &str = "{spinner} {bar:32} {bytes}/{total_bytes}";
const MINE: &str = "/v1/me/exports";
/// An access token is used for less than its life.
const SIGN_IN_AGAIN_SECONDS: u64 = 200;

/// The visit, as far as it has come.
pub struct Visit<'a> {
    demo: &'a Demo<'a>,
    installation: &'a Installation,
    nobody: Remote,
    people: &'a [Person],
    mails: PathBuf,
}

#[derive(Deserialize)]
struct Tokens {
    access_token: String,
}

impl<'a> Visit<'a> {
    /// A visit of the service at `address`.
    pub fn new(
        demo: &'a Demo<'a>,
        installation: &'a Installation,
        address: &str,
        people: &'a [Person],
    ) -> Result<Self, Failure> {
        let nobody = Remote::new(address, Secret::default())?;
        Ok(Self { demo, installation, nobody, people, mails: installation.folder.join("mail") })
    }

    /// Does it all, and says what was seen.
    pub async fn run(&self) -> Result<Shown, Failure> {
        let mut shown = Shown::default();
        let quarter = self.messages(&mut shown).await?;
        self.others(&quarter, &mut shown).await?;
        self.letter(&quarter, &mut shown).await?;
        self.memberships(&mut shown).await?;
        self.again(&mut shown).await?;
        Ok(shown)
    }

    async fn messages(&self, shown: &mut Shown) -> Result<Export, Failure> {
        self.demo
            .heading(4, "U1 asks for the whole quarter, days as people in Berlin count them: one CSV a day in a ZIP");
        let begun = self.installation.clock.monotonic();
        let (export, fetched) = self.export("quarter.zip", ("2024-01-01", "2024-03-31")).await?;
        let seconds = (self.installation.clock.monotonic() - begun).as_secs_f64();
        let seen = format!("{} in {seconds:.1} s", count(fetched.rows, "row", "rows"));
        let bytes: u64 = export.files.iter().map(|file| file.bytes).sum();
        let files = count(fetched.files, "file", "files");
        self.demo.report.say(format!("quarter.zip: {seen}, {files}, {}", size(bytes)));
        shown.add("U1 exports messages of O1", fetched.rows > 0, seen);
        fetched.put(true)?;
        let found = verify::verify(&[self.demo.file("quarter.zip")])?;
        shown.add("every byte is as the manifest says", found.ok, format!("{} rows read back", grouped(found.rows)));
        Ok(export)
    }

    async fn others(&self, export: &Export, shown: &mut Shown) -> Result<(), Failure> {
        self.demo.heading(5, "U2 belongs to O1, too; U3 and U4 do not");
        let path = format!("{}/{}", exports(0), export.id);
        let u2 = self.sign_in("u2").await?;
        let file = export.files.first().context("a finished export has a file")?;
        let output = self.demo.file("quarter-of-u2.zip");
        let fetched = u2.fetch_file(&path, file, &output, &ProgressBar::hidden()).await?;
        let same = fetched.rows;
        fetched.put(true)?;
        self.demo.report.say(format!("u2 fetched the same file, {}", count(same, "row", "rows")));
        shown.add("U2 fetches the same file", same_bytes(&self.demo.file("quarter.zip"), &output)?, size(file.bytes));
        let unknown = format!("{}/{}", exports(0), uuid::Uuid::nil());
        for name in ["u3", "u4"] {
            let stranger = self.sign_in(name).await?;
            let seen = stranger.call("GET", &path, None, None).await?;
            let link = stranger.call("POST", &format!("{path}/links"), Some(&json!({})), None).await?;
            let nothing = stranger.call("GET", &unknown, None, None).await?;
            let alike = without_request_id(&seen.body) == without_request_id(&nothing.body);
            let holds = (seen.status, link.status, nothing.status) == (404, 404, 404) && alike;
            let what =
                if name == "u3" { "U3 gets 404, as for what never was" } else { "U4 gets 404, as for what never was" };
            let text = format!("export {}, link {}, an unknown id {}", seen.status, link.status, nothing.status);
            self.demo.report.say(format!("{name}: {text}"));
            shown.add(what, holds, text);
        }
        Ok(())
    }

    async fn letter(&self, export: &Export, shown: &mut Shown) -> Result<(), Failure> {
        self.demo.heading(6, "The letter to U1");
        let letter = mail::of(&self.mails, &export.id).await?;
        self.demo.report.say(letter.in_words());
        let holds = letter.is_to(&self.person("u1")?.email) && letter.leads_to_page_of(&export.id);
        shown.add("U1 has a letter that leads to a page, not past it", holds, "one .eml in the mail folder");
        Ok(())
    }

    async fn memberships(&self, shown: &mut Shown) -> Result<(), Failure> {
        self.demo.heading(7, "U1 asks for all memberships of their own, as CSV by mail");
        let u1 = self.sign_in("u1").await?;
        let request = json!({ "dataset": "memberships", "format": "csv" });
        let export = u1.create_export(MINE, &request, &self.key()).await?;
        let export = u1.settled(MINE, &export.id, &ProgressBar::hidden()).await?;
        let letter = mail::of(&self.mails, &export.id).await?;
        self.demo.report.say(letter.in_words());
        let attached = letter.attachment().map(str::to_owned);
        let seen = attached.clone().unwrap_or_else(|| "no attachment".to_owned());
        shown.add("U1 gets all memberships as an attachment", attached.as_deref() == Some("memberships.csv"), seen);
        let u2 = self.sign_in("u2").await?;
        let other = u2.call("GET", &format!("{MINE}/{}", export.id), None, None).await?;
        shown.add("U2 gets 404 for them", other.status == 404, format!("export {}", other.status));
        Ok(())
    }

    async fn again(&self, shown: &mut Shown) -> Result<(), Failure> {
        self.demo.heading(8, "The same quarter once more: what was built is used again");
        let begun = self.installation.clock.monotonic();
        let (_, fetched) = self.export("quarter-again.zip", ("2024-01-01", "2024-03-31")).await?;
        let seconds = (self.installation.clock.monotonic() - begun).as_secs_f64();
        let (reused, built) = (fetched.reused_parts, fetched.built_parts);
        let seen = format!("{} reused, {built} built, {seconds:.1} s", count(reused.into(), "part", "parts"));
        self.demo.report.say(format!("quarter-again.zip: {seen}"));
        fetched.put(true)?;
        shown.add("a second request builds nothing anew", built == 0 && reused > 0, seen);
        let same = same_bytes(&self.demo.file("quarter.zip"), &self.demo.file("quarter-again.zip"))?;
        shown.add("the same request gives the same bytes", same, if same { "equal" } else { "they differ" });
        Ok(())
    }

    /// U1 asks for messages of O1, waits and fetches.
    async fn export(&self, name: &str, (from, to): (&str, &str)) -> Result<(Export, FetchedFile), Failure> {
        let u1 = self.sign_in("u1").await?;
        let request =
            json!({ "dataset": "messages", "from": from, "to": to, "time_zone": "Europe/Berlin", "format": "zip" });
        let export = u1.create_export(&exports(0), &request, &self.key()).await?;
        let bar = self.demo.report.bar(0, SEGMENTS);
        let settled = self.settled(&export.id, &bar).await;
        bar.finish_and_clear();
        let export = settled?;
        let file = export.files.first().context("a finished export has a file")?;
        let bar = self.demo.report.bar(file.bytes, BYTES);
        let path = format!("{}/{}", exports(0), export.id);
        let u1 = self.sign_in("u1").await?;
        let fetched = u1.fetch_file(&path, file, &self.demo.file(name), &bar).await;
        bar.finish_and_clear();
        Ok((export.clone(), fetched?))
    }

    /// Waits as U1, who signs in again before a token ends.
    async fn settled(&self, id: &str, bar: &ProgressBar) -> Result<Export, Failure> {
        loop {
            let u1 = self.sign_in("u1").await?;
            let life = std::time::Duration::from_secs(SIGN_IN_AGAIN_SECONDS);
            let exports = exports(0);
            if let Ok(settled) = tokio::time::timeout(life, u1.settled(&exports, id, bar)).await {
                return settled;
            }
        }
    }

    async fn sign_in(&self, name: &str) -> Result<Remote, Failure> {
        let person = self.person(name)?;
        let body = json!({ "email": person.email, "password": person.password });
        let tokens: Tokens = self.nobody.post("/v1/auth/login", &body).await?;
        Ok(self.nobody.with_token(tokens.access_token))
    }

    fn person(&self, name: &str) -> Result<&Person, Failure> {
        Ok(self.people.iter().find(|person| person.name == name).ok_or_else(|| anyhow!("{name} is not there"))?)
    }

    fn key(&self) -> String {
        domain::random::uuid_v7(self.installation.clock.now(), self.installation.random.as_ref()).to_string()
    }
}

fn exports(organisation: usize) -> String {
    format!("/v1/organisations/{}/exports", ORGANISATIONS[organisation])
}

fn same_bytes(one: &Path, other: &Path) -> Result<bool, Failure> {
    let hash = |path: &Path| -> std::io::Result<blake3::Hash> {
        let mut hasher = blake3::Hasher::new();
        std::io::copy(&mut std::fs::File::open(path)?, &mut hasher)?;
        Ok(hasher.finalize())
    };
    Ok(hash(one)? == hash(other)?)
}

fn without_request_id(body: &[u8]) -> Option<Value> {
    let mut value: Value = serde_json::from_slice(body).ok()?;
    value.as_object_mut()?.remove("request_id");
    Some(value)
}
