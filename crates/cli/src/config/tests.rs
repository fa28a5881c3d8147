//! The configuration against its page, and what is refused.

use super::*;

fn read(toml: &str) -> Result<Config, Failure> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("outhaul.toml");
    std::fs::write(&file, toml).unwrap();
    Config::read(Some(&file), None)
}

fn check(toml: &str, expected: Result<u64, &str>) {
    match (read(toml), expected) {
        (Ok(config), Ok(target)) => assert_eq!(config.limits.segment_rows_target, target),
        (Err(failure), Err(part)) => {
            assert_eq!(failure.code, Exit::Usage);
            assert!(failure.error.to_string().contains(part), "{}", failure.error);
        }
        (got, _) => panic!("{toml}: {got:?}"),
    }
}

#[test]
fn a_file_changes_what_it_names_and_nothing_else() {
    check("", Ok(2_000_000));
    check("[limits]\nsegment_rows_target = 5", Ok(5));
    check("[limits]\nsegment_rows_target = 0", Err("limits.segment_rows_target"));
    check("[limits]\nsegment_rows = 5", Err("segment_rows"));
    check("[limits]\nlease_milliseconds = 10", Err("lease_milliseconds"));
    check("[limits]\nsegment_rows_target = 'many'", Err("segment_rows_target"));
}

#[test]
fn a_worker_has_at_least_one_slot() {
    let slots = |slots| Worker { slots, ..Worker::default() }.slots();
    assert_eq!((slots(1), slots(5)), (1, 5));
    assert!((1..=u32::MAX / 2).contains(&slots(0)));
}

/// A catalog that we would sign in to in two ways.
const REST: &str = "[lake]\ncatalog = 'rest'\nfiles = 's3'\n[s3]\nbucket = 'bucket'\n[catalog_rest]\nuri = 'https://a'\n\
                    token = 't'\nclient_id = 'i'";

#[test]
fn what_cannot_be_is_refused_by_its_name() {
    for (toml, name) in [
        ("[http]\nlisten = 'here'", "http.listen"),
        ("[http]\npublic_url = 'export.example.org'", "http.public_url"),
        ("[http]\npublic_url = 'https://export.example.org/'", "http.public_url"),
        ("[http]\npublic_url = \"https://a\\r\\nb\"", "http.public_url"),
        ("[http]\ntrusted_proxies = ['proxy']", "http.trusted_proxies"),
        ("[mail]\nkind = 'pigeon'", "mail.kind"),
        ("[mail]\nfrom = 'nobody'", "mail.from"),
        ("[mail]\nfrom = \"a@b\\r\\nBcc: c@d\"", "mail.from"),
        ("[mail]\ntimeout_seconds = 0", "mail.timeout_seconds"),
        ("[mail]\nkind = 'smtp'", "mail.host"),
        ("[mail]\nkind = 'smtp'\nhost = 'm'\nuser = 'u'", "mail.user"),
        ("[mail]\nkind = 'smtp'\nhost = 'm'\npassword = 'p'", "mail.user"),
        ("[mail]\nkind = 'smtp'\nhost = 'm'\nuser = 'u'\npassword = 'p'\npassword_file = 'f'", "mail.password_file"),
        ("[queue]\nkind = 'redis'", "queue.url"),
        ("[queue]\nkind = 'rabbit'", "queue.kind"),
        ("[queue]\nanswer_milliseconds = 0", "queue.answer_milliseconds"),
        ("[jobs]\nkind = 'mongo'", "jobs.kind"),
        ("[jobs]\nkind = 'dynamodb'\n[dynamodb]\nprefix = ''", "dynamodb.prefix"),
        ("[jobs]\nkind = 'dynamodb'\n[dynamodb]\nsecret_key = 's'", "dynamodb.access_key"),
        ("[directory]\nkind = 'postgres'", "postgres.host"),
        ("[lake]\ncatalog = 'postgres'", "lake.catalog"),
        ("[lake]\ncatalog = 'rest'", "lake.files"),
        ("[lake]\ncatalog = 'rest'\nfiles = 's3'\n[s3]\nbucket = 'bucket'", "catalog_rest.uri"),
        (REST, "catalog_rest.token"),
        ("[mail]\nkind = 'ses'\n[ses]\naccess_key = 'a'", "ses.access_key"),
        ("[mail]\nkind = 'ses'\n[ses]\nregion = ''", "ses.region"),
        ("[postgres]\nconnections = 0", "postgres.connections"),
        ("[postgres]\nanswer_milliseconds = 0", "postgres.answer_milliseconds"),
        ("[artifacts]\nkind = 's3'", "s3.bucket"),
        ("[artifacts]\nkind = 's3'\n[s3]\nlake_bucket = 'lake'", "artifacts.kind"),
        ("[lake]\nfiles = 's3'", "lake.files"),
        (
            "[lake]\ncatalog = 'rest'\nfiles = 's3'\n[s3]\nbucket = 'b'\n[catalog_rest]\nuri = 'https://a'\nsigv4 = 'glue'\ntoken = 't'",
            "catalog_rest.sigv4",
        ),
        ("[s3]\naccess_key = 'k'", "s3.access_key"),
        ("[s3]\nsecret_key = 's'", "s3.access_key"),
        ("[http]\ndownloads = 'free'", "http.downloads"),
        ("[auth]\nissuer = \"a\\nb\"", "auth.issuer"),
        ("[auth]\naudience = ''", "auth.audience"),
        ("[rates]\nprice_a_gigabyte = '12'", "rates.price_a_gigabyte"),
        ("[rates]\ncurrency = 'eur'", "rates.currency"),
        ("[rates]\nbytes_a_second = 0", "rates.bytes_a_second"),
        ("[rates.organisations]\nacme = '-1.00'", "rates.organisations"),
        ("[rates.organisations]\n'No Slug' = '1.00'", "rates.organisations"),
        ("[telemetry]\ntraces_url = 'collector:4318'", "telemetry.traces_url"),
        ("[limits]\nstalled_seconds = 0", "limits.stalled_seconds"),
        ("[logs]\nlevel = 'loud'", "logs.level"),
        ("[logs]\nformat = 'xml'", "logs.format"),
    ] {
        check(toml, Err(name));
    }
}

