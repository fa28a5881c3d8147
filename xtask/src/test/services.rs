//! `cargo xtask services`: the engines for a server of one's own, with the configuration that uses them, until Ctrl-C.

use std::fs::OpenOptions;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use anyhow::{Context, Result};
use engines::{Bucket, Database, Redis};

use super::servers::Servers;
use super::tools::{OF_SERVICES, REDIS, Tools};
use super::{is_ci, python, target_folder};

/// Starts what can be had and waits; what they hold is gone with them. False where something was missing.
pub fn run(root: &Path) -> Result<bool> {
    let target = target_folder(root);
    let mut missing = Vec::new();
    let tools = Tools::provide_only(&OF_SERVICES, &mut missing)?;
    let python = python::provide(python::READERS, root, &target, &mut missing);
    let servers = Servers::start(&tools, python.as_deref(), &mut missing);
    let redis = tools.has(REDIS).then(|| Redis::start(&[("maxmemory-policy", "noeviction")])).flatten();
    let database = servers.postgres().map(engines::Postgres::database);
    let bucket = servers.s3().map(engines::SeaweedFs::bucket);
    let mail = python.map(|python| Catcher::start(root, &python)).transpose()?;

    let sections = [
        redis.as_ref().map(queue),
        database.as_ref().map(postgres),
        bucket.as_ref().map(s3),
        Some(lake(database.is_some(), bucket.is_some())),
        mail.as_ref().map(Catcher::section),
    ];
    let file = target.join("services.toml");
    write_private(&file, &sections.into_iter().flatten().collect::<Vec<_>>().join("\n"))?;
    for what in &missing {
        println!("xtask: missing: {what}");
    }
    for (name, value) in servers.environment() {
        println!("export {name}={}", value.display());
    }
    println!("\nouthaul --config {} migrate\nouthaul --config {0} serve", file.display());
    println!("\nThey run until Ctrl-C, and what they hold goes with them. Letters that are taken:");
    match mail {
        Some(mail) => mail.print_letters()?,
        None => loop {
            std::thread::park();
        },
    }
    Ok(missing.is_empty() || !is_ci())
}

fn queue(redis: &Redis) -> String {
    format!("[queue]\nkind = \"redis\"\nurl = \"{}\"\npassword = \"{}\"\n", redis.url(), redis.password())
}

fn postgres(database: &Database) -> String {
    let (host, port) = database.address().rsplit_once(':').unwrap_or_default();
    let (user, owner) = (database.role("outhaul"), database.owner());
    format!(
        "[directory]\nkind = \"postgres\"\n\n[postgres]\nhost = \"{host}\"\nport = {port}\ndatabase = \"{}\"\nuser = \"{}\"\n\
         password = \"{}\"\nowner = \"{}\"\nowner_password = \"{}\"\ntls = \"none\"\n",
        database.name(),
        user.name(),
        user.password(),
        owner.name(),
        owner.password()
    )
}

fn s3(bucket: &Bucket) -> String {
    format!(
        "[artifacts]\nkind = \"s3\"\n\n[s3]\nendpoint = \"{}\"\npath_style = true\nbucket = \"{}\"\n\
         region = \"{}\"\naccess_key = \"{}\"\nsecret_key = \"{}\"\n",
        bucket.endpoint(),
        bucket.name(),
        bucket.region(),
        bucket.access_key(),
        bucket.secret_key()
    )
}

fn lake(has_postgres: bool, has_s3: bool) -> String {
    let catalog = if has_postgres { "postgres" } else { "sqlite" };
    let files = if has_s3 { "s3" } else { "folder" };
    format!("[lake]\ncatalog = \"{catalog}\"\nfiles = \"{files}\"\n")
}

/// A mail server that takes every letter and shows it; it ends when its stdin does.
struct Catcher {
    process: Child,
    lines: BufReader<ChildStdout>,
    port: String,
}

impl Catcher {
    fn start(root: &Path, python: &Path) -> Result<Self> {
        let mut command = Command::new(python);
        command.arg(root.join("tests/readers/smtp_server.py")).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn()?;
        let mut lines = BufReader::new(process.stdout.take().context("its output is piped")?);
        let mut first = String::new();
        lines.read_line(&mut first)?;
        let port = first.chars().filter(char::is_ascii_digit).collect();
        Ok(Self { process, lines, port })
    }

    fn section(&self) -> String {
        format!("[mail]\nkind = \"smtp\"\nhost = \"127.0.0.1\"\nport = {}\ntls = \"none\"\n", self.port)
    }

    /// One JSON object on each line, as long as it runs.
    fn print_letters(mut self) -> Result<()> {
        for line in self.lines.lines() {
            println!("{}", line?);
        }
        self.process.wait()?;
        anyhow::bail!("the mail server has ended")
    }
}

/// It holds passwords.
fn write_private(path: &Path, text: &str) -> Result<()> {
    let file = OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(path);
    file.and_then(|mut file| file.write_all(text.as_bytes())).with_context(|| format!("{}", path.display()))
}
