//! Forecasts are shares of what the table says.

use domain::limits::Limits;
use domain::request::Shape;
use domain::time::Micros;
use lake::table::plan::PlannedDay;
use serde_json::json;

use super::*;
use crate::exports::request::parse;

const RATES: Rates = Rates { csv_percent: 300, compressed_percent: 100, bytes_a_second: 1_000, price_a_gigabyte: None };

/// `rows` rows and as many bytes on each day, spread over the whole day.
fn plan(days: &[(&str, u64)]) -> Plan {
    let day = |(day, rows): &(&str, u64)| {
        let day: Day = day.parse().unwrap();
        let file = DataFile {
            path: String::new(),
            organisation: "acme".parse().unwrap(),
            day,
            rows: *rows,
            bytes: *rows,
            first_sent_at: day.utc_start(),
            last_sent_at: Micros(day.next().utc_start().0 - 1),
        };
        PlannedDay { day, rows: *rows, greatest_sequence: 1, files: vec![file] }
    };
    Plan { snapshot_id: 1, days: days.iter().map(day).collect() }
}

fn request(from: &str, to: &str, zone: &str) -> Request {
    let body = json!({"dataset": "messages", "from": from, "to": to, "time_zone": zone});
    parse(&"org.acme".parse().unwrap(), &body, Shape::of(&Limits::default(), false)).unwrap()
}

#[test]
fn edge_days_count_in_part() {
    let plan = plan(&[("2024-01-01", 2_400), ("2024-01-02", 2_400)]);
    for (from, to, zone, rows) in [
        ("2024-01-01", "2024-01-02", "UTC", 4_800),
        ("2024-01-02", "2024-01-31", "UTC", 2_400),
        ("2024-01-02", "2024-01-02", "Europe/Berlin", 2_400),
        ("2024-01-01", "2024-01-01", "Asia/Tokyo", 1_500),
        ("2023-12-01", "2023-12-31", "UTC", 0),
    ] {
        let span = request(from, to, zone).range.unwrap().span();
        let forecast = RATES.of_messages(&plan, span, Format::Zip);
        assert_eq!((forecast.rows, forecast.bytes, forecast.compressed_bytes), (rows, rows * 3, rows), "{from} {zone}");
        assert_eq!(RATES.of_messages(&plan, span, Format::Csv).compressed_bytes, rows * 3);
    }
}

#[test]
fn work_and_price_follow_the_bytes() {
    let currency: Currency = "EUR".parse().unwrap();
    let rates = Rates { price_a_gigabyte: Some((12, currency)), ..RATES };
    let span = request("2024-01-01", "2024-01-01", "UTC").range.unwrap().span();
    let forecast = rates.of_messages(&plan(&[("2024-01-01", 500_000_000)]), span, Format::Zip);
    assert_eq!((forecast.seconds, forecast.price), (1_500_001, Some(("0.24".to_owned(), currency))));
    let none = rates.of_messages(&plan(&[]), span, Format::Zip);
    assert_eq!((none.rows, none.seconds, none.price), (0, 1, Some(("0.00".to_owned(), currency))));
}

#[test]
fn the_longest_range_that_passes_is_found() {
    let plan = plan(&[("2024-01-01", 100), ("2024-01-03", 100), ("2024-01-20", 100)]);
    let shorter = |limit_rows: u64| {
        let found = RATES.shorter(&plan, &request("2024-01-01", "2024-12-31", "UTC"), limit_rows * 3);
        found.map(|request| request.range.unwrap().to().to_string())
    };
    assert_eq!(shorter(99), None);
    assert_eq!(shorter(100).as_deref(), Some("2024-01-02"));
    assert_eq!(shorter(299).as_deref(), Some("2024-01-19"));
    assert_eq!(shorter(300).as_deref(), Some("2024-12-31"));
}
