//! `[rates]`: what an estimate says of sizes, speed and price.

use std::collections::BTreeMap;

use api::exports::forecast::Rates as ApiRates;
use domain::ids::Slug;
use domain::membership::{Currency, parse_price};
use serde::{Deserialize, Serialize};

use crate::exit::Failure;

/// What an estimate says of sizes, speed and price.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rates {
    /// Bytes of CSV for each hundred bytes of data files.
    pub csv_percent: u64,
    /// Bytes of a zip or gzip for each hundred bytes of data files.
    pub compressed_percent: u64,
    /// Bytes of CSV that a worker writes in a second.
    pub bytes_a_second: u64,
    /// What a started gigabyte of CSV costs, decimal with two places; empty where it costs nothing.
    pub price_a_gigabyte: String,
    /// In what it is paid, ISO 4217.
    pub currency: String,
    /// What single organisations pay instead, by slug.
    pub organisations: BTreeMap<String, String>,
}

impl Default for Rates {
    fn default() -> Self {
        let rates = ApiRates::default();
        Self {
            csv_percent: rates.csv_percent,
            compressed_percent: rates.compressed_percent,
            bytes_a_second: rates.bytes_a_second,
            price_a_gigabyte: String::new(),
            currency: "EUR".to_owned(),
            organisations: BTreeMap::new(),
        }
    }
}

impl Rates {
    pub(super) fn check(&self) -> Result<(), Failure> {
        if self.bytes_a_second == 0 {
            return Err(Failure::usage("rates.bytes_a_second must not be 0"));
        }
        self.rates()?;
        self.prices().map(drop)
    }

    /// As the API takes them.
    pub fn rates(&self) -> Result<ApiRates, Failure> {
        let (price, currency) = (&self.price_a_gigabyte, self.currency()?);
        let price = if price.is_empty() { None } else { Some(hundredths("rates.price_a_gigabyte", price)?) };
        Ok(ApiRates {
            csv_percent: self.csv_percent,
            compressed_percent: self.compressed_percent,
            bytes_a_second: self.bytes_a_second,
            price_a_gigabyte: price.map(|price| (price, currency)),
        })
    }

    /// What single organisations pay instead.
    pub fn prices(&self) -> Result<BTreeMap<Slug, (i64, Currency)>, Failure> {
        let currency = self.currency()?;
        let price = |(slug, price): (&String, &String)| {
            let slug = slug.parse().map_err(|_| Failure::usage("rates.organisations must be named by their slugs"))?;
            Ok((slug, (hundredths("rates.organisations", price)?, currency)))
        };
        self.organisations.iter().map(price).collect()
    }

    fn currency(&self) -> Result<Currency, Failure> {
        self.currency.parse().map_err(|error| Failure::usage(format!("rates.currency {error}")))
    }
}

fn hundredths(name: &str, price: &str) -> Result<i64, Failure> {
    parse_price(price).map_err(|error| Failure::usage(format!("{name} {error}")))
}
