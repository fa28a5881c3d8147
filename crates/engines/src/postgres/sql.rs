//! A way to sign in to a cluster, and `psql` in that name.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Where, as whom, and the `psql` to do it with.
#[derive(Clone)]
pub struct Login {
    psql: PathBuf,
    address: String,
    name: String,
    password: String,
}

/// Passwords of tests stay out of what tests print, too.
impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Login({} at {})", self.name, self.address)
    }
}

impl Login {
    pub fn new(programs: &Path, address: String, name: String, password: String) -> Self {
        Self { psql: programs.join("psql"), address, name, password }
    }

    /// From `postgres://name:password@host:port/..`; the name of a database behind it does not matter.
    pub fn from_url(programs: &Path, url: &str) -> Option<Self> {
        let rest = url.strip_prefix("postgres://").or_else(|| url.strip_prefix("postgresql://"))?;
        let (login, place) = rest.rsplit_once('@')?;
        let (name, password) = login.split_once(':')?;
        let address = place.split(['/', '?']).next()?;
        address.rsplit_once(':')?;
        Some(Self::new(programs, address.to_owned(), decoded(name)?, decoded(password)?))
    }

    /// The same cluster in another name.
    pub fn of(&self, name: &str, password: &str) -> Self {
        Self { name: name.to_owned(), password: password.to_owned(), ..self.clone() }
    }

    pub fn address(&self) -> &str {
        &self.address
    }

    /// The way to a database in this name.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://{}:{}@{}/{database}", encoded(&self.name), encoded(&self.password), self.address)
    }

    /// Runs statements one by one and answers the rows, columns apart by `|`; an error is what PostgreSQL says.
    pub fn run(&self, database: &str, statements: &str) -> Result<String, String> {
        let (host, port) = self.address.rsplit_once(':').unwrap_or((&self.address, "5432"));
        let mut command = Command::new(&self.psql);
        command.args(["--no-psqlrc", "--quiet", "--no-align", "--tuples-only", "--set=ON_ERROR_STOP=1"]);
        command.env("PGHOST", host).env("PGPORT", port).env("PGUSER", &self.name).env("PGPASSWORD", &self.password);
        command.env("PGDATABASE", database).env("PGCONNECT_TIMEOUT", "10").env("PGAPPNAME", "engines");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut psql = command.spawn().map_err(|error| format!("{}: {error}", self.psql.display()))?;
        // Where it has no connection it reads nothing, and says why.
        let _ = psql.stdin.take().map(|mut stdin| stdin.write_all(statements.as_bytes()));
        let output = psql.wait_with_output().map_err(|error| error.to_string())?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end().to_owned();
        if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
    }
}

/// Percent-encoding as RFC 3986 section 2.1 has it.
fn encoded(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes()
        .map(|byte| if is_plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let digits = behind.get(..2).filter(|_| *first == b'%');
        match digits {
            Some(digits) => {
                bytes.push(u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?);
                rest = &behind[2..];
            }
            None => {
                bytes.push(*first);
                rest = behind;
            }
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_taken_apart_and_put_together() {
        let read = |url: &str| Login::from_url(Path::new("/"), url).map(|login| login.url("d"));
        let odd = "postgres://a%40b:p%3Aq%2F@127.0.0.1:5433/d";
        assert_eq!(read("postgres://a%40b:p:q%2f@127.0.0.1:5433/postgres?x=y").as_deref(), Some(odd));
        assert_eq!(read("postgresql://u:p@h:1").as_deref(), Some("postgres://u:p@h:1/d"));
        assert_eq!(["http://u:p@h:1", "postgres://h:1/d", "postgres://u:p@h"].map(read), [None, None, None]);
        let login = Login::from_url(Path::new("/"), odd).unwrap();
        assert_eq!(format!("{login:?}"), "Login(a@b at 127.0.0.1:5433)");
    }
}
