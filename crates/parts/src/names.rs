//! Names that people see: entries of an archive and the files they download. Made from parsed values only.

use domain::dataset::Dataset;
use domain::export::Export;
use domain::owner::Owner;

/// `messages/2021-01-01.csv` from the stem `2021-01-01`.
pub fn entry_name(dataset: Dataset, stem: &str) -> String {
    format!("{}/{stem}.csv", dataset.name())
}

/// `acme-messages-2021-01-01-2021-03-31.zip`; a volume has its number before the last ending.
pub fn file_name(export: &Export, volume: Option<u32>) -> String {
    let dataset = export.request.dataset.name();
    let stem = match (&export.owner, &export.request.range) {
        (Owner::Organisation(slug), Some(range)) => format!("{slug}-{dataset}-{}-{}", range.from(), range.to()),
        (Owner::Organisation(slug), None) => format!("{slug}-{dataset}"),
        (Owner::User(_), _) => dataset.to_owned(),
    };
    with_volume(&stem, export.request.format.extension(), volume)
}

/// `q.zip` or, of a volume, `q.001.zip`.
pub fn with_volume(stem: &str, extension: &str, volume: Option<u32>) -> String {
    match volume {
        None => format!("{stem}{extension}"),
        Some(number) => format!("{stem}.{number:03}{extension}"),
    }
}

/// The manifest beside a csv or csv.gz.
pub fn manifest_name(file_name: &str) -> String {
    format!("{file_name}.manifest.json")
}