#[test]
fn the_mail_password_is_used_and_never_shown() {
    let smtp = "[mail]\nkind = 'smtp'\nhost = 'm'\nuser = 'u'\n";
    let config = read(&format!("{smtp}password = 'canary-1'")).unwrap();
    assert_eq!(config.mail.password().unwrap().reveal(), "canary-1");
    let shown = format!("{config:?} {}", serde_json::to_string(&config).unwrap());
    assert!(!shown.contains("canary"), "{shown}");

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("password");
    std::fs::write(&file, "canary-2\n").unwrap();
    let config = read(&format!("{smtp}password_file = '{}'", file.display())).unwrap();
    assert_eq!(config.mail.password().unwrap().reveal(), "canary-2");

    let refused = read(&format!("{smtp}password = 1234554321")).unwrap_err();
    let text = format!("{refused:?} {:#}", refused.error);
    assert!(text.contains("mail.password") && !text.contains("1234554321"), "{text}");
}

#[test]
fn prices_are_those_of_the_file() {
    let rates = read("[rates]\nprice_a_gigabyte = '0.50'\n[rates.organisations]\nacme = '0.40'").unwrap().rates;
    let eur = "EUR".parse().unwrap();
    assert_eq!(rates.rates().unwrap().price_a_gigabyte, Some((50, eur)));
    assert_eq!(rates.prices().unwrap().into_iter().collect::<Vec<_>>(), [("acme".parse().unwrap(), (40, eur))]);
    assert_eq!(Config::default().rates.rates().unwrap().price_a_gigabyte, None);
}

#[test]
fn ports_and_addresses_have_their_defaults() {
    let port = |toml: &str| read(toml).unwrap().mail.smtp().unwrap().port;
    assert_eq!((port(""), port("[mail]\ntls = 'implicit'"), port("[mail]\nport = 2525")), (587, 465, 2525));
    let real = "127.0.0.1:4711".parse().unwrap();
    assert_eq!(Config::default().http.public_url(real), "http://127.0.0.1:4711");
    let named = read("[http]\npublic_url = 'https://export.example.org'").unwrap();
    assert_eq!(named.http.public_url(real), "https://export.example.org");
}

/// Every field of the program stands in docs/configuration.md with its default, and no other.
#[test]
fn the_page_lists_every_field_with_its_default() {
    let page = include_str!("../../../../docs/configuration.md");
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` | "));
    let listed: Vec<_> =
        rows.map(|(field, rest)| (field.to_owned(), rest.split(" |").next().unwrap().to_owned())).collect();
    let defaults = serde_json::to_value(Config::default()).unwrap();
    let mut expected = Vec::new();
    for (section, fields) in defaults.as_object().unwrap() {
        for (field, value) in fields.as_object().unwrap() {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let text = if text.is_empty() { "(empty)".to_owned() } else { text };
            expected.push((format!("{section}.{field}"), text));
        }
    }
    let sorted = |mut fields: Vec<(String, String)>| {
        fields.sort();
        fields
    };
    assert_eq!(sorted(listed), sorted(expected));
}
