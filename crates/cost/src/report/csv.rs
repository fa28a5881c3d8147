//! The lines of a bill as CSV.

use crate::analysis::Analysis;

const HEAD: [&str; 10] =
    ["service", "item", "purpose", "what", "quantity", "unit", "dollars", "status", "date", "calculator"];

/// One row for each line, and none for the total: a sum over the column is it.
pub fn csv(analysis: &Analysis) -> String {
    let mut writer = ::csv::Writer::from_writer(Vec::new());
    let prices = analysis.bill.prices();
    let rows = analysis.bill.lines().iter().map(|line| {
        let price = prices.of(line.item);
        let unit = line.item.unit();
        [
            line.item.service().name().to_owned(),
            line.item.id().to_owned(),
            line.purpose.name().to_owned(),
            line.what.to_owned(),
            unit.decimal(line.quantity),
            unit.name().to_owned(),
            line.amount.plain(),
            prices.trust(price).name().to_owned(),
            price.date.map(|date| date.to_string()).unwrap_or_default(),
            price.calculator.clone(),
        ]
    });
    for row in std::iter::once(HEAD.map(str::to_owned)).chain(rows) {
        writer.write_record(row).expect("memory takes rows of one length");
    }
    let bytes = writer.into_inner().expect("memory needs no flush");
    String::from_utf8(bytes).expect("rows are text")
}
