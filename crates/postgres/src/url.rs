//! Reads the options from a URL, as other programs on PostgreSQL write it.

use std::path::PathBuf;

use domain::secret::Secret;
use percent_encoding::percent_decode_str;
use url::Url;

use crate::options::{OptionsError, PORT, PostgresOptions, Tls, refuse};

/// Reads `postgres://user:password@host:port/database?sslmode=..&sslrootcert=..`.
pub(crate) fn parse(url: &str) -> Result<PostgresOptions, OptionsError> {
    const FORM: &str = "must have the form postgres://user:password@host:port/database";
    let url = Url::parse(url).map_err(|_| OptionsError { field: "url", reason: FORM })?;
    refuse(!matches!(url.scheme(), "postgres" | "postgresql") || url.fragment().is_some(), "url", FORM)?;
    let host = url.host_str().unwrap_or_default();
    // The driver wants an address of version 6 without its brackets.
    let host = decoded("host", host.trim_start_matches('[').trim_end_matches(']'))?;
    let database = decoded("database", url.path().trim_start_matches('/'))?;
    let user = decoded("user", url.username())?;
    let password = decoded("password", url.password().unwrap_or_default())?;
    let options = PostgresOptions::new(&host, url.port().unwrap_or(PORT), &database, &user)?;
    let options = options.with_password(Secret::new(password));
    Ok(match tls(&url)? {
        Some(tls) => options.with_tls(tls),
        None => options,
    })
}

fn tls(url: &Url) -> Result<Option<Tls>, OptionsError> {
    let (mut mode, mut ca_file) = (None, None);
    for (name, value) in url.query_pairs() {
        match name.as_ref() {
            "sslmode" => mode = Some(value.into_owned()),
            "sslrootcert" => ca_file = Some(PathBuf::from(value.into_owned())),
            _ => refuse(true, "url", "may have no parameters but sslmode and sslrootcert")?,
        }
    }
    let has_ca = ca_file.is_some();
    let tls = match mode.as_deref() {
        None if !has_ca => return Ok(None),
        Some("verify-full") | None => return Ok(Some(Tls::VerifyFull { ca_file })),
        Some("disable") => Tls::Disable,
        Some("require") => Tls::Require,
        Some(_) => return Err(OptionsError { field: "sslmode", reason: "must be disable, require or verify-full" }),
    };
    refuse(has_ca, "sslrootcert", "is read with sslmode=verify-full alone")?;
    Ok(Some(tls))
}

fn decoded(field: &'static str, text: &str) -> Result<String, OptionsError> {
    let text = percent_decode_str(text).decode_utf8();
    text.map(String::from).map_err(|_| OptionsError { field, reason: "must be UTF-8" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_says_everything() {
        let read = |url: &str| format!("{:?}", parse(url).unwrap());
        let fields = |host: &str, port: u16, tls: &Tls| {
            let options = PostgresOptions::new(host, port, "out haul", "u/1").unwrap();
            format!("{:?}", options.with_tls(tls.clone()))
        };
        let full = "postgres://u%2F1:p%40ss@db.example.org:6000/out%20haul";
        let verified = Tls::VerifyFull { ca_file: None };
        assert_eq!(read(full), fields("db.example.org", 6000, &verified));
        assert_eq!(read(&format!("{full}?sslmode=require")), fields("db.example.org", 6000, &Tls::Require));
        let with_ca = Tls::VerifyFull { ca_file: Some("ca.pem".into()) };
        assert_eq!(read(&format!("{full}?sslrootcert=ca.pem")), fields("db.example.org", 6000, &with_ca));
        assert_eq!(read("postgresql://u%2F1@[::1]/out%20haul"), fields("::1", PORT, &Tls::Disable));
    }

    #[test]
    fn what_is_wrong_in_a_url_is_named_and_not_repeated() {
        let check = |url: &str, field: &str| {
            let refused = parse(url).unwrap_err();
            assert_eq!(refused.field, field, "{url}");
            assert!(!refused.to_string().contains("geheim"));
        };
        check("geheim", "url");
        check("mysql://u:geheim@h/d", "url");
        check("postgres://u:geheim@h/d?geheim=1", "url");
        check("postgres://u:geheim@h/d#x", "url");
        check("postgres://u:geheim@/d", "url");
        check("postgres:///d", "host");
        check("postgres://u:geheim@h:0/d", "port");
        check("postgres://u:geheim@h", "database");
        check("postgres://h/d", "user");
        check("postgres://u:%ff@h/d", "password");
        check("postgres://u:geheim@h/d?sslmode=prefer", "sslmode");
        check("postgres://u:geheim@h/d?sslmode=require&sslrootcert=x", "sslrootcert");
    }
}
