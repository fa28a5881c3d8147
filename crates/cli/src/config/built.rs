//! What this program was built with, against what is set.

use super::{Catalog, Config, Files, MailKind, Records};
use crate::exit::Failure;

/// Refuses a setting that only a program with the cargo feature `aws` can follow.
///
/// # Errors
/// Exit 2, naming the first such setting and the feature, in a program without it.
pub(super) fn check(config: &Config) -> Result<(), Failure> {
    match needs_aws(config) {
        Some(setting) if !cfg!(feature = "aws") => Err(refused(setting)),
        _ => Ok(()),
    }
}

/// What is told to whoever asks a program without `aws` for it.
pub fn refused(setting: &str) -> Failure {
    Failure::usage(format!(
        "{setting} needs a program that was built with the feature `aws`, as is usual (without --no-default-features)"
    ))
}

/// The first setting that stands on the SDKs of AWS. A REST catalog does, since part of it lies in a bucket.
fn needs_aws(config: &Config) -> Option<&'static str> {
    let settings = [
        ("jobs.kind = \"dynamodb\"", config.jobs.kind == Records::DynamoDb),
        ("artifacts.kind = \"s3\"", config.artifacts.kind == Files::S3),
        ("lake.files = \"s3\"", config.lake.files == Files::S3),
        ("lake.catalog = \"rest\"", config.lake.catalog == Catalog::Rest),
        ("mail.kind = \"ses\"", config.mail.kind == MailKind::Ses),
    ];
    settings.into_iter().find_map(|(setting, is_set)| is_set.then_some(setting))
}

#[cfg(test)]
mod tests {
    use super::super::{Artifacts, Jobs, Lake};
    use super::*;

    fn wanting() -> [Config; 5] {
        let lake = |files, catalog| Config { lake: Lake { files, catalog }, ..Config::default() };
        let mut letters = Config::default();
        letters.mail.kind = MailKind::Ses;
        [
            Config { jobs: Jobs { kind: Records::DynamoDb }, ..Config::default() },
            Config { artifacts: Artifacts { kind: Files::S3 }, ..Config::default() },
            lake(Files::S3, Catalog::Sqlite),
            lake(Files::Folder, Catalog::Rest),
            letters,
        ]
    }

    #[test]
    fn what_stands_on_aws_is_named() {
        assert_eq!(needs_aws(&Config::default()), None);
        let named: Vec<_> = wanting().iter().filter_map(needs_aws).collect();
        let sections: Vec<_> = named.iter().map(|setting| setting.split(' ').next().unwrap_or_default()).collect();
        assert_eq!(sections, ["jobs.kind", "artifacts.kind", "lake.files", "lake.catalog", "mail.kind"]);
    }

    #[test]
    fn a_program_with_aws_follows_them_and_one_without_says_what_it_lacks() {
        for config in wanting() {
            let said = check(&config).map_err(|failure| failure.error.to_string());
            match cfg!(feature = "aws") {
                true => assert_eq!(said, Ok(())),
                false => assert!(said.is_err_and(|said| said.contains("the feature `aws`"))),
            }
        }
        assert!(check(&Config::default()).is_ok());
    }
}
